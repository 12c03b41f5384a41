// Which of a device's netdevs is the PF's own. A part of the reader's and of the applier's script, so that both see the same.

/**
 * Defines `pf_netdev DEVICE_FOLDER` and `is_representor NETDEV_FOLDER`. In switchdev mode the representors of the VFs have the PF's
 * device too; they show themselves by their port's name: `pf0vf3`, `c1pf0vf3`, `pf0sf3`.
 */
export const pfNetdevFunction = `is_representor() {
  port=
  { read -r port < "$1/phys_port_name"; } 2>/dev/null
  case $port in *pf*vf* | *pf*sf*) return 0 ;; esac
  return 1
}
pf_netdev() {
  for one in "$1"/net/*; do
    [ -e "$one" ] || continue
    is_representor "$one" && continue
    printf '%s' "\${one##*/}"
    return 0
  done
  return 1
}
`;
