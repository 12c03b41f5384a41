// Where a host's boot loader takes the kernel's arguments from, and how ours get there and go again. Three ways: GRUB's drop-in
// folder (Debian, Ubuntu), grubby (RHEL, Fedora), /etc/kernel/cmdline (systemd-boot, kernel-install, Proxmox).
import { quote } from "../../base/quote.js";

/** GRUB's drop-in of ours: sourced by grub-mkconfig behind /etc/default/grub and most other drop-ins. */
export const grubFile = "/etc/default/grub.d/90-pulumi-sriov.cfg";
/** What we have added, and how: so that exactly that goes again. */
export const recordFile = "/etc/pulumi-sriov/kernel-arguments";
export const cmdlineFile = "/etc/kernel/cmdline";

/** Defines `boot_way` and prints `way`, `next` (the words of the next boot) and `ours` records. Needs `put` and `get`. */
export const readArguments = `
boot_way() {
  if command -v update-grub >/dev/null 2>&1 && [ -e "$R/etc/default/grub" ]; then echo grub
  elif command -v grubby >/dev/null 2>&1; then echo grubby
  elif [ -e "$R${cmdlineFile}" ] || [ -d "$R/boot/loader/entries" ] || [ -d "$R/efi/loader/entries" ] || [ -d "$R/boot/efi/loader/entries" ]; then
    command -v kernel-install >/dev/null 2>&1 || command -v proxmox-boot-tool >/dev/null 2>&1 && echo kernel-cmdline
  fi
}
way=$(boot_way)
put way "$way"
case $way in
grub)
  # What the boot loader reads; before the first update-grub, what it would be made of.
  if [ -e "$R/boot/grub/grub.cfg" ]; then put next "$(sed -n 's/^[[:space:]]*linux[[:space:]]*[^[:space:]]*[[:space:]]*//p' "$R/boot/grub/grub.cfg" | head -n 1 | tr '\\t' ' ')"
  else put next "$(set +u; GRUB_CMDLINE_LINUX= GRUB_CMDLINE_LINUX_DEFAULT=
    for file in "$R/etc/default/grub" "$R"/etc/default/grub.d/*.cfg; do [ -e "$file" ] && . "$file" >/dev/null 2>&1; done
    printf '%s' "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT")"
  fi
  ;;
grubby) put next "$(grubby --info=DEFAULT 2>/dev/null | sed -n 's/^args="\\(.*\\)"$/\\1/p' | head -n 1)" ;;
kernel-cmdline)
  if [ -e "$R${cmdlineFile}" ]; then put next "$(tr '\\n\\t' '  ' < "$R${cmdlineFile}")"; else put next "$(get "$R/proc/cmdline")"; fi
  ;;
esac
put ours "$(sed -n 's/^added //p' "$R${recordFile}" 2>/dev/null)"
`;

/** The words go, the rest of the line stays; as shell text over \`line\` and \`word\`. */
const dropWords = `drop_words() { # LINE WORD...
  kept=
  line=$1
  shift
  set -f
  for word in $line; do
    keep=yes
    for old; do [ "$word" = "$old" ] && keep=; done
    [ -n "$keep" ] && kept="$kept\${kept:+ }$word"
  done
  set +f
  printf '%s' "$kept"
}
`;

/**
 * Makes our arguments exactly these; none takes all of ours away. The boot loader's configuration is made anew; when that
 * fails, the files are as they were. Needs root, and the lock.
 */
