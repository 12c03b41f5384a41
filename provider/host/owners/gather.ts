// The part of the reader's script that looks for other programs' SR-IOV settings. Whole files, because a match is made in one
// line and the number stands in another; only files that say something about VFs, and no line that looks like a secret.
import { present } from "../script.js";
import type { ConfigFile, HostFiles } from "./owner.js";

/**
 * Shell functions over the reader's `put`, `look`, `$R`, `$D`, `$netdev` and `$tab`. `owner_files`, for the whole host, prints
 * `config` and `config-line` records; `nm_profile`, for a PF, an `nm-profile` record.
 */
export const ownerFunctions = `
show_file() {
  [ -f "$1" ] || [ -h "$1" ] || return 0
  executable=
  [ -x "$1" ] && executable=yes
  enabled=
  case $1 in *.service)
    for link in "$R"/etc/systemd/system/*.wants/"\${1##*/}" "$R"/etc/systemd/system/*.requires/"\${1##*/}"; do
      [ -h "$link" ] && enabled=yes
    done
    ;;
  esac
  put config "\${1#"$R"}" "$executable" "$enabled"
  sed -e 3000q -e '/[Pp]assw/s/.*//' -e '/[Pp]sk/s/.*//' -e '/[Ss]ecret/s/.*//' -e "s/$tab/ /g" -e "s/^/config-line$tab/" "$1" 2>/dev/null
}
show_those_with() { # PATTERN FILE...
  pattern=$1
  shift
  grep -lsIE -e "$pattern" "$@" | while IFS= read -r file; do show_file "$file"; done
}
is_overridden() { # FILE FOLDER...; one of the same name in a folder that comes first
  base=\${1##*/} own=\${1%/*}
  shift
  for folder; do
    [ "$folder" = "$own" ] && return 1
    if [ -e "$folder/$base" ] || [ -h "$folder/$base" ]; then return 0; fi
  done
  return 1
}
not_overridden() { # SUFFIX FOLDER...; the folders that go first come first
  suffix=$1
  shift
  seen=/
  for folder; do
    for file in "$folder"/*"$suffix"; do
      [ -e "$file" ] || [ -h "$file" ] || continue
      case $seen in *"/\${file##*/}/"*) continue ;; esac
      seen=$seen\${file##*/}/
      printf '%s\\n' "$file"
    done
  done
}
owner_files() {
  etc=$R/etc
  for kind in link network; do
    set -- "$etc/systemd/network" "$R/run/systemd/network" "$R/usr/local/lib/systemd/network" "$R/usr/lib/systemd/network"
    [ -h "$R/lib" ] || set -- "$@" "$R/lib/systemd/network"
    found=
    for folder; do
      grep -qsiE -e '^ *(\\[SR-IOV\\]|SR-IOVVirtualFunctions)' "$folder"/*."$kind" "$folder"/*."$kind".d/*.conf && found=yes
    done
    [ -n "$found" ] || continue
    # All of them: the first that matches wins alone, also when it says nothing about VFs.
    not_overridden ".$kind" "$@" | while IFS= read -r file; do
      show_file "$file"
      for folder; do
        for drop in "$folder/\${file##*/}.d"/*.conf; do [ -e "$drop" ] && show_file "$drop"; done
      done
    done
  done

  set -- "$etc/udev/rules.d" "$R/run/udev/rules.d" "$R/usr/local/lib/udev/rules.d" "$R/usr/lib/udev/rules.d"
  [ -h "$R/lib" ] || set -- "$@" "$R/lib/udev/rules.d"
  for folder; do grep -ls sriov_numvfs "$folder"/*.rules; done | while IFS= read -r file; do
    is_overridden "$file" "$@" || show_file "$file"
  done

  show_those_with '^ *\\[sriov\\]|sriov-num-vfs' "$etc"/NetworkManager/system-connections/* "$R"/run/NetworkManager/system-connections/* \\
    "$R"/usr/lib/NetworkManager/system-connections/* "$etc/NetworkManager/NetworkManager.conf" "$etc"/NetworkManager/conf.d/*.conf \\
    "$R"/run/NetworkManager/conf.d/*.conf "$R"/usr/lib/NetworkManager/conf.d/*.conf
  show_those_with '^SRIOV_' "$etc"/sysconfig/network-scripts/ifcfg-*

  set -- "$R"/lib/netplan/*.yaml "$etc"/netplan/*.yaml "$R"/run/netplan/*.yaml
  if grep -qsE -e 'virtual-function-count|embedded-switch-mode|^ *link:' "$@"; then
    for file; do show_file "$file"; done
  fi

  show_those_with 'max_vfs' "$etc"/modprobe.d/*.conf "$R"/run/modprobe.d/*.conf "$R"/usr/lib/modprobe.d/*.conf "$R"/lib/modprobe.d/*.conf "$R/proc/cmdline"
  show_those_with 'sriov_numvfs' "$etc/sysfs.conf" "$etc"/sysfs.d/*.conf "$etc/rc.local" "$etc/rc.d/rc.local" "$etc"/init.d/* \\
    "$etc/network/interfaces" "$etc"/network/interfaces.d/* "$etc"/network/if-up.d/* "$etc"/network/if-pre-up.d/* \\
    "$etc"/NetworkManager/dispatcher.d/* "$etc"/networkd-dispatcher/*.d/* "$etc/crontab" "$etc"/cron.d/* "$etc"/systemd/system/*.service \\
    "$etc"/systemd/system/*.service.d/*.conf "$R"/usr/local/lib/systemd/system/*.service "$R"/usr/lib/systemd/system/*.service \\
    "$R"/usr/local/sbin/* "$R"/usr/local/bin/*
}
nm_profile() {
  [ -n "$netdev" ] || return 0
  look "$D/net/$netdev/ifindex"
  put nm-profile "$(sed -n 's/^connection-uuid=//p' "$R/run/NetworkManager/devices/$text" 2>/dev/null)"
}
`;

export function parseHostFiles(records: readonly string[][]): HostFiles {
  const files: (ConfigFile & { lines: string[] })[] = [];
  let activeProfile: string | undefined;
  for (const [name, ...fields] of records) {
    if (name === "config") {
      const [path = "", executable, enabled] = fields;
      files.push({
        path,
        isExecutable: present(executable) !== undefined,
        isEnabled: present(enabled) !== undefined,
        lines: [],
      });
    }
    if (name === "config-line") files.at(-1)?.lines.push(fields.join(" "));
    if (name === "nm-profile") activeProfile = present(fields[0]);
  }
  return { files, ...(activeProfile === undefined ? {} : { activeProfile }) };
}
