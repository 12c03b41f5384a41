// The way our SSH connection takes out of the host: the route to the client, and the network cards below it, through bridges,
// bonds, VLANs, macvlans and teams. Whoever takes one of these cards down, cuts us off.
import { present } from "../script.js";

export type ManagementLink = {
  /** The client's address, as the host sees it: a jump host's, where there is one. */
  client: string;
  /** The cards that carry it. `path`: the netdevs from the route's to the card's. */
  cards: {
    path: string[];
    pciAddress: string;
    /** Where the card is a VF: its PF. */
    pfPciAddress?: string;
  }[];
  /** Netdevs where the way down ends without a card: a tunnel, whose own way is another route. Not the loopback. */
  ends: string[];
};

/**
 * Defines `management_link` over the reader's functions; it prints `way-route` and `way-link` records, none without an SSH connection. sudo takes
 * SSH_CONNECTION out of the environment: a process above us still has it.
 * Equivalent to: `ip route get $client from $server`, and `ls /sys/class/net/$netdev/lower_*` from there on.
 */
export const managementLinkFunctions = `
ssh_connection() {
  found=\${SSH_CONNECTION-}
  process=$$
  while [ -z "$found" ] && [ "\${process:-0}" -gt 1 ]; do
    found=$(tr '\\000' '\\n' < "$R/proc/$process/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
    process=$(sed -n 's/^PPid:[^0-9]*//p' "$R/proc/$process/status" 2>/dev/null)
  done
  printf '%s' "$found"
}
lowers_of() {
  for lower in "$R/sys/class/net/$1"/lower_*; do
    [ -e "$lower" ] || [ -h "$lower" ] || continue
    printf '%s ' "\${lower##*/lower_}"
  done
}
management_link() {
  # shellcheck disable=SC2046
  set -- $(ssh_connection)
  [ "$#" -ge 3 ] || return 0
  client=\${1%%\\%*} server=\${3%%\\%*} zone=
  case $1 in *%*) zone=\${1#*%} ;; esac
  route=$(ip -o route get "$client" from "$server" \${zone:+oif "$zone"} 2>/dev/null) || route=$(ip -o route get "$client" \${zone:+oif "$zone"} 2>/dev/null)
  device=$(printf '%s\\n' "$route" | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1)
  [ -n "$device" ] || return 0
  put way-route "$client" "$device"
  set -- "$device"
  walked=' '
  while [ "$#" -gt 0 ]; do
    one=$1
    shift
    case $walked in *" $one "*) continue ;; esac
    walked="$walked$one "
    card=$(target "$R/sys/class/net/$one/device")
    lowers=$(lowers_of "$one")
    # A port of Open vSwitch: its cards hang below the switch, not below the port.
    if [ -z "$lowers$card" ]; then
      case $(ip -d -o link show dev "$one" 2>/dev/null) in *openvswitch*) lowers=$(lowers_of ovs-system) ;; esac
    fi
    put way-link "$one" "$card" "$(target "$R/sys/class/net/$one/device/physfn")" "$lowers"
    # shellcheck disable=SC2086
    set -- "$@" $lowers
  done
}
`;

type Link = { card: string | undefined; pf: string | undefined; lowers: string[] };

export function parseManagementLink(records: readonly string[][]): ManagementLink | undefined {
  const [, client = "", device = ""] = records.find(([name]) => name === "way-route") ?? [];
  if (device === "") return undefined;
  const links = new Map<string, Link>();
  for (const [name, netdev = "", card, pf, lowers] of records) {
    if (name !== "way-link") continue;
    links.set(netdev, { card: present(card), pf: present(pf), lowers: present(lowers?.trim())?.split(" ") ?? [] });
  }
  const link: ManagementLink = { client, cards: [], ends: [] };
  follow([device], links, link);
  return link;
}

function follow(path: string[], links: ReadonlyMap<string, Link>, into: ManagementLink): void {
  const netdev = path.at(-1) ?? "";
  const { card, pf, lowers } = links.get(netdev) ?? { card: undefined, pf: undefined, lowers: [] };
  if (card !== undefined) {
    into.cards.push({ path, pciAddress: card, ...(pf === undefined ? {} : { pfPciAddress: pf }) });
    return;
  }
  const below = lowers.filter((lower) => !path.includes(lower));
  if (below.length === 0 && netdev !== "lo") into.ends.push(netdev);
  for (const lower of below) follow([...path, lower], links, into);
}
