// Shell patterns as udev, systemd, netplan and NetworkManager use them: fnmatch(3) without flags, `*` takes a slash too.

export function matchesGlob(pattern: string, text: string): boolean {
  let source = "";
  for (let i = 0; i < pattern.length; i += 1) {
    const character = pattern.charAt(i);
    const end = character === "[" ? pattern.indexOf("]", i + 2) : -1;
    if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else if (end > 0) {
      const set = pattern
        .slice(i + 1, end)
        .replace(/^!/, "^")
        .replaceAll("\\", "\\\\");
      source += `[${set}]`;
      i = end;
    } else source += character.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  }
  return new RegExp(`^${source}$`, "s").test(text);
}

export const matchesAny = (patterns: readonly string[], texts: readonly string[]): boolean =>
  patterns.some((pattern) => texts.some((text) => matchesGlob(pattern, text)));
