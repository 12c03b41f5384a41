// The script that reads everything about one PF, or about all of them, in one round trip: sysfs, iproute2, open VFIO devices,
// what is installed for the boot. It prints lines of tab-separated fields; pf.ts understands them.
import { quote } from "../../base/quote.js";
import { bootFunctions } from "../persistence/reader.js";
import { lookFunctions } from "../look.js";
import { scriptHead } from "../script.js";
import { surroundingsFunctions } from "../surroundings.js";
import { vfioHoldersFunction } from "../vfio/holders.js";
import { pfNetdevFunction } from "./pf-netdev.js";

export type ReadOptions = {
  /** Also the links of the host's other PFs, for the MAC addresses of their VFs. */
  withOthers?: boolean;
};

/** `selector`: a PCI address in its one spelling, netdevsim's device name, a netdev name, an altname, or a MAC address. */
export function readerScript(selector: string | { mac: string }, { withOthers = false }: ReadOptions = {}): string {
  const [name, mac] = typeof selector === "string" ? [selector, ""] : ["", selector.mac];
  const asked = `selector=${quote(name)}\nmac=${quote(mac)}\n`;
  return `${scriptHead}${parts}${asked}${functions}${findOne}device\nsurroundings_of_pf\nsurroundings_of_host\n${withOthers ? others : ""}${common}`;
}

/** The same for every PF of the host: a `device` record starts the next one, and `common` what is the same for all. */
export const allReaderScript = (): string => `${scriptHead}${parts}mac=\n${functions}
for found in "$pci"/*/sriov_totalvfs "$simulated"/*/sriov_numvfs; do
  [ -e "$found" ] || continue
  address=\${found%/*}; address=\${address##*/}
  netdev=
  device
  surroundings_of_pf
done
put common
surroundings_of_host
${common}`;

const parts = `${vfioHoldersFunction}${pfNetdevFunction}${surroundingsFunctions}`;

const functions = `
pci=$R/sys/bus/pci/devices
simulated=$R/sys/bus/netdevsim/devices
tab=$(printf '\\t')
put() { printf '%s' "$1"; shift; for field; do printf '\\t%s' "\${field:--}"; done; printf '\\n'; }
${lookFunctions}${bootFunctions}
# netdevsim tells in debugfs how many it can have.
total_of() {
  case $1 in
  "$simulated"/*) get "$R/sys/kernel/debug/netdevsim/\${1##*/}/max_vfs" ;;
  *) get "$1/sriov_totalvfs" ;;
  esac
}
# The MAC address that is for good, where a bond has given its member another one.
permanent_of() { ip -o link show dev "$1" 2>/dev/null | sed -n 's/.* permaddr \\([0-9a-f:]*\\).*/\\1/p'; }

matches= nearly=
for found in "$pci"/*/sriov_totalvfs "$simulated"/*/sriov_numvfs; do
  [ -e "$found" ] || continue
  folder=\${found%/*}
  name=$(pf_netdev "$folder")
  put pf "\${folder##*/}" "$name" "$(total_of "$folder")"
  [ -n "$mac" ] && [ -n "$name" ] || continue
  now=$(get "$folder/net/$name/address")
  permanent=$(permanent_of "$name")
  if [ "\${permanent:-$now}" = "$mac" ]; then matches="$matches \${folder##*/}"; fi
  if [ "$now" = "$mac" ]; then nearly="$nearly \${folder##*/}"; fi
done

vfio=
device() {
  bus=pci D=$pci/$address
  [ -d "$D" ] || { bus=netdevsim; D=$simulated/$address; }
  # A PF of several ports has several netdevs; the one that was asked for, else the first.
  if [ -z "$netdev" ] || [ ! -e "$D/net/$netdev" ]; then netdev=$(pf_netdev "$D"); fi
  speed=
  [ -n "$netdev" ] && speed=$(get "$D/net/$netdev/speed")
  put device "$address" "$netdev" "$(target "$D/driver")" "$(total_of "$D")" "$(get "$D/sriov_numvfs")" \\
    "$(target "$D/physfn")" "$(get "$D/vendor")" "$(get "$D/device")" "$(get "$D/sriov_drivers_autoprobe")" "$speed"

  if [ -n "$netdev" ]; then
    json=$(ip -j -d link show dev "$netdev" 2>&1)
    put ip "$?" "$json"
  fi
  if eswitch=$(devlink -j dev eswitch show "$bus/$address" 2>/dev/null); then
    put eswitch "$(printf '%s' "$eswitch" | tr '\\n\\t' '  ')"
  fi

  for entry in "$D"/virtfn*; do
    [ -e "$entry" ] || continue
    aim "$entry"; vf=$to
    V=$pci/$vf
    aim "$V/driver"; driver=$to
    case $driver in *vfio*) vfio=yes ;; esac
    head_of "$V/net"; name=$head
    uppers=
    for upper in "$V"/net/*/upper_*; do
      [ -e "$upper" ] && uppers="$uppers\${uppers:+ }\${upper##*/upper_}"
    done
    look "$V/net/\${name:-none}/address"
    aim "$V/iommu_group"
    head_of "$V/vfio-dev"
    put vf "\${entry##*/virtfn}" "$vf" "$driver" "$to" "$name" "$text" "$uppers" "$head"
  done
  if [ "$bus" = netdevsim ]; then
    i=0
    look "$D/sriov_numvfs"
    while [ "$i" -lt "$text" ]; do
      put vf "$i" '' '' '' '' '' '' ''
      i=$((i + 1))
    done
  fi
  boot_of_pf
}
`;

const findOne = `
if [ -n "$mac" ]; then
  # shellcheck disable=SC2086
  set -- \${matches:-$nearly}
  [ "$#" -gt 0 ] || { put missing "$mac"; exit 0; }
  [ "$#" -eq 1 ] || { for match; do put match "$match"; done; exit 0; }
  selector=$1
fi

address=
netdev=$selector
if [ -d "$pci/$selector" ] || [ -d "$simulated/$selector" ]; then
  address=$selector
elif [ ! -e "$R/sys/class/net/$selector" ]; then
  # An altname, perhaps: ip knows them, and answers with the name.
  netdev=$(ip -o link show dev "$selector" 2>/dev/null | sed -n '1s/^[0-9]*: \\([^:@]*\\)[:@].*/\\1/p')
fi
if [ -z "$address" ] && [ -n "$netdev" ] && [ -e "$R/sys/class/net/$netdev" ]; then
  address=$(target "$R/sys/class/net/$netdev/device")
  [ -d "$pci/\${address:-none}" ] || [ -d "$simulated/\${address:-none}" ] || { put not-pci "$netdev"; exit 0; }
fi
[ -n "$address" ] || { put missing "$selector"; exit 0; }
`;

const others = `
for found in "$pci"/*/sriov_totalvfs "$simulated"/*/sriov_numvfs; do
  [ -e "$found" ] || continue
  folder=\${found%/*}
  name=$(pf_netdev "$folder")
  if [ "$folder" = "$D" ] || [ -z "$name" ]; then continue; fi
  json=$(ip -j -d link show dev "$name" 2>&1)
  put other "\${folder##*/}" "$?" "$json"
done
`;

const common = `
if [ -n "$vfio" ]; then
  put vfio-holders "$([ -n "$R" ] || id -u)"
  vfio_holders | sed "s/^/holder$tab/"
fi

boot_common
put end
`;
