// Every interface of a program looks at the same few documents: the host's capabilities (tens of kilobytes), its VMs, its networks.

const most = 64;
/** Nothing that libvirt prints of these is longer; what a hostile one sends is not kept. */
const longest = 256 * 1024;

/** The same parser, which keeps what it made of the last documents. Its answers are frozen: they are everybody's. */
export function rememberingRecent<T extends object>(parse: (xml: string) => T): (xml: string) => T {
  const known = new Map<string, T>();
  return (xml) => {
    const parsed = known.get(xml) ?? frozen(parse(xml));
    // The one that was used last goes to the end.
    known.delete(xml);
    if (xml.length <= longest) known.set(xml, parsed);
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
    return parsed;
  };
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
