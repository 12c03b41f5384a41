/** A known_hosts line for a host key at a local port: strict checking works from the first connection on. */
export function knownHostsLine(port: number, hostKey: string): string {
  const [type = "", key = ""] = hostKey.trim().split(" ");
  return `[127.0.0.1]:${port} ${type} ${key}\n`;
}
