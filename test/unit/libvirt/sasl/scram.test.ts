import assert from "node:assert/strict";
import { startConversation } from "../../../../provider/libvirt/sasl/mechanism.js";
import { ScramConversation, type ScramMechanism } from "../../../../provider/libvirt/sasl/scram.js";

type Vector = { mechanism: ScramMechanism; nonce: string; messages: [first: string, serverFirst: string, final: string, serverFinal: string] }; // prettier-ignore

const vectors: { [from: string]: Vector } = {
  "RFC 5802, section 5": {
    mechanism: "SCRAM-SHA-1",
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
    messages: [
      "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ],
  },
  "RFC 7677, section 3": {
    mechanism: "SCRAM-SHA-256",
    nonce: "rOprNGfwEbeRWgbNEkqO",
    messages: [
      "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ],
  },
};
const user = { username: "user", password: "pencil" };
const text = (buffer: Buffer | undefined) => buffer?.toString();

describe("SCRAM", () => {
  for (const [from, { mechanism, nonce, messages }] of Object.entries(vectors)) {
    it(`${mechanism} says what the example of ${from} says`, async () => {
      const talk = new ScramConversation(mechanism, user, nonce);
      assert.equal(text(talk.first), messages[0]);
      assert.equal(text(await talk.answer(Buffer.from(messages[1]))), messages[2]);
      assert.equal(talk.isDone, false);
      assert.equal(await talk.answer(Buffer.from(messages[3])), undefined);
      assert.equal(talk.isDone, true);
    });
  }

  const { nonce, messages } = vectors["RFC 7677, section 3"] as Vector;
  const start = () => new ScramConversation("SCRAM-SHA-256", user, nonce);

  it("refuses a server that does not know the password", async () => {
    const talk = start();
    await talk.answer(Buffer.from(messages[1]));
    await assert.rejects(talk.answer(Buffer.from("v=AAAA")), { kind: "refused", message: /may not be the host/ });
    assert.equal(talk.isDone, false);
  });

  it("takes the server's refusal for one", async () => {
    const talk = start();
    await talk.answer(Buffer.from(messages[1]));
    await assert.rejects(talk.answer(Buffer.from("e=invalid-proof")), { kind: "permission-denied" });
  });

  for (const [what, message] of [
    ["another nonce than ours", messages[1].replace("rOpr", "xxxx")],
    ["a nonce that adds nothing", `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ["too few iterations", messages[1].replace("4096", "1")],
    ["iterations that would take for ever", messages[1].replace("4096", "4000000000")],
    ["no salt", messages[1].replace(/s=[^,]*/, "s=")],
    ["an extension that is not known", `m=x,${messages[1]}`],
    ["nonsense", "hello"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(start().answer(Buffer.from(message)), { kind: "remote-failure" });
    });
  }

  it("escapes the user name, and makes one form of what looks the same", () => {
    const first = (username: string) =>
      text(new ScramConversation("SCRAM-SHA-1", { username, password: "x" }, "n").first);
    assert.equal(first("a=b,c"), "n,,n=a=3Db=2Cc,r=n");
    assert.equal(first("ju\u0308rgen\u00ad"), "n,,n=j\u00fcrgen,r=n");
    assert.throws(() => first("a\u0000b"), { kind: "invalid-input", message: /host\.sasl\.username/ });
    assert.throws(() => new ScramConversation("SCRAM-SHA-1", { username: "x", password: "hunter\u0007" }), (error: Error) => !error.message.includes("hunter")); // prettier-ignore
  });

  it("has a new nonce each time", () => {
    const [one, two] = [1, 2].map(() => text(new ScramConversation("SCRAM-SHA-1", user).first));
    assert.notEqual(one, two);
  });
});

describe("the SASL mechanism", () => {
  const choose = (offered: string, more: object = {}) =>
    startConversation("cannot", { offered, credentials: user, isPrivate: true, ...more });

  it("is the strongest of those that are offered, or the one that the URI names", () => {
    const offered = "plain,scram-sha-1 SCRAM-SHA-256";
    assert.equal(choose(offered).mechanism, "SCRAM-SHA-256");
    assert.equal(choose(offered, { wanted: "scram-sha-1" }).mechanism, "SCRAM-SHA-1");
    assert.throws(() => choose(offered, { wanted: "GSSAPI" }), { kind: "unsupported" });
  });

  it("is PLAIN only where nobody listens in", () => {
    const talk = choose("PLAIN");
    assert.equal(text(talk.first), "\0user\0pencil");
    assert.throws(() => choose("PLAIN", { isPrivate: false }), { kind: "refused", message: /plain text/ });
  });
});
