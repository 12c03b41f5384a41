// Which certificates qemu+tls uses: those of the program, else the files where libvirt's own client looks (docs/tlscerts.rst).
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { SriovError } from "../base/errors.js";
import { expandHome } from "../transport/ssh-config.js";
import type { PemText, TlsCredentials } from "../transport/tls.js";

/** Each is PEM text or the path of a file with it. */
export type TlsInputs = {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  noVerify?: boolean | undefined;
};

type Files = { ca: string; crl: string; cert: string; key: string };

export const systemFolder = "/etc/pki";

const inSystem = (root: string): Files => ({
  ca: join(root, "CA/cacert.pem"),
  crl: join(root, "CA/cacrl.pem"),
  cert: join(root, "libvirt/clientcert.pem"),
  key: join(root, "libvirt/private/clientkey.pem"),
});
const inOne = (folder: string): Files => ({
  ca: join(folder, "cacert.pem"),
  crl: join(folder, "cacrl.pem"),
  cert: join(folder, "clientcert.pem"),
  key: join(folder, "clientkey.pem"),
});

export type WhereToLook = { pkiPath?: string | undefined; isRoot?: boolean; system?: string };

/** What the program gives goes first, each for itself; a certificate and its key come from one place. */
export async function readCertificates(
  doing: string,
  given: TlsInputs,
  { pkiPath, isRoot = process.getuid?.() === 0, system = systemFolder }: WhereToLook,
): Promise<TlsCredentials> {
  // As libvirt: root has no certificates of its own, and pkipath takes the place of everything.
  const places =
    pkiPath !== undefined
      ? [inOne(expandHome(pkiPath))]
      : [...(isRoot ? [] : [inOne(join(homedir(), ".pki/libvirt"))]), inSystem(system)];
  const noVerify = given.noVerify === true;
  const ca = given.ca !== undefined ? await readPem(doing, "tls.ca", given.ca) : await firstOf(doing, places, "ca");
  if (ca === undefined && !noVerify) {
    const looked = places.map((files) => files.ca).join(", ");
    throw new SriovError(
      "not-found",
      `${doing}: there is no certificate of a CA to verify it with (looked for ${looked})`,
      {
        remedy: "Put the CA's certificate there, or set tls.ca to it.",
      },
    );
  }
  const crl = given.ca === undefined ? await firstOf(doing, places, "crl") : undefined;
  const client = await readClient(doing, given, places);
  return { ca: ca ?? { text: "", from: "no CA" }, crl, client, noVerify };
}

async function readClient(doing: string, given: TlsInputs, places: Files[]): Promise<TlsCredentials["client"]> {
  const { cert, key } = given;
  if ((cert === undefined) !== (key === undefined)) {
    throw new SriovError("invalid-input", `host.tls: expected cert and key together, got only ${key ? "key" : "cert"}`);
  }
  if (cert !== undefined && key !== undefined) {
    return { cert: await readPem(doing, "tls.cert", cert), key: await readPem(doing, "tls.key", key) };
  }
  for (const files of places) {
    const [found, itsKey] = await Promise.all([readIfThere(doing, files.cert), readIfThere(doing, files.key)]);
    if (found && itsKey) return { cert: found, key: itsKey };
  }
  return undefined;
}

async function readPem(doing: string, property: string, value: string): Promise<PemText> {
  if (value.includes("-----BEGIN ")) return { text: value, from: property };
  const file = expandHome(value);
  const read = await readIfThere(doing, file);
  if (!read) throw new SriovError("not-found", `${doing}: cannot read ${property}: there is no file ${file}`);
  return read;
}

async function firstOf(doing: string, places: Files[], which: keyof Files): Promise<PemText | undefined> {
  for (const files of places) {
    const found = await readIfThere(doing, files[which]);
    if (found) return found;
  }
  return undefined;
}

async function readIfThere(doing: string, file: string): Promise<PemText | undefined> {
  try {
    return { text: await readFile(file, "utf8"), from: file };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new SriovError("permission-denied", `${doing}: cannot read ${file}: ${message}`, { cause });
  }
}
