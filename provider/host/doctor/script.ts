// The script that examines a host. It changes nothing, and what it may not read (the kernel's log without root) is left out.
import { lookFunctions } from "../look.js";
import { scriptHead } from "../script.js";

export const doctorScript = `${scriptHead}
tab=$(printf '\\t')
put() { printf '%s' "$1"; shift; for field; do printf '\\t%s' "\${field:--}"; done; printf '\\n'; }
${lookFunctions}
put cpu "$(sed -n 's/^vendor_id[^:]*: *//p' "$R/proc/cpuinfo" 2>/dev/null | head -n 1)"
put cmdline "$(get "$R/proc/cmdline")"
groups=0
for group in "$R"/sys/kernel/iommu_groups/*; do
  [ -d "$group" ] || continue
  groups=$((groups + 1))
  members=0
  for member in "$group"/devices/*; do members=$((members + 1)); done
  [ "$members" -gt 1 ] || continue
  for member in "$group"/devices/*; do
    device=$R/sys/bus/pci/devices/\${member##*/}
    aim "$device/driver"
    look "$device/class"
    put member "\${group##*/}" "\${member##*/}" "$to" "$text"
  done
done
put iommu-groups "$groups"
for unit in "$R"/sys/class/iommu/*; do [ -e "$unit" ] && put iommu-unit "\${unit##*/}"; done
for table in DMAR IVRS; do [ -e "$R/sys/firmware/acpi/tables/$table" ] && put acpi "$table"; done
put remapped "$(grep -o 'IR-[A-Z][A-Z-]*' "$R/proc/interrupts" 2>/dev/null | head -n 1)"
put unsafe-interrupts "$(get "$R/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts")"

if [ -d "$R/sys/bus/pci/drivers/vfio-pci" ]; then put vfio-pci loaded
elif modprobe -n -q vfio-pci 2>/dev/null && ! grep -qsE '^ *install +vfio[-_]pci +/(usr/)?(bin/(false|true)|sbin/nologin)' "$R"/etc/modprobe.d/*.conf; then put vfio-pci loadable
else put vfio-pci missing
fi
put modules-disabled "$(get "$R/proc/sys/kernel/modules_disabled")"

for device in "$R"/sys/bus/pci/devices/*; do
  look "$device/class"
  case $text in 0x02*) ;; *) [ -e "$device/sriov_totalvfs" ] || continue ;; esac
  look "$device/vendor"; vendor=$text
  look "$device/device"; id=$text
  aim "$device/driver"; driver=$to
  head_of "$device/net"
  look "$device/sriov_totalvfs"; total=$text
  aim "$device/physfn"
  look "$device/net/\${head:-none}/address"
  put nic "\${device##*/}" "$driver" "\${vendor#0x}:\${id#0x}" "$head" "$total" "$to" "$text"
done

if [ -r "$R/etc/libvirt/qemu.conf" ]; then
  put qemu-conf
  grep -nvE '^[[:space:]]*(#|$)' "$R/etc/libvirt/qemu.conf" | sed -e "s/^\\([0-9]*\\):/qemu-conf-line$tab\\1$tab/"
fi

systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState libvirtd.service libvirtd.socket virtqemud.service virtqemud.socket 2>/dev/null |
  sed -e '/^$/d' -e "s/^/unit$tab/"
put user "$(id -un)" "$(id -u)" "$(id -Gn)"
put selinux "$(get "$R/sys/fs/selinux/enforce")"

about='apparmor="DENIED".*name="/dev/(vfio/|iommu)|avc: +denied.*(vfio|svirt_t.*dev)'
if [ -z "$R" ]; then
  journalctl -k -b -q --no-pager -o short-iso 2>/dev/null || dmesg 2>/dev/null
else
  cat "$R/var/log/kern.log" 2>/dev/null
fi | cat - "$R/var/log/audit/audit.log" 2>/dev/null | grep -aE "$about" | tail -n 10 | sed -e "s/$tab/ /g" -e "s/^/denial$tab/"

for log in "$R"/var/log/libvirt/qemu/*.log; do
  [ -r "$log" ] || continue
  name=\${log##*/}
  # Of the last start alone: what failed before it is no fact any more.
  tail -n 200 "$log" | sed -n -e '/: starting up libvirt version/h' -e '/: starting up libvirt version/!H' -e '\${x;p;}' |
    grep -aE 'failed to open /dev/vfio|VFIO_MAP_DMA|vfio_dma_map|not viable|vfio.*(Permission denied|not permitted|Cannot allocate)' |
    tail -n 3 | sed -e "s/$tab/ /g" -e "s/^/qemu-error$tab\${name%.log}$tab/"
done
for node in "$R"/dev/vfio/[0-9]*; do
  [ -e "$node" ] && put vfio-node "\${node#"$R"}" "$(stat -c %U "$node")" "$(stat -c %a "$node")"
done
`;
