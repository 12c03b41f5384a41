// Which process has a VFIO device open: the one sign of use that needs no libvirt. A part of the reader's and of the
// applier's script, so that both see the same.

/** A process that has a VFIO group or device file open. */
export type VfioHolder = {
  /** As in /proc: `/dev/vfio/94`, or `/dev/vfio/devices/vfio3` with iommufd. */
  path: string;
  pid: number;
  /** What QEMU's command line says behind `guest=`; absent for another program. */
  guest?: string;
  /** The process's own name: `qemu-system-x86`. */
  process: string;
};

/**
 * Defines `vfio_holders`: a line `path pid guest process` for each open file, `-` for no guest. QEMU's own mount namespace does not hide the path.
 * One `ls` for all processes: a readlink for each of thousands of open files would take seconds.
 */
export const vfioHoldersFunction = `vfio_holders() {
  ls -l "$R"/proc/[0-9]*/fd 2>/dev/null | grep -e '^/.*:$' -e ' -> .*/dev/vfio/' | while read -r entry; do
    case $entry in
    /*:) pid=\${entry%/fd:}; pid=\${pid##*/}; continue ;;
    esac
    path=/dev/vfio/\${entry##*/dev/vfio/}
    # /dev/vfio/vfio is the container, not a device.
    [ "$path" = /dev/vfio/vfio ] && continue
    guest=$(tr '\\000' '\\n' < "$R/proc/$pid/cmdline" 2>/dev/null | sed -n 's/^guest=\\([^,]*\\).*/\\1/p' | head -n 1)
    printf '%s\\t%s\\t%s\\t%s\\n' "$path" "$pid" "\${guest:--}" "$(cat "$R/proc/$pid/comm" 2>/dev/null)"
  done
}
`;
