// Who uses a VF as a netdev: something stacked on it, an address on it, another network namespace that has it. A VM that has a
// VF through VFIO is in vfio/holders.ts.
import { present } from "../script.js";

export type VfUser = {
  vfIndex: number;
  netdev?: string;
} & (
  | { by: "upper"; kind: string; name: string }
  | { by: "address"; address: string }
  /** `name`: for people. */
  | { by: "namespace"; name: string }
);

/**
 * Defines `vf_users` over the reader's functions; it prints `vf-upper`, `vf-address` and `vf-namespace` records. Asks about namespaces
 * only where a VF has a network driver and no netdev.
 * Equivalent to: `ls /sys/class/net/$vf/upper_*`, `ip addr show scope global`, `ip netns exec $ns ip -d link`.
 */
export const vfUsersFunctions = `
upper_kind() {
  if [ -d "$R/sys/class/net/$1/bridge" ]; then printf bridge
  elif [ -d "$R/sys/class/net/$1/bonding" ]; then printf bond
  else sed -n 's/^DEVTYPE=//p' "$R/sys/class/net/$1/uevent" 2>/dev/null
  fi
}
# The netdevs of a namespace that are VFs of this PF.
vfs_in_namespace() { # NAME COMMAND...
  namespace=$1
  shift
  "$@" ip -d -o link show 2>/dev/null | sed -n 's/^[0-9]*: \\([^:@]*\\)[:@].* parentdev \\([^ ]*\\).*/\\1 \\2/p' |
    while read -r name parent; do
      case $missing in *" $parent "*) put vf-namespace "$parent" "$name" "$namespace" ;; esac
    done
}
vf_users() {
  missing=' ' names=' '
  for entry in "$D"/virtfn*; do
    [ -e "$entry" ] || continue
    index=\${entry##*/virtfn}
    for netdev_of_vf in "$entry"/net/*; do
      [ -e "$netdev_of_vf" ] || continue
      name=\${netdev_of_vf##*/}
      names="$names$name "
      for upper in "$netdev_of_vf"/upper_*; do
        [ -e "$upper" ] || [ -h "$upper" ] || continue
        put vf-upper "$index" "$name" "\${upper##*/upper_}" "$(upper_kind "\${upper##*/upper_}")"
      done
    done
    aim "$entry/driver"
    case $to in '' | *vfio* | pci-stub) continue ;; esac
    head_of "$entry/net"
    [ -n "$head" ] || { aim "$entry"; missing="$missing$to "; }
  done
  if [ "$names" != ' ' ]; then
    ip -o addr show scope global 2>/dev/null | while read -r _ name _ address _; do
      case $names in *" $name "*) put vf-address "$name" "$address" ;; esac
    done
  fi
  [ "$missing" != ' ' ] || return 0
  put vf-missing "$missing"
  for namespace in "$R"/run/netns/*; do
    [ -e "$namespace" ] && vfs_in_namespace "network namespace \${namespace##*/}" nsenter --net="$namespace"
  done
  # Those of containers have no name: a process of each. One ls for all of them.
  own=$(readlink "$R/proc/self/ns/net")
  ls -l "$R"/proc/[0-9]*/ns/net 2>/dev/null | sed -n 's|.* \\([^ ]*\\)/ns/net -> \\(.*\\)|\\2 \\1|p' | sort -u -k 1,1 |
    while read -r id process; do
      [ "$id" = "$own" ] && continue
      vfs_in_namespace "the network namespace of process $(get "$process/comm") (\${process##*/})" nsenter --net="$process/ns/net"
    done
  # An iproute2 before 5.14 does not tell whose netdev is whose.
  case $(ip -d -o link show dev "$netdev" 2>/dev/null) in *parentdev*) ;; *) put vf-unknown-namespace ;; esac
}
`;

type Vf = { index: number; pciAddress: string; netdev?: string };

export function parseVfUsers(records: readonly string[][], vfs: readonly Vf[]): VfUser[] {
  const all = (key: string) => records.filter(([name]) => name === key).map(([, ...fields]) => fields);
  const uppers = all("vf-upper").map(([index, netdev = "", name = "", kind]): VfUser => ({
    vfIndex: Number(index),
    netdev,
    by: "upper",
    kind: present(kind) ?? "netdev",
    name,
  }));
  const addresses = all("vf-address").flatMap(([netdev = "", address = ""]): VfUser[] => {
    const vf = vfs.find((one) => one.netdev === netdev);
    return vf ? [{ vfIndex: vf.index, netdev, by: "address", address }] : [];
  });
  // A namespace with a name is found by its processes too: the name comes first.
  const found = new Map(
    all("vf-namespace")
      .reverse()
      .map(([parent = "", netdev = "", name = ""]) => [parent, { netdev, name }]),
  );
  const missing = all("vf-missing").flatMap(([addresses]) => (present(addresses?.trim()) ?? "").split(" "));
  const isUnknown = all("vf-unknown-namespace").length > 0;
  const namespaces = vfs.flatMap(({ index, pciAddress }): VfUser[] => {
    const at = found.get(pciAddress);
    if (at) return [{ vfIndex: index, netdev: at.netdev, by: "namespace", name: at.name }];
    if (!missing.includes(pciAddress) || !isUnknown) return [];
    return [
      { vfIndex: index, by: "namespace", name: "another network namespace, as it seems: its netdev is not here," },
    ];
  });
  return [...uppers, ...addresses, ...namespaces];
}
