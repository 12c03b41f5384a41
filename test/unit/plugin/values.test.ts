import assert from "node:assert/strict";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Secrets, fromStruct, toStruct } from "../../../provider/plugin/values.js";
import { type Values, unknown } from "../../../provider/resources/lifecycle.js";
import { secret, struct, unknownText } from "./plugin-under-test.js";

const output = (fields: object) => ({
  "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4",
  ...fields,
});

describe("the wire of the plugin", () => {
  it("turns what stands for an unknown value of any type into one, at any depth", () => {
    const values = fromStruct(
      struct({ text: unknownText, vfs: [{ vlan: "3eeb2bf0-c639-47a8-9e75-3b44932eb421" }], list: output({}) }),
    );
    assert.deepEqual(values, { text: unknown, vfs: [{ vlan: unknown }], list: unknown });
    assert.deepEqual(toStruct(values).toJavaScript(), {
      text: unknownText,
      vfs: [{ vlan: unknownText }],
      list: unknownText,
    });
  });

  it("brings secrets back at their places, and their text wherever else it turns up", () => {
    const secrets = new Secrets();
    const values = fromStruct(
      struct({ vlan: secret(7), mac: output({ value: "52:54:00:00:00:01", secret: true }) }),
      secrets,
    );
    assert.deepEqual(values, { vlan: 7, mac: "52:54:00:00:00:01" });
    const state = { vlan: 8, declared: { mac: "52:54:00:00:00:01", vlan: 7 } };
    assert.deepEqual(toStruct(state, secrets).toJavaScript(), {
      vlan: secret(8),
      declared: { mac: secret("52:54:00:00:00:01"), vlan: 7 },
    });
  });

  it("marks a secret once, however deep others are in it", () => {
    const secrets = new Secrets();
    const given = { host: secret({ uri: "u", ssh: secret({ password: secret("letmein-please") }) }) };
    const values = fromStruct(struct(given), secrets);
    assert.deepEqual(values, { host: { uri: "u", ssh: { password: "letmein-please" } } });
    assert.deepEqual(toStruct(values, secrets).toJavaScript(), {
      host: secret({ uri: "u", ssh: { password: "letmein-please" } }),
    });
  });

  it("takes null for unset, and drops what is undefined: a Struct cannot hold it", () => {
    assert.deepEqual(fromStruct(struct({ vlan: null, host: { ssh: null } })), { host: {} });
    assert.deepEqual(toStruct({ vlan: undefined, host: { ssh: undefined } }).toJavaScript(), { host: {} });
  });

  it("brings any JSON back as it was", () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }));
    fc.assert(
      fc.property(json, (value) => {
        const plain = JSON.parse(
          JSON.stringify(value, (_key, item: unknown) => (item === null ? undefined : item)),
        ) as Values;
        if (JSON.stringify(plain).includes("null") || "__proto__" in Object(plain)) return;
        assert.deepEqual(fromStruct(Struct.deserializeBinary(toStruct(plain).serializeBinary())), plain);
      }),
    );
  });
});
