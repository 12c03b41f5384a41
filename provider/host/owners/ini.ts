// Files of sections and keys: systemd's and NetworkManager's. A section may come several times, as [SR-IOV] does.

export type Entry = { key: string; value: string; line: number };
export type Section = { name: string; line: number; entries: Entry[] };

export function parseIni(lines: readonly string[]): Section[] {
  const sections: Section[] = [];
  lines.forEach((text, index) => {
    const line = index + 1;
    const trimmed = text.trim();
    if (trimmed === "" || /^[#;]/.test(trimmed)) return;
    const header = /^\[(.*)\]$/.exec(trimmed);
    if (header) return void sections.push({ name: header[1] ?? "", line, entries: [] });
    const at = trimmed.indexOf("=");
    if (at < 0) return;
    sections.at(-1)?.entries.push({ key: trimmed.slice(0, at).trim(), value: trimmed.slice(at + 1).trim(), line });
  });
  return sections;
}

/** The values of a key that may be given several times; an empty one takes back those before it, as systemd has it. */
export function listOf(entries: readonly Entry[], key: string): string[] | undefined {
  const values = entries.filter((entry) => entry.key === key).map(({ value }) => value);
  if (values.length === 0) return undefined;
  return values.slice(values.lastIndexOf("") + 1).flatMap((value) => value.split(/\s+/));
}

/** The last one wins. */
export const last = (entries: readonly Entry[], key: string): Entry | undefined =>
  entries.findLast((entry) => entry.key === key);
