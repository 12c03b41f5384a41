// Shell text that tells "there is no such file" (ENOENT, ENOTDIR) from "we may not look" (EACCES), without reading messages.

/** Defines `gone PATH`: true when no such file exists; false when it does, or when a folder on the way may not be searched. */
export const goneFunction =
  'gone() { d=$1; while [ -n "$d" ] && [ ! -e "$d" ]; do d=${d%/*}; done; ' +
  '[ "$d" != "$1" ] && { [ ! -d "${d:-/}" ] || [ -x "${d:-/}" ]; }; }; ';

/** The exit code of scripts for what is gone: no program of ours uses it. */
export const goneExitCode = 44;
