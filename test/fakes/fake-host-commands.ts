// The commands of a fake host: `tee`, `ip`, `systemctl` as shell scripts over the fake's file tree, in $SRIOV_ROOT. What they
// answer is what a Linux 6.12 host with igb answered in the lab.

/** A test may look at the host, or end the script, at the N-th command that is run on it. */
const counted = `[ -e "$SRIOV_ROOT/fake/stop-at" ] && { echo >> "$SRIOV_ROOT/fake/counted"; n=$(wc -l < "$SRIOV_ROOT/fake/counted"); [ "$n" -eq "$(cat "$SRIOV_ROOT/fake/stop-at")" ] && . "$SRIOV_ROOT/fake/stop"; }
`;

/** Writes are the kernel's business where the file is sriov_numvfs (drivers/pci/iov.c); an attribute called `broken` never takes. */
const tee = `#!/bin/sh
${counted}file=$1
value=$(cat)
printf '%s\\t%s\\n' "$value" "$file" >> "$SRIOV_ROOT/fake/writes"
case $file in
*/sriov_numvfs)
  D=\${file%/*}
  read -r now < "$file"
  # netdevsim has its limit in debugfs, and VFs that are no devices.
  total=$(cat "$D/sriov_totalvfs" 2>/dev/null || cat "$SRIOV_ROOT/sys/kernel/debug/netdevsim/\${D##*/}/max_vfs")
  no() { echo "tee: $file: $1" >&2; exit 1; }
  [ -e "$SRIOV_ROOT/fake/hang" ] && [ "$value" = 0 ] && sleep 30
  [ "$value" -gt "$total" ] && no "Numerical result out of range"
  [ "$value" = "$now" ] && exit 0
  if [ "$value" != 0 ]; then
    [ "$now" = 0 ] || no "Device or resource busy"
    [ -e "$SRIOV_ROOT/fake/enomem-$value" ] && no "Cannot allocate memory"
    flags=$(cat "$D"/net/*/flags)
    # bnxt_en makes none while the PF is down, and says yes.
    case $(readlink "$D/driver") in *bnxt_en) [ $((flags & 1)) = 0 ] && exit 0 ;; esac
  fi
  pf=\${D##*/}
  bus=\${pf%:*}
  rm -rf "$SRIOV_ROOT/sys/bus/pci/devices/$bus":1[01].? "$D"/virtfn* "$D"/vf-*
  for one in "$D"/net/*; do name=\${one##*/}; done
  i=0
  while [ "$i" -lt "$value" ]; do
    vf=$bus:1$((i / 4)).$((i % 4 * 2))
    mkdir -p "$D/vf-$i"
    case $pf in
    netdevsim*) ;;
    *)
      V=$SRIOV_ROOT/sys/bus/pci/devices/$vf
      mkdir -p "$V/net/\${name}v$i"
      echo "52:54:00:ff:00:0$i" > "$V/net/\${name}v$i/address"
      ln -s "../$pf" "$V/physfn"
      [ "$(cat "$D/sriov_drivers_autoprobe" 2>/dev/null)" = 0 ] || ln -s ../../drivers/igbvf "$V/driver"
      ln -s "../../../../kernel/iommu_groups/$((90 + i))" "$V/iommu_group"
      ln -s "../$vf" "$D/virtfn$i"
      ;;
    esac
    echo 00:00:00:00:00:00 > "$D/vf-$i/mac"
    echo on > "$D/vf-$i/spoofchk"
    echo off > "$D/vf-$i/trust"
    for zero in vlan qos max_tx_rate min_tx_rate; do echo 0 > "$D/vf-$i/$zero"; done
    echo 802.1Q > "$D/vf-$i/proto"
    echo auto > "$D/vf-$i/state"
    echo off > "$D/vf-$i/query_rss"
    i=$((i + 1))
  done
  echo "$value" > "$file"
  # netdevsim goes back to legacy mode with its VFs.
  case $pf/$value in netdevsim*/0) echo legacy > "$SRIOV_ROOT/fake/eswitch-$pf" ;; esac
  ;;
*/driver/unbind) rm -f "\${file%/unbind}" ;;
*/drivers_probe)
  V=$SRIOV_ROOT/sys/bus/pci/devices/$value
  ln -s "../../drivers/$(cat "$V/driver_override")" "$V/driver"
  ;;
*) cat > /dev/null; printf '%s\\n' "$value" > "$file" ;;
esac
`;

