// Private keys: encrypted or not, told by the format.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { newEd25519 } from "./ed25519.js";
import { isEncryptedKey, parseIdentity } from "../../../provider/transport/ssh-keys.js";

const openSsh = newEd25519;
const pem = (type: "pkcs1" | "pkcs8", passphrase?: string) =>
  generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
    type,
    format: "pem",
    ...(passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase }),
  } as never) as unknown as string;

describe("isEncryptedKey", () => {
  it("reads OpenSSH's cipher name", () => {
    assert.equal(isEncryptedKey(openSsh().private), false);
    assert.equal(isEncryptedKey(openSsh("secret").private), true);
  });

  it("reads PEM's marks", () => {
    assert.equal(isEncryptedKey(pem("pkcs1")), false);
    assert.equal(isEncryptedKey(pem("pkcs1", "secret")), true);
    assert.equal(isEncryptedKey(pem("pkcs8", "secret")), true);
  });

  it("takes what is cut short for not encrypted, without an error of its own", () => {
    const text = openSsh("secret").private;
    assert.equal(isEncryptedKey(`${text.slice(0, 60)}\n-----END`), false);
  });
});

describe("parseIdentity", () => {
  it("knows the public half of an encrypted OpenSSH key without the passphrase", () => {
    const pair = openSsh("secret");
    const identity = parseIdentity("key", pair.private, undefined);
    assert.equal(identity.privateKey, undefined);
    assert.equal(identity.isEncrypted, true);
    assert.equal(identity.publicKey?.toString("base64"), pair.public.split(" ")[1]);
  });

  it("opens it with the passphrase, and says when that is the wrong one", () => {
    const pair = openSsh("secret");
    assert.ok(parseIdentity("key", pair.private, "secret").privateKey);
    assert.throws(() => parseIdentity("key", pair.private, "wrong"), { kind: "invalid-input", message: /passphrase/ });
  });

  it("takes a passphrase that nothing asks for", () => {
    assert.ok(parseIdentity("key", openSsh().private, "unneeded").privateKey);
    assert.ok(parseIdentity("key", pem("pkcs1"), "unneeded").privateKey);
  });

  it("names the key, not its text, when it is none", () => {
    assert.throws(
      () => parseIdentity("ssh.privateKey", "hunter2", undefined),
      (error: Error) => {
        assert.match(error.message, /ssh\.privateKey/);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      },
    );
  });
});
