// What the nested types of a resource are called: after the path to them, `VfConfigVf` for an item of `vfs`.
const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const typeName = (owner: string, key: string): string =>
  // The host is the same type everywhere.
  key === "host" ? "Host" : `${owner}${pascal(key.endsWith("s") ? key.slice(0, -1) : key)}`;