const ip = `#!/bin/sh
${counted}case $* in
*"route get"*) cat "$SRIOV_ROOT/fake/route" 2>/dev/null; exit ;;
*"addr show"*) cat "$SRIOV_ROOT/fake/addresses" 2>/dev/null; exit ;;
esac
printf '%s\\n' "ip $*" >> "$SRIOV_ROOT/fake/commands"
json= oneline= detail=
while :; do
  case $1 in
  -j) json=yes ;;
  -d) detail=yes ;;
  -o) oneline=yes ;;
  *) break ;;
  esac
  shift
done
verb=$2 name=$4
net=$SRIOV_ROOT/sys/class/net
# An altname is a file of the fake's that holds the name.
[ -e "$SRIOV_ROOT/fake/altnames/$name" ] && name=$(cat "$SRIOV_ROOT/fake/altnames/$name")
if [ ! -e "$net/$name" ]; then echo "Device \\"$name\\" does not exist." >&2; exit 1; fi
device=$(basename "$(readlink "$net/$name/device")")
D=$SRIOV_ROOT/sys/bus/pci/devices/$device
[ -d "$D" ] || D=$SRIOV_ROOT/sys/bus/netdevsim/devices/$device
P=$D/net/$name
up=$(($(cat "$P/flags") & 1))
no() { echo "$1" >&2; exit 2; }
get() { read -r "$1" < "$D/vf-$2/$3"; }
if [ "$verb" = show ]; then
  flags=BROADCAST,MULTICAST
  [ "$up" = 1 ] && flags=$flags,UP
  [ "$(cat "$P/carrier")" = 1 ] && flags=$flags,LOWER_UP
  if [ -z "$json" ]; then
    echo "5: $name: <$flags> mtu $(cat "$P/mtu") qdisc mq state UP mode DEFAULT group default qlen 1000"
    [ -n "$oneline$detail" ] && echo "    parentbus pci parentdev $(basename "$D")"
    [ -n "$oneline" ] && exit 0
    echo "    link/ether $(cat "$P/address") brd ff:ff:ff:ff:ff:ff"
  else
    printf '[{"ifindex":5,"ifname":"%s","flags":["%s"],"mtu":%s,"min_mtu":68,"max_mtu":9216,"address":"%s","vfinfo_list":[' "$name" "$(echo $flags | sed 's/,/","/g')" "$(cat "$P/mtu")" "$(cat "$P/address")"
  fi
  i=0
  while [ -e "$D/vf-$i" ]; do
    for one in mac vlan qos proto spoofchk trust state query_rss; do get $one $i $one; done
    get rate $i max_tx_rate
    get sure $i min_tx_rate
    if [ -n "$json" ]; then
      [ $i -gt 0 ] && printf ,
      list={}
      [ "$vlan" != 0 ] && list="{\\"vlan\\":$vlan}"
      [ "$qos" != 0 ] && list="{\\"vlan\\":$vlan,\\"qos\\":$qos}"
      [ "$proto" != 802.1Q ] && list="{\\"vlan\\":$vlan,\\"qos\\":$qos,\\"protocol\\":\\"$proto\\"}"
      spoof=false trusted=false rss=false
      [ $query_rss = on ] && rss=true
      [ $spoofchk = on ] && spoof=true
      [ $trust = on ] && trusted=true
      printf '{"vf":%s,"link_type":"ether","address":"%s","broadcast":"ff:ff:ff:ff:ff:ff","vlan_list":[%s],"rate":{"max_tx":%s,"min_tx":%s},"spoofchk":%s,"link_state":"%s","trust":%s,"query_rss_en":%s}' \\
        $i "$mac" "$list" "$rate" "$sure" $spoof $state $trusted $rss
    else
      line="    vf $i     link/ether $mac brd ff:ff:ff:ff:ff:ff"
      [ "$vlan" != 0 ] && line="$line, vlan $vlan"
      [ "$qos" != 0 ] && line="$line, qos $qos"
      [ "$proto" != 802.1Q ] && line="$line, vlan protocol $proto"
      [ "$rate" != 0 ] && line="$line, tx rate $rate (Mbps), max_tx_rate \${rate}Mbps"
      [ "$sure" != 0 ] && line="$line, min_tx_rate \${sure}Mbps"
      echo "$line, spoof checking $spoofchk, link-state $state, trust $trust, query_rss $query_rss"
    fi
    i=$((i + 1))
  done
  [ -n "$json" ] && echo ']}]'
  exit 0
fi
shift 4
case $1 in
up) echo 0x1003 > "$P/flags"; [ -e "$SRIOV_ROOT/fake/no-cable" ] || echo 1 > "$P/carrier" ;;
mtu) [ "$2" -le 9216 ] || no "Error: mtu greater than device maximum."; echo "$2" > "$P/mtu" ;;
down) echo 0x1002 > "$P/flags"; echo 0 > "$P/carrier" ;;
vf)
  vf=$2 attribute=$3 to=$4
  V=$D/vf-$vf
  [ -d "$V" ] || no "RTNETLINK answers: Invalid argument"
  [ -e "$SRIOV_ROOT/fake/unsupported-$attribute" ] && no "RTNETLINK answers: Operation not supported"
  [ -e "$SRIOV_ROOT/fake/ignored-$attribute" ] && exit 0
  # A driver that is busy for as many commands as the file has lines.
  busy=$SRIOV_ROOT/fake/busy-$attribute
  if [ -s "$busy" ]; then sed -i 1d "$busy"; no "RTNETLINK answers: Resource temporarily unavailable"; fi
  case $attribute in
  vlan) echo "$to" > "$V/vlan"; echo "\${6-0}" > "$V/qos"; echo "\${8-802.1Q}" > "$V/proto" ;;
  max_tx_rate)
    [ "$(cat "$P/carrier")" = 1 ] || [ "$to$6" = 00 ] || no "RTNETLINK answers: Invalid argument"
    [ -e "$SRIOV_ROOT/fake/unsupported-min_tx_rate" ] && [ "$6" != 0 ] && no "RTNETLINK answers: Invalid argument"
    echo "$to" > "$V/max_tx_rate"
    echo "$6" > "$V/min_tx_rate"
    ;;
  *) echo "$to" > "$V/$attribute" ;;
  esac
  ;;
esac
`;

