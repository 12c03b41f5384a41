// Which of the files at our paths are ours: whoever wrote another one there keeps it. A part of the scripts that read, install
// and remove, so that all see the same.

/**
 * Defines `own FILE`: a file that we wrote, by what stands in its first lines; a plan also by its first word, so that one
 * whose comments were edited away is still ours. A link is not: `-> /dev/null` is how an administrator switches a file off.
 */
export const ownFunction = `own() {
  [ -f "$1" ] && [ ! -h "$1" ] && head -n 3 "$1" | grep -q -e pulumi-sriov -e '^pf [0-9a-z]'
}
there() { [ -e "$1" ] || [ -h "$1" ]; }
`;
