// Which fields of `host` are secrets: whatever a program says of them, they are encrypted in state and never shown.
const names = ["privateKey", "passphrase", "password"];

/** Whether the place in a resource's properties, `["host", "ssh", "privateKey"]`, is a credential's. */
export function isCredential(path: readonly PropertyKey[]): boolean {
  const name = path.at(-1);
  if (path[0] !== "host") return false;
  return names.some((known) => known === name) || (name === "key" && path.at(-2) === "tls");
}

/** Whether there is anything in a `host` that nobody should see. */
export function holdsCredential(host: unknown, path: readonly string[] = ["host"]): boolean {
  if (host === undefined || host === null) return false;
  if (isCredential(path)) return true;
  return typeof host === "object" && Object.entries(host).some(([key, item]) => holdsCredential(item, [...path, key]));
}