/** A PF has an eswitch when the test made the file for it. ice and mlx5 as in their sources; bnxt_en refuses the mode it has. */
const devlink = `#!/bin/sh
${counted}[ "$1" = -j ] && { json=yes; shift; }
address=\${4##*/}
mode=$SRIOV_ROOT/fake/eswitch-$address
no() { echo "kernel answers: $1" >&2; exit 1; }
[ -e "$mode" ] || no "No such device"
D=$SRIOV_ROOT/sys/bus/\${4%/*}/devices/$address
if [ "$3" = show ]; then
  if [ -n "\${json-}" ]; then
    printf '{"dev":{"%s":{"mode":"%s","inline-mode":"none"}}}\n' "$4" "$(cat "$mode")"
  else
    echo "$4: mode $(cat "$mode") inline-mode none encap-mode basic"
  fi
  exit 0
fi
printf '%s\n' "devlink $*" >> "$SRIOV_ROOT/fake/commands"
case $(readlink "$D/driver") in
*/ice) [ "$(cat "$D/sriov_numvfs")" = 0 ] || no "Operation not supported" ;;
*/mlx5_core) for one in "$D"/virtfn*/driver; do [ -h "$one" ] && no "Device or resource busy"; done ;;
*/bnxt_en) [ "$(cat "$mode")" = "$6" ] && no "Invalid argument" ;;
esac
echo "$6" > "$mode"
`;

