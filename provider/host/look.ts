// Shell functions that look at sysfs. Those that leave their answer in a variable start no process: with 64 VFs a process for
// each value would be most of the time that a reader takes.

/**
 * `look FILE`: the first line, in $text. `aim LINK`: the last part of where it points, in $to. `head_of FOLDER`: the first name in
 * it, in $head. Empty when there is none. `get`, `target` and `first` print the same.
 */
export const lookFunctions = `
look() { text=; { read -r text < "$1"; } 2>/dev/null; }
aim() {
  to=
  if [ -d "$1" ]; then
    cd -P -- "$1" 2>/dev/null && to=\${PWD##*/}
    cd /
  elif [ -h "$1" ]; then
    to=$(readlink "$1")
    to=\${to##*/}
  fi
}
head_of() {
  head=
  for one_there in "$1"/*; do
    [ -e "$one_there" ] || continue
    head=\${one_there##*/}
    return
  done
}
get() { look "$1"; printf '%s' "$text"; }
target() { aim "$1"; printf '%s' "$to"; }
first() { head_of "$1"; printf '%s' "$head"; }
`;
