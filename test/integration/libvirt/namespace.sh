# Process 1 of a namespace in which libvirtd sees SR-IOV hardware that is not there (libvirtd.ts starts it).
# Arguments: a scratch folder, then per PF: netdev, PCI address, index of the netdev, the VFs' addresses joined by commas.
# ROOT: another Debian's files to run in. DAEMONS: which of libvirt's to start; default libvirtd. LISTEN: lines for the
# configuration of the one that listens on TLS and TCP. POLKIT: a folder with polkit's actions and rules of libvirt; polkit
# then says who may use the socket.
set -eu
dir=$1

mount --make-rprivate /
if [ -n "${ROOT-}" ]; then
  # Nothing of it is written to but what lies in memory.
  mount --bind "$ROOT" "$ROOT"
  mount -t tmpfs tmpfs "$ROOT/tmp"
  mkdir -p "$ROOT$dir"
  mount --bind "$dir" "$ROOT$dir"
  mount -t proc proc "$ROOT/proc"
  mount --rbind /dev "$ROOT/dev"
  cp "$0" "$dir/namespace.sh"
  ROOT="" PATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot "$ROOT" sh "$dir/namespace.sh" "$@"
fi
shift
mount -t sysfs sysfs /sys
# A /dev without kvm. Where it hangs guests it hangs libvirtd's questions to QEMU as well, and where it is only masked
# libvirtd asks them again on every call.
mkdir "$dir/dev"
mount -t tmpfs tmpfs "$dir/dev"
for node in null zero full random urandom tty ptmx net/tun; do
  [ -e /dev/$node ] || continue
  mkdir -p "$(dirname "$dir/dev/$node")"
  : > "$dir/dev/$node"
  mount --bind /dev/$node "$dir/dev/$node"
done
mkdir "$dir/dev/pts" "$dir/dev/shm"
mount --bind /dev/pts "$dir/dev/pts"
mount -t tmpfs tmpfs "$dir/dev/shm"
ln -s /proc/self/fd "$dir/dev/fd"
mount --move "$dir/dev" /dev
rmdir "$dir/dev"
# Nothing of this machine's libvirt is seen, nothing is left behind.
for path in /run /var/cache /var/log /var/lib /etc/libvirt; do mount -t tmpfs tmpfs $path; done
[ ! -d "$dir/hooks" ] || cp -r "$dir/hooks" /etc/libvirt/
mkdir "$dir/run" /run/libvirt
mount --bind "$dir/run" /run/libvirt
# The QEMU driver asks for this user even when it is told to use root. It comes with a package that wants systemd.
for file in passwd group; do
  cp /etc/$file "$dir/$file"
  mount --bind "$dir/$file" /etc/$file
done
grep -q ^libvirt-qemu: /etc/passwd || echo "libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin" >> /etc/passwd
grep -q ^libvirt-qemu: /etc/group || echo "libvirt-qemu:x:64055:" >> /etc/group

# The machine's own devices go, except processors and memory.
mkdir "$dir/system"
mount --bind /sys/devices/system "$dir/system"
mount -t tmpfs tmpfs /sys/devices
mkdir /sys/devices/system
mount --move "$dir/system" /sys/devices/system
rmdir "$dir/system"
for path in /sys/bus/pci/devices /sys/bus/pci/drivers /sys/class/net; do mount -t tmpfs tmpfs $path; done
mkdir -p /run/udev/data /sys/bus/pci/drivers/igb /sys/bus/pci/drivers/igbvf /sys/bus/pci/drivers/vfio-pci
ip link set lo up

devices=/sys/devices/pci0000:00
group=1

pci_device() { # address, device id, driver
  device=$devices/$1
  mkdir -p "$device" /sys/devices/iommu_groups/$group/devices
  for attribute in vendor=0x8086 device=$2 class=0x020000 subsystem_vendor=0x8086 subsystem_device=0xa03c \
    revision=0x01 irq=0 numa_node=-1 resource= driver_override=; do
    echo "${attribute#*=}" > "$device/${attribute%%=*}"
  done
  printf 'DRIVER=%s\nPCI_CLASS=20000\nPCI_ID=8086:%s\nPCI_SUBSYS_ID=8086:A03C\nPCI_SLOT_NAME=%s\n' \
    "$3" "${2#0x}" "$1" > "$device/uevent"
  { printf '\206\200\311\020\006\004\020\000\001\000\000\002\020\000\000\000'; head -c 240 /dev/zero; } > "$device/config"
  ln -s ../../../bus/pci "$device/subsystem"
  ln -s ../../../bus/pci/drivers/$3 "$device/driver"
  ln -s ../../iommu_groups/$group "$device/iommu_group"
  ln -s ../../../pci0000:00/$1 /sys/devices/iommu_groups/$group/devices/$1
  ln -s ../../../devices/pci0000:00/$1 /sys/bus/pci/devices/$1
  group=$((group + 1))
}

