// Where a host's boot loader takes the kernel's arguments from, and how ours get there and go again. Three ways: GRUB's drop-in
// folder (Debian, Ubuntu), grubby (RHEL, Fedora), /etc/kernel/cmdline (systemd-boot, kernel-install, Proxmox).
import { quote } from "../../base/quote.js";
import { rewriteFunction } from "../script.js";

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
export const setArguments = (wanted: readonly string[]): string => `${dropWords}${rewriteFunction}
put() { printf '%s' "$1"; shift; for field; do printf '\\t%s' "\${field:--}"; done; printf '\\n'; }
get() { text=; { read -r text < "$1"; } 2>/dev/null; printf '%s' "$text"; }
${readArguments}
wanted=${quote(wanted.join(" "))}
before=$(sed -n 's/^added //p' "$R${recordFile}" 2>/dev/null)
made=$(sed -n 's/^made //p' "$R${recordFile}" 2>/dev/null)
fail() { echo "$1" >&2; exit 1; }
last() { printf '%s\\n' "$1" | tail -n 1; }
copy_of() { printf '%s' "$1.pulumi-sriov-before"; }
# A link to what was there takes no room and cannot be half of it.
keep() { # FILE
  rm -f "$(copy_of "$1")"
  [ -e "$1" ] || return 0
  ln "$1" "$(copy_of "$1")" 2>/dev/null || cp -p "$1" "$(copy_of "$1")" || { rm -f "$(copy_of "$1")"; return 1; }
}
put_back() { # FILE
  if [ -e "$(copy_of "$1")" ]; then mv -f "$(copy_of "$1")" "$1"; else rm -f "$1"; fi
}
forget() { rm -f "$(copy_of "$1")"; }
replace() { # FILE; the text comes from standard input
  mkdir -p "\${1%/*}" || return 1
  keep "$1" || return 1
  rewrite "$1.pulumi-sriov-new" "$1" || { forget "$1"; return 1; }
}
take_out() { # FILE
  keep "$1" && rm -f "$1"
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
record=$R${recordFile}
# Of what is begun the record says everything: it comes first, and goes last.
if [ -n "$wanted" ] && [ "$way" = kernel-cmdline ] && [ ! -e "$R${cmdlineFile}" ]; then made=yes; fi
if [ -n "$wanted" ]; then
  said=$({ printf '%s\\n' '# What pulumi-sriov added to the arguments of the kernel, for a HostSetup.' "way $way" "added $wanted"; [ "$made" = yes ] && echo 'made yes'; true; } | replace "$record" 2>&1) || fail "$record cannot be written ($said); nothing was changed"
fi
undo() { # REASON; the record too is as it was
  [ -n "$wanted" ] && put_back "$record"
  fail "$1"
}
case $way in
grub)
  file=$R${grubFile}
  if [ -n "$wanted" ]; then
    # Not in a folder that is read: grub.d takes *.cfg only, and the copies end otherwise.
    said=$(printf '%s\\n' '# Made by pulumi-sriov for a HostSetup; it goes with it.' "GRUB_CMDLINE_LINUX_DEFAULT=\\"\\$GRUB_CMDLINE_LINUX_DEFAULT $wanted\\"" | replace "$file" 2>&1) || undo "$file cannot be written ($said); nothing was changed"
  else
    take_out "$file" || undo "$file cannot be taken away"
  fi
  said=$(update-grub 2>&1) || { put_back "$file"; update-grub >/dev/null 2>&1; undo "update-grub failed ($(last "$said")); $file is as it was"; }
  forget "$file"
  ;;
grubby)
  if [ -n "$before" ]; then grubby --update-kernel=ALL --remove-args="$before" >&2 || undo "grubby could not remove $before"; fi
  if [ -n "$wanted" ]; then grubby --update-kernel=ALL --args="$wanted" >&2 || undo "grubby could not add $wanted"; fi
  ;;
kernel-cmdline)
  file=$R${cmdlineFile}
  now=
  if [ -e "$file" ]; then now=$(tr '\\n' ' ' < "$file"); else
    # What kernel-install would use: the words of this boot, without the boot loader's own.
    for word in $(get "$R/proc/cmdline"); do case $word in BOOT_IMAGE=* | initrd=*) ;; *) now="$now\${now:+ }$word" ;; esac; done
  fi
  # shellcheck disable=SC2086
  next=$(drop_words "$now" $before)
  next=$next\${wanted:+ $wanted}
  if [ -z "$wanted" ] && [ "$made" = yes ]; then take_out "$file" || undo "$file cannot be taken away"
  else said=$(printf '%s\\n' "$next" | replace "$file" 2>&1) || undo "$file cannot be written ($said); nothing was changed"
  fi
  said=$(install_kernels 2>&1) || { put_back "$file"; install_kernels >/dev/null 2>&1; undo "kernel-install failed ($(last "$said")); $file is as it was"; }
  forget "$file"
  ;;
*) undo "no boot loader that we know takes its arguments from files here (update-grub, grubby, /etc/kernel/cmdline)" ;;
esac
if [ -z "$wanted" ]; then
  rm -f "$record"
  rmdir "$R/etc/pulumi-sriov" 2>/dev/null
fi
forget "$record"
exit 0
`;
