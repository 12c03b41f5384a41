// The applier: the one script that writes to a PF and its VFs. `pulumi up` sends it over the connection, and the boot unit
// runs the copy that is installed on the host. For dash, bash and busybox; no language but sh is needed there.
import { paths } from "../persistence/paths.js";
import { pfNetdevFunction } from "../sysfs/pf-netdev.js";
import { vfioHoldersFunction } from "../vfio/holders.js";

export const applierScript = `#!/bin/sh
# Puts one SR-IOV PF and its VFs in the state that a plan file names. Written by pulumi-sriov.
#
# usage: apply-vf-plan [--boot | --boot-rates] PLAN
#
# --boot: as the boot unit runs it. VFs that are there are never destroyed, what a VM holds is not touched, and rates, which
# have to wait for the PF's link, are left to --boot-rates, for which nothing waits.
#
# A plan is one thing a line, done in this order:
#   pf 0000:01:00.0                 which PF; first
#   allow-disruption                VFs that a running VM holds may be destroyed
#   drivers-autoprobe on | off      for VFs made below
#   mtu 9000
#   pf-up | pf-down
#   eswitch-mode switchdev          or legacy; "unbind" behind it takes the VFs' drivers away meanwhile
#   num-vfs 7                       through 0, as the kernel wants it
#   wait-vfs 7                      until something else has made so many
#   vf 2 mac 52:54:00:12:34:56      zeros: the VF's own choice
#   vf 2 vlan 42 qos 3 proto 802.1Q
#   vf 2 spoofchk on | off
#   vf 2 trust on | off
#   vf 2 link-state auto | enable | disable
#   vf 2 query-rss on | off
#   vf 2 max-tx-rate 500            Mbit/s; 0 is no limit
#   vf 2 min-tx-rate 100
# What is so already is not written again. A line is answered with a line, tab-separated: what became of it, the line,
# and what was said: same, done, failed, unsupported, refused, timeout or skipped.
set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
R=\${SRIOV_ROOT-}

mode=
case \${1-} in --boot | --boot-rates) mode=\${1#--}; shift ;; esac

# Seconds to wait: for the PF's netdev at boot, for VFs that something else makes, for its link when a rate needs one, for
# one write to end, for a driver that is busy, for another writer.
netdev_wait=\${SRIOV_NETDEV_WAIT-60}
vfs_wait=\${SRIOV_VFS_WAIT-60}
busy_wait=\${SRIOV_BUSY_WAIT-20}
carrier_wait=\${SRIOV_CARRIER_WAIT-15}
write_limit=\${SRIOV_WRITE_LIMIT-90}
lock_wait=\${SRIOV_LOCK_WAIT-120}

# A plan that has begun is finished, also when the connection that started it is gone.
trap '' PIPE HUP
trap 'exit 1' INT TERM
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkfifo "$tmp/code" || exit 1
exec 3<>"$tmp/code"

D= bus= address= lost_carrier= reset= allowed= stop= failures=0 said=

${vfioHoldersFunction}${pfNetdevFunction}
answer() {
  printf '%s\\t%s\\t%s\\n' "$1" "$line" "\${2-}"
  case $1 in same | done) ;; *) failures=$((failures + 1)) ;; esac
}

wait_for() { # SECONDS COMMAND...
  left=$(($1 * 5))
  shift
  until "$@"; do
    [ "$left" -gt 0 ] || return 1
    left=$((left - 1))
    sleep 0.2
  done
}

# Runs a command with a bound, also one that no signal can end: a sysfs write that waits in the kernel. It is left behind
# then, and keeps the lock. Its exit code is ours, 124 is "no end yet", and $said is what it said.
bounded() {
  { "$@" > "$tmp/said" 2>&1 < /dev/null; echo "$?" >&3; } > /dev/null 2>&1 &
  code=$(timeout "$write_limit" head -n 1 <&3)
  said=$(head -n 3 "$tmp/said" 2>/dev/null | tr '\\n\\t' '  ')
  said=\${said% }
  return "\${code:-124}"
}

# tee tells the errno; the echo of dash says "I/O error" for each of them.
put_value() { printf '%s\\n' "$1" | tee "$2" > /dev/null; }

# A driver that is busy for a moment: i40e while a VF is in reset, ice and mlx5 while they change something. Asked again, with
# a bound; every other answer is final.
until_not_busy() { # COMMAND...
  tries=$((busy_wait * 2))
  while :; do
    bounded "$@" && return 0
    code=$?
    case $said in *"temporarily unavailable"* | *"esource busy"*) ;; *) return "$code" ;; esac
    [ "$tries" -gt 0 ] || return "$code"
    tries=$((tries - 1))
    sleep 0.5
  done
}

attempt() { # COMMAND...; answers for it unless it went well
  until_not_busy "$@" && return 0
  case $?/$said in
  124/*) answer timeout "no end after $write_limit s: $*. $(held_vfs)"; stop=yes ;;
  *"not supported"*) answer unsupported "$said" ;;
  *) answer failed "$said" ;;
  esac
  return 1
}

# Asked anew each time: at boot udev may rename it, and switchdev mode may make another one.
netdev() { pf_netdev "$D"; }

# udev has to be done with the netdev first: a name that it is about to change is the next PF's a moment later (eth0), and
# older kernels rename none that is up. The record is there while udev is still at it; its time of initialization comes last.
netdev_ready() {
  name=$(netdev) || return 1
  [ -e "$R/run/udev/control" ] || return 0
  grep -q '^I:' "$R/run/udev/data/n$(cat "$D/net/$name/ifindex" 2>/dev/null)" 2>/dev/null
}

is_up() { [ $(($(cat "$D/net/$(netdev)/flags") & 1)) -eq 1 ]; }
has_carrier() { [ "$(cat "$D/net/$(netdev)/carrier" 2>/dev/null)" = 1 ]; }
free_lock() { flock -n 9; }

start_pf() {
  address=$1
  bus=pci
  # The kernel's simulated card is on a bus of its own.
  case $address in netdevsim*) bus=netdevsim ;; esac
  D=$R/sys/bus/$bus/devices/$address
  mkdir -p "$R${paths.locks}"
  exec 9>"$R${paths.locks}/pulumi-sriov-$address.lock"
  if ! wait_for "$lock_wait" free_lock; then
    answer failed "another writer has held the lock of this PF for $lock_wait s"
  elif ! wait_for "$netdev_wait" netdev_ready; then
    answer failed "no network interface of this PF after $netdev_wait s"
  else
    answer same
    return
  fi
  stop=yes
}

pf_is() { # up | down
  if is_up; then now=up; else now=down; fi
  if [ "$now" = "$1" ]; then answer same; return; fi
  if attempt ip link set dev "$(netdev)" "$1"; then reset=yes; answer "done"; else stop=yes; fi
}

mtu_is() {
  read -r now < "$D/net/$(netdev)/mtu"
  if [ "$now" = "$1" ]; then answer same; return; fi
  attempt ip link set dev "$(netdev)" mtu "$1" || return
  reset=yes
  read -r now < "$D/net/$(netdev)/mtu"
  if [ "$now" = "$1" ]; then answer "done"; else answer failed "the MTU is $now after it was set"; fi
}

autoprobe_is() { # on | off
  file=$D/sriov_drivers_autoprobe
  if [ ! -e "$file" ]; then answer unsupported "this PF has no sriov_drivers_autoprobe"; return; fi
  case $1 in on) value=1 ;; *) value=0 ;; esac
  read -r now < "$file"
  if [ "$now" = "$value" ]; then answer same; return; fi
  if attempt put_value "$value" "$file"; then answer "done"; fi
}

eswitch_mode() { devlink dev eswitch show "$bus/$address" 2>/dev/null | sed -n 's/.* mode \\([a-z_]*\\).*/\\1/p' | head -n 1; }

eswitch_is() { # MODE [unbind]
  now=$(eswitch_mode)
  # Not written again: bnxt_en says "Invalid argument" to the mode it has.
  if [ "$now" = "$1" ]; then answer same; return; fi
  stop=yes
  : > "$tmp/unbound"
  if [ "\${2-}" = unbind ]; then
    if [ -z "$allowed" ]; then
      held=$(held_vfs)
      if [ -n "$held" ]; then answer refused "$held"; return; fi
    fi
    for entry in "$D"/virtfn*; do
      [ -h "$entry/driver" ] || continue
      driver=$(readlink "$entry/driver")
      vf=$(readlink "$entry")
      echo "\${vf##*/} \${driver##*/}" >> "$tmp/unbound"
      if ! attempt put_value "\${vf##*/}" "$entry/driver/unbind"; then bind_again; return; fi
    done
  fi
  if ! attempt devlink dev eswitch set "$bus/$address" mode "$1"; then bind_again; return; fi
  bind_again
  # mlx5 takes the netdev away and brings another one.
  if ! wait_for "$netdev_wait" netdev_ready; then answer failed "no network interface of this PF after $netdev_wait s"; return; fi
  if command -v udevadm > /dev/null; then bounded udevadm settle --timeout=60; fi
  now=$(eswitch_mode)
  if [ "$now" != "$1" ]; then answer failed "the mode is \${now:-unknown} after it was set"; return; fi
  stop=
  answer "done"
}

# With an override, because a VF whose PF has sriov_drivers_autoprobe=0 is bound to nothing else.
bind_again() {
  while read -r vf driver; do
    V=$R/sys/bus/pci/devices/$vf
    [ -e "$V" ] || continue
    bounded put_value "$driver" "$V/driver_override"
    bounded put_value "$vf" "$R/sys/bus/pci/drivers_probe"
    bounded put_value '' "$V/driver_override"
  done < "$tmp/unbound"
}

enough_vfs() { read -r now < "$D/sriov_numvfs" && [ "$now" -ge "$wanted" ]; }
vfs_are_there() {
  wanted=$1
  if wait_for "$vfs_wait" enough_vfs; then answer same; return; fi
  answer failed "$now of $1 VFs after $vfs_wait s, and it is not for us to make them"
}

# The VFs whose VFIO device a process has open, for people; nothing when there is none.
held_vfs() {
  vfio_holders > "$tmp/holders"
  for entry in "$D"/virtfn*; do
    [ -h "$entry/driver" ] || continue
    case $(readlink "$entry/driver") in *vfio*) ;; *) continue ;; esac
    group=$(readlink "$entry/iommu_group")
    group=\${group##*/}
    device=none
    for one in "$entry"/vfio-dev/*; do [ -e "$one" ] && device=\${one##*/}; done
    vf=$(readlink "$entry")
    while IFS='	' read -r path pid guest process; do
      case $path in
      "/dev/vfio/$group" | "/dev/vfio/devices/$device")
        printf '%s' "VF \${entry##*virtfn} (\${vf##*/}) is held by $process $guest (process $pid). "
        ;;
      esac
    done < "$tmp/holders"
  done
}

num_vfs() {
  read -r now < "$D/sriov_numvfs"
  if [ "$now" -eq "$1" ]; then answer same; return; fi
  stop=yes
  if [ "$now" -ne 0 ]; then
    # At boot they are another owner's, or somebody has started this unit by hand.
    if [ -n "$mode" ]; then answer refused "there are $now VFs already, and at boot none is destroyed"; return; fi
    if [ -z "$allowed" ]; then
      held=$(held_vfs)
      if [ -n "$held" ]; then answer refused "$held"; return; fi
    fi
    # 7 -> 3 directly is EBUSY (drivers/pci/iov.c).
    attempt put_value 0 "$D/sriov_numvfs" || return
  fi
  if [ "$1" -ne 0 ]; then
    attempt put_value "$1" "$D/sriov_numvfs" || return
  fi
  # Success is not proof: bnxt_en makes fewer, or none while the PF is down.
  read -r now < "$D/sriov_numvfs"
  if [ "$now" -ne "$1" ]; then answer failed "the driver made $now of $1 VFs"; return; fi
  # VF drivers and udev come after the write, and a trusted VF's own MAC (udev's MACAddressPolicy) would take the place of
  # the one that a line below sets: seen at boot, igb, systemd 252. So they come first.
  if [ "$1" -ne 0 ] && command -v udevadm > /dev/null; then bounded udevadm settle --timeout=60; fi
  stop=
  answer "done"
}

# One attribute as \`ip link show\` prints it; print_vfinfo of iproute2 4.x to 6.x.
shown() { printf '%s\\n' "$current" | sed -n "$@" | head -n 1; }
shown_number() { n=$(shown "s/.*[, ]$1 \\([0-9][0-9]*\\).*/\\1/p"); printf '%s' "\${n:-0}"; }

vf_is() { # INDEX ATTRIBUTE VALUE [qos VALUE]
  index=$1 attribute=$2 value=$3
  name=$(netdev)
  current=$(ip link show dev "$name" 2>/dev/null | grep "^ *vf $index ")
  if [ -z "$current" ]; then answer failed "there is no VF $index"; return; fi
  # libvirt has set MAC and VLAN for its VM: a unit that is started by hand does not set them back.
  case $mode/$(readlink "$D/virtfn$index/driver") in
  boot/*vfio*) case $(held_vfs) in *"VF $index ("*) answer same "a VM holds it"; return ;; esac ;;
  esac
  case $attribute in
  mac)
    now=$(shown -e 's/.*link\\/ether \\([0-9a-f:]*\\).*/\\1/p' -e 's/.*MAC \\([0-9a-f:]*\\).*/\\1/p')
    set -- mac "$value"
    ;;
  vlan)
    proto=$(shown 's/.*vlan protocol \\([0-9A-Za-z.]*\\).*/\\1/p')
    now="$(shown_number vlan)/$(shown_number qos)/\${proto:-802.1Q}"
    value="$3/\${5-0}/\${7-802.1Q}"
    # The kernel sets all three by one message: what is left out of it is reset.
    set -- vlan "$3" qos "\${5-0}" proto "\${7-802.1Q}"
    # An older iproute2 does not know the word, and needs it for nothing but 802.1ad.
    if [ "$6" = 802.1Q ]; then set -- vlan "$2" qos "$4"; fi
    ;;
  spoofchk)
    now=$(shown 's/.*spoof checking \\([a-z]*\\).*/\\1/p')
    # igb turns the check on again when its PF comes up or changes its MTU, and still says off.
    if [ -n "$reset" ] && [ "$value" = off ]; then now=again; fi
    set -- spoofchk "$value"
    ;;
  trust) now=$(shown 's/.*trust \\([a-z]*\\).*/\\1/p'); set -- trust "$value" ;;
  link-state) now=$(shown 's/.*link-state \\([a-z]*\\).*/\\1/p'); set -- state "$value" ;;
  query-rss) now=$(shown 's/.*query_rss \\([a-z]*\\).*/\\1/p'); set -- query_rss "$value" ;;
  # One message sets both rates.
  max-tx-rate) now=$(shown_number max_tx_rate); set -- max_tx_rate "$value" min_tx_rate "$(shown_number min_tx_rate)" ;;
  min-tx-rate) now=$(shown_number min_tx_rate); set -- max_tx_rate "$(shown_number max_tx_rate)" min_tx_rate "$value" ;;
  *) answer failed "no attribute of a VF that is known here"; return ;;
  esac
  if [ "$now" = "$value" ]; then answer same; return; fi
  # Some drivers (igb, ixgbe, i40e) take a rate only while the PF has link; it takes a moment after up.
  case $attribute in
  *-tx-rate)
    if [ "$value" != 0 ] && ! has_carrier; then
      bounded ip link set dev "$name" vf "$index" "$@" && { answer "done"; return; }
      if [ -n "$lost_carrier" ] || ! wait_for "$carrier_wait" has_carrier; then
        lost_carrier=yes
        answer failed "$said; the PF has no link after $carrier_wait s, and many drivers take rates only with one"
        return
      fi
    fi
    ;;
  esac
  # One attribute a command: the first that fails would keep the rest from being set.
  if attempt ip link set dev "$name" vf "$index" "$@"; then answer "done"; fi
}

exec 4< "$1" || exit 1
while IFS= read -r line <&4; do
  case $line in '' | '#'*) continue ;; esac
  case $mode/$line in
  boot/*"-tx-rate "*) continue ;;
  boot-rates/"pf "* | boot-rates/*"-tx-rate "*) ;;
  boot-rates/*) continue ;;
  esac
  if [ -n "$stop" ]; then answer skipped; continue; fi
  set -f
  # shellcheck disable=SC2086
  set -- $line
  set +f
  case $1 in
  pf) start_pf "$2" ;;
  allow-disruption) allowed=yes; answer same ;;
  pf-up) pf_is up ;;
  pf-down) pf_is down ;;
  mtu) mtu_is "$2" ;;
  drivers-autoprobe) autoprobe_is "$2" ;;
  eswitch-mode) eswitch_is "$2" "\${3-}" ;;
  num-vfs) num_vfs "$2" ;;
  wait-vfs) vfs_are_there "$2" ;;
  vf) shift; vf_is "$@" ;;
  *) answer failed "no line that is known here" ;;
  esac
done
[ "$failures" -eq 0 ]
`;