netdev() { # name, PCI address, index
  net=$devices/$2/net/$1
  mkdir -p "$net"
  for attribute in address=52:54:00:00:49:0$3 ifindex=$3 type=1 operstate=up carrier=1 speed=1000 mtu=1500 flags=0x1003 \
    dev_port=0 phys_port_id=; do
    echo "${attribute#*=}" > "$net/${attribute%%=*}"
  done
  printf 'INTERFACE=%s\nIFINDEX=%s\n' "$1" "$3" > "$net/uevent"
  ln -s ../../../../../class/net "$net/subsystem"
  ln -s "../../../$2" "$net/device"
  ln -s ../../devices/pci0000:00/$2/net/$1 /sys/class/net/$1
  # libudev shows a netdev only once udev has said that it is done with it.
  echo I:1 > /run/udev/data/n$3
  # A netdev that answers, where the kernel has veth.
  if ip link add "$1" type veth peer name "peer-$1"; then ip link set "$1" up && ip link set "peer-$1" up; fi
}

for pf in "$@"; do
  IFS=: read -r name bus slot index vfs <<END
$pf
END
  address=0000:$bus:$slot
  pci_device "$address" 0x10c9 igb
  netdev "$name" "$address" "$index"
  echo 7 > "$devices/$address/sriov_totalvfs"
  echo 0 > "$devices/$address/sriov_numvfs"
  n=0
  for vf in $(echo "$vfs" | tr , ' '); do
    pci_device "0000:$bus:$vf" 0x10ca igbvf
    ln -s ../$address "$devices/0000:$bus:$vf/physfn"
    ln -s ../0000:$bus:$vf "$devices/$address/virtfn$n"
    n=$((n + 1))
    echo $n > "$devices/$address/sriov_numvfs"
  done
done

auth=none
if [ -n "${POLKIT-}" ]; then
  auth=polkit
  cp /usr/share/polkit-1/actions/* "$POLKIT/actions/"
  mount --bind "$POLKIT/actions" /usr/share/polkit-1/actions
  mount --bind "$POLKIT/rules.d" /etc/polkit-1/rules.d
  mkdir -p /run/dbus
  dbus-daemon --system --nofork --nopidfile > "$dir/dbus.log" 2>&1 3<&- &
  until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
  $(ls /usr/lib/polkit-1/polkitd /usr/libexec/polkitd 2>/dev/null | head -n 1) --no-debug > "$dir/polkitd.log" 2>&1 3<&- &
  # libvirtd asks it once for each client, and takes its absence for a no.
  until dbus-send --system --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus \
    org.freedesktop.DBus.GetNameOwner string:org.freedesktop.PolicyKit1 > /dev/null 2>&1; do sleep 0.05; done
fi

daemons=${DAEMONS:-libvirtd}
for daemon in $daemons; do
  cat > "$dir/$daemon.conf" <<END
auth_unix_rw = "$auth"
auth_unix_ro = "none"
unix_sock_rw_perms = "0777"
unix_sock_ro_perms = "0777"
log_outputs = "3:file:$dir/$daemon.log"
END
done
cat > /etc/libvirt/qemu.conf <<END
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
END
# libvirt >= 10.4 wants a firewall, for networks that are none of ours; older ones do not read this.
echo 'firewall_backend = "none"' > /etc/libvirt/network.conf
listen=
if [ -n "${LISTEN-}" ]; then
  listen=libvirtd
  case $daemons in *virtproxyd*) listen=virtproxyd ;; esac
  printf '%s\n' "$LISTEN" >> "$dir/$listen.conf"
fi
start() { # daemon
  # libudev takes devices only from a real sysfs unless it is told otherwise.
  SYSTEMD_DEVICE_VERIFY_SYSFS=0 "$1" -f "$dir/$1.conf" $([ "$1 $listen" != "libvirtd libvirtd" ] || echo --listen) 3<&-
}
# Until whoever started this closes our input or dies, or libvirtd ends. The kernel then ends all that runs here, and the mounts
# go with it. Not exec: a shell waits for orphans too, and libvirtd waits for its probes of QEMU to be gone.
exec 3<&0
if [ "$daemons${COMES_BACK-}" = libvirtd ]; then
  start libvirtd &
else
  # One that is killed comes back, as systemd would have it.
  for daemon in $daemons; do while :; do start $daemon || sleep 0.2; done & done
  sleep infinity &
fi
waited=$!
{
  cat > "$dir/input"
  kill -KILL $waited
} <&3 &
wait $waited
