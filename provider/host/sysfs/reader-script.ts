// The script that reads everything about one PF, or about all of them, in one round trip: sysfs, iproute2, open VFIO devices,
// what is installed for the boot. It prints lines of tab-separated fields; pf.ts understands them.
import { quote } from "../../base/quote.js";
import { bootFunctions } from "../persistence/reader.js";
import { scriptHead } from "../script.js";
import { vfioHoldersFunction } from "../vfio/holders.js";

/** `selector`: a PCI address in its one spelling, a netdev name, or an altname. */
export const readerScript = (selector: string): string =>
  `${scriptHead}${vfioHoldersFunction}selector=${quote(selector)}\n${functions}${findOne}device\n${common}`;

/** The same for every PF of the host: a `device` record starts the next one, and `common` what is the same for all. */
export const allReaderScript = (): string => `${scriptHead}${vfioHoldersFunction}${functions}
for found in "$pci"/*/sriov_totalvfs; do
  [ -e "$found" ] || continue
  address=\${found%/*}; address=\${address##*/}
  netdev=
  device
done
put common
${common}`;

const functions = `
pci=$R/sys/bus/pci/devices
tab=$(printf '\\t')
put() { printf '%s' "$1"; shift; for field; do printf '\\t%s' "\${field:--}"; done; printf '\\n'; }
# The text of an attribute; nothing when there is none.
get() { text=; { read -r text < "$1"; } 2>/dev/null; printf '%s' "$text"; }
target() { to=$(readlink "$1" 2>/dev/null) && printf '%s' "\${to##*/}"; }
first() { for entry in "$1"/*; do [ -e "$entry" ] && { printf '%s' "\${entry##*/}"; return; }; done; }
${bootFunctions}
for found in "$pci"/*/sriov_totalvfs; do
  [ -e "$found" ] || continue
  device=\${found%/*}
  put pf "\${device##*/}" "$(first "$device/net")" "$(get "$found")"
done

vfio=
device() {
  D=$pci/$address
  # A PF of several ports has several netdevs; the one that was asked for, else the first.
  if [ -z "$netdev" ] || [ ! -e "$D/net/$netdev" ]; then netdev=$(first "$D/net"); fi
  put device "$address" "$netdev" "$(target "$D/driver")" "$(get "$D/sriov_totalvfs")" "$(get "$D/sriov_numvfs")" \\
    "$(target "$D/physfn")" "$(get "$D/vendor")" "$(get "$D/device")"

  if [ -n "$netdev" ]; then
    json=$(ip -j -d link show dev "$netdev" 2>&1)
    put ip "$?" "$json"
  fi

  for entry in "$D"/virtfn*; do
    [ -e "$entry" ] || continue
    vf=$(target "$entry")
    V=$pci/$vf
    driver=$(target "$V/driver")
    case $driver in *vfio*) vfio=yes ;; esac
    name=$(first "$V/net")
    uppers=
    for upper in "$V"/net/*/upper_*; do
      [ -e "$upper" ] && uppers="$uppers\${uppers:+ }\${upper##*/upper_}"
    done
    mac=
    [ -n "$name" ] && mac=$(get "$V/net/$name/address")
    put vf "\${entry##*/virtfn}" "$vf" "$driver" "$(target "$V/iommu_group")" "$name" "$mac" "$uppers" "$(first "$V/vfio-dev")"
  done
  boot_of_pf
}
`;

const findOne = `
address=
netdev=$selector
if [ -d "$pci/$selector" ]; then
  address=$selector
elif [ ! -e "$R/sys/class/net/$selector" ]; then
  # An altname, perhaps: ip knows them, and answers with the name.
  netdev=$(ip -o link show dev "$selector" 2>/dev/null | sed -n '1s/^[0-9]*: \\([^:@]*\\)[:@].*/\\1/p')
fi
if [ -z "$address" ] && [ -n "$netdev" ] && [ -e "$R/sys/class/net/$netdev" ]; then
  address=$(target "$R/sys/class/net/$netdev/device")
  [ -d "$pci/\${address:-none}" ] || { put not-pci "$netdev"; exit 0; }
fi
[ -n "$address" ] || { put missing "$selector"; exit 0; }
`;

const common = `
if [ -n "$vfio" ]; then
  put vfio-holders "$([ -n "$R" ] || id -u)"
  vfio_holders | sed "s/^/holder$tab/"
fi

boot_common
put end
`;