export const setArguments = (wanted: readonly string[]): string => `${dropWords}
put() { printf '%s' "$1"; shift; for field; do printf '\\t%s' "\${field:--}"; done; printf '\\n'; }
get() { text=; { read -r text < "$1"; } 2>/dev/null; printf '%s' "$text"; }
${readArguments}
wanted=${quote(wanted.join(" "))}
before=$(sed -n 's/^added //p' "$R${recordFile}" 2>/dev/null)
made=$(sed -n 's/^made //p' "$R${recordFile}" 2>/dev/null)
fail() { echo "$1" >&2; exit 1; }
put_back() { # FILE COPY
  if [ -e "$2" ]; then mv -f "$2" "$1"; else rm -f "$1"; fi
}
replace() { # FILE; the text comes from standard input
  mkdir -p "\${1%/*}"
  rm -f "$1.pulumi-sriov-before"
  if [ -e "$1" ]; then cp -p "$1" "$1.pulumi-sriov-before" && cp -p "$1" "$1.pulumi-sriov-new"; fi
  cat > "$1.pulumi-sriov-new" && mv -f "$1.pulumi-sriov-new" "$1"
}
install_kernels() {
  if command -v proxmox-boot-tool >/dev/null 2>&1; then proxmox-boot-tool refresh >&2; return; fi
  for modules in "$R"/lib/modules/*; do
    version=\${modules##*/}
    for image in "$modules/vmlinuz" "$R/boot/vmlinuz-$version"; do
      [ -e "$image" ] || continue
      kernel-install add "$version" "$image" >&2 || return 1
      break
    done
  done
}
case $way in
grub)
  file=$R${grubFile}
  if [ -n "$wanted" ]; then
    # Not in a folder that is read: grub.d takes *.cfg only, and the copies end otherwise.
    printf '%s\\n' '# Made by pulumi-sriov for a HostSetup; it goes with it.' "GRUB_CMDLINE_LINUX_DEFAULT=\\"\\$GRUB_CMDLINE_LINUX_DEFAULT $wanted\\"" | replace "$file"
  else
    rm -f "$file.pulumi-sriov-before"
    [ -e "$file" ] && mv -f "$file" "$file.pulumi-sriov-before"
  fi
  update-grub >&2 || { put_back "$file" "$file.pulumi-sriov-before"; update-grub >/dev/null 2>&1; fail "update-grub failed; $file is as it was"; }
  rm -f "$file.pulumi-sriov-before"
  ;;
grubby)
  if [ -n "$before" ]; then grubby --update-kernel=ALL --remove-args="$before" >&2 || fail "grubby could not remove $before"; fi
  if [ -n "$wanted" ]; then grubby --update-kernel=ALL --args="$wanted" >&2 || fail "grubby could not add $wanted"; fi
  ;;
kernel-cmdline)
  file=$R${cmdlineFile}
  now=
  if [ -e "$file" ]; then now=$(tr '\\n' ' ' < "$file"); else
    made=yes
    # What kernel-install would use: the words of this boot, without the boot loader's own.
    for word in $(get "$R/proc/cmdline"); do case $word in BOOT_IMAGE=* | initrd=*) ;; *) now="$now\${now:+ }$word" ;; esac; done
  fi
  # shellcheck disable=SC2086
  next=$(drop_words "$now" $before)
  next=$next\${wanted:+ $wanted}
  if [ -z "$wanted" ] && [ "$made" = yes ]; then
    rm -f "$file.pulumi-sriov-before"
    [ -e "$file" ] && mv -f "$file" "$file.pulumi-sriov-before"
  else printf '%s\\n' "$next" | replace "$file"
  fi
  install_kernels || { put_back "$file" "$file.pulumi-sriov-before"; install_kernels; fail "kernel-install failed; $file is as it was"; }
  rm -f "$file.pulumi-sriov-before"
  ;;
*) fail "no boot loader that we know takes its arguments from files here (update-grub, grubby, /etc/kernel/cmdline)" ;;
esac
if [ -n "$wanted" ]; then
  { printf '%s\\n' '# What pulumi-sriov added to the arguments of the kernel, for a HostSetup.' "way $way" "added $wanted"; [ "$made" = yes ] && echo 'made yes'; true; } | replace "$R${recordFile}"
else
  rm -f "$R${recordFile}"
  rmdir "$R/etc/pulumi-sriov" 2>/dev/null
fi
rm -f "$R${recordFile}.pulumi-sriov-before"
exit 0
`;