const systemctl = `#!/bin/sh
${counted}printf '%s\\n' "systemctl $*" >> "$SRIOV_ROOT/fake/commands"
system=$SRIOV_ROOT/etc/systemd/system
wants=$system/multi-user.target.wants
verb=$1 first=yes
shift
for unit; do
  case $unit in *.timer) [ "$verb" = stop ] && rm -f "$SRIOV_ROOT/fake/timers/\${unit%.timer}" ;; esac
  case $unit in *.service) ;; *) continue ;; esac
  case $verb in
  enable) mkdir -p "$wants"; ln -sf "../\${unit%@*}@.service" "$wants/$unit" ;;
  disable) rm -f "$wants/$unit" ;;
  unmask) [ "$(readlink "$system/$unit")" = /dev/null ] && rm "$system/$unit" ;;
  reset-failed) rm -f "$SRIOV_ROOT/fake/failed/$unit" ;;
  show)
    [ -n "$first" ] || echo
    first=
    echo "Id=$unit"
    if [ "$(readlink "$system/$unit")" = /dev/null ]; then echo LoadState=masked; else echo LoadState=loaded; fi
    if [ -h "$wants/$unit" ]; then echo UnitFileState=enabled; else echo UnitFileState=disabled; fi
    if [ -e "$SRIOV_ROOT/fake/failed/$unit" ]; then echo ActiveState=failed; else echo ActiveState=inactive; fi
    ;;
  esac
done
exit 0
`;

/** A `change` event makes udev look for the first .link file that matches, by name over all folders (systemd.link(5)). */
const udevadm = `#!/bin/sh
if [ "$1" = --version ]; then cat "$SRIOV_ROOT/fake/systemd-version" 2>/dev/null || echo 252; exit 0; fi
[ "$1" = settle ] || printf '%s\\n' "udevadm $*" >> "$SRIOV_ROOT/fake/commands"
[ "$1" = trigger ] || exit 0
for path; do :; done
record=$SRIOV_ROOT/run/udev/data/n$(cat "$SRIOV_ROOT$path/ifindex")
[ -e "$record" ] || exit 0
place=$(sed -n 's/^E:ID_PATH=//p' "$record")
found=$(cd "$SRIOV_ROOT" && ls -d etc/systemd/network/*.link run/systemd/network/*.link usr/lib/systemd/network/*.link 2>/dev/null |
  while read -r file; do
    grep -q -x -e "Path=$place" -e 'OriginalName=\\*' "$file" && echo "\${file##*/} /$file"
  done | sort | head -n 1)
sed -i '/^E:ID_NET_LINK_FILE=/d' "$record"
[ -z "$found" ] || echo "E:ID_NET_LINK_FILE=\${found#* }" >> "$record"
exit 0
`;

/** A timer is a file with its command: FakeHost.fireTimers runs it. */
const systemdRun = `#!/bin/sh
${counted}if [ -e "$SRIOV_ROOT/fake/no-timers" ]; then echo "Failed to start transient timer unit: no bus" >&2; exit 1; fi
for word; do
  shift
  case $word in
  --unit=*) unit=\${word#--unit=} ;;
  --on-active=*) printf '%s\\n' "\${word#--on-active=}" > "$SRIOV_ROOT/fake/on-active" ;;
  --*) ;;
  *) break ;;
  esac
done
mkdir -p "$SRIOV_ROOT/fake/timers"
printf '%s' "$word" > "$SRIOV_ROOT/fake/timers/$unit"
for word; do printf " '%s'" "$word" >> "$SRIOV_ROOT/fake/timers/$unit"; done
`;

/** The links of a namespace, as `ip -d -o link` prints them, are a file. */
const nsenter = `#!/bin/sh
cat "$SRIOV_ROOT/fake/netns/$(basename "\${1#--net=}")"
`;

export const fakeCommands = {
  devlink,
  "systemd-run": systemdRun,
  nsenter,
  tee,
  ip,
  systemctl,
  udevadm,
};
