import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readCertificates } from "../../../provider/libvirt/certificates.js";

describe("the certificates of qemu+tls", () => {
  let folder: string;
  const home = process.env["HOME"];
  const at = (path: string) => join(folder, path);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sriov-pki-"));
    process.env["HOME"] = at("home");
  });
  afterEach(async () => {
    if (home !== undefined) process.env["HOME"] = home;
    await rm(folder, { recursive: true, force: true });
  });
  const files = async (...paths: string[]) => {
    for (const path of paths) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), path);
    }
  };
  const system = ["pki/CA/cacert.pem", "pki/libvirt/clientcert.pem", "pki/libvirt/private/clientkey.pem"];
  const mine = ["cacert.pem", "clientcert.pem", "clientkey.pem"].map((name) => `home/.pki/libvirt/${name}`);
  const find = async (given = {}, more = {}) => {
    const { ca, client } = await readCertificates("Cannot", given, { isRoot: false, system: at("pki"), ...more });
    return [ca.text, client?.cert.text, client?.key.text];
  };

  it("are the user's, then the system's", async () => {
    await files(...system);
    assert.deepEqual(await find(), system);
    await files(...mine);
    assert.deepEqual(await find(), mine);
  });

  it("are the system's for root", async () => {
    await files(...system, ...mine);
    assert.deepEqual(await find({}, { isRoot: true }), system);
  });

  it("are a pair: a certificate without a key is none", async () => {
    await files(...system, ...mine.slice(0, 2));
    assert.deepEqual(await find(), [mine[0], ...system.slice(1)]);
  });

  it("are those of pkipath and of no other place", async () => {
    await files(...system, ...mine, "p/cacert.pem");
    assert.deepEqual(await find({}, { pkiPath: at("p") }), ["p/cacert.pem", undefined, undefined]);
  });

  it("are the program's, as text or as files", async () => {
    await files(...system, "my.pem");
    const ca = "-----BEGIN CERTIFICATE-----\nca";
    assert.deepEqual(await find({ ca, cert: at("my.pem"), key: at("my.pem") }), [ca, "my.pem", "my.pem"]);
    await assert.rejects(find({ ca: at("none.pem") }), { kind: "not-found", message: /tls\.ca: there is no file/ });
    await assert.rejects(find({ ca, cert: ca }), { kind: "invalid-input", message: /cert and key together/ });
  });

  it("need a CA, unless nothing is verified; and say where they were looked for", async () => {
    await assert.rejects(find(), (error: Error) => {
      assert.match(error.message, /there is no certificate of a CA/);
      assert.ok(error.message.includes(at(mine[0] ?? "")) && error.message.includes(at(system[0] ?? "")));
      return true;
    });
    assert.deepEqual(await find({ noVerify: true }), ["", undefined, undefined]);
  });
});
