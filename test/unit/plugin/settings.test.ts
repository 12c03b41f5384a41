// The provider's own settings: from the stack's configuration and the environment, checked, compared, and never in a state.
import assert from "node:assert/strict";
import {
  CheckRequest,
  type CheckResponse,
  DiffRequest,
  DiffResponse,
  InvokeRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { configurationKeys } from "../../../provider/plugin/configuration-keys.js";
import { checkConfiguration, configurationOf } from "../../../provider/plugin/configuration.js";
import { type Plugin, secret, startPlugin, struct } from "./plugin-under-test.js";

const uri = "qemu+ssh://root@kvm1/system";
const urn = "urn:pulumi:dev::web::pulumi:providers:sriov::default";

describe("the provider's settings", () => {
  it("are the fields of a host, and a field is secret exactly when its description says so", () => {
    const names = configurationKeys.map(({ name }) => name);
    for (const name of ["uri", "sshUser", "sshPrivateKey", "sshKnownHosts"]) assert.ok(names.includes(name), name);
    for (const { name, isSecret, description } of configurationKeys) {
      assert.equal(isSecret, description.includes("A secret."), name);
    }
  });

  it("are text in the stack's configuration and the environment, which holds where nothing is configured", () => {
    const environment = {
      SRIOV_URI: "qemu:///system",
      SRIOV_SSH_PORT: "2222",
      SRIOV_SSH_PRIVATE_KEY: "k",
      SRIOV_SSH_USER: "",
    };
    assert.deepEqual(configurationOf({ uri, sshConnectTimeout: "5" }, environment), {
      host: { uri, ssh: { port: 2222, privateKey: "k", connectTimeout: 5 } },
    });
  });

  it("are refused with the name, what was got and what is expected, all at once", () => {
    const failures = checkConfiguration({ version: "1", uri: "kvm1", sshPort: "many", sshUsr: "root" });
    const said = failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
    assert.match(said, /^uri: .*kvm1/m);
    assert.match(said, /^sshPort: expected a whole number from 1 to 65535, got "many"/m);
    assert.match(said, /^sshUsr: no such setting; did you mean "sshUser"\?/m);
    assert.equal(failures.length, 3);
  });

  describe("as the engine asks", () => {
    let plugin: Plugin;
    before(async () => (plugin = await startPlugin({ uri })));
    after(() => plugin.stop());

    it("a key is a secret in the state also where a program forgot to say so", async () => {
      const request = new CheckRequest();
      request.setUrn(urn);
      request.setNews(struct({ uri, sshPassword: "letmein-please" }));
      const response = await plugin.call<CheckRequest, CheckResponse>("checkConfig", request);
      assert.deepEqual(response.getInputs()?.toJavaScript(), { uri, sshPassword: secret("letmein-please") });
    });

    async function diffConfig(olds: object, news: object): Promise<DiffResponse> {
      const request = new DiffRequest();
      request.setUrn(urn);
      request.setOldInputs(struct(olds));
      request.setNews(struct(news));
      return plugin.call<DiffRequest, DiffResponse>("diffConfig", request);
    }

    it("another key or another spelling of the host's address is an update, and replaces no resource", async () => {
      const same = await diffConfig({ uri, version: "0.1.0" }, { uri, version: "0.2.0" });
      assert.equal(same.getChanges(), DiffResponse.DiffChanges.DIFF_NONE);
      const key = await diffConfig({ uri, sshUser: "a" }, { uri: "qemu+ssh://KVM1:22/system", sshUser: "b" });
      assert.equal(key.getChanges(), DiffResponse.DiffChanges.DIFF_SOME);
      assert.deepEqual(key.getDiffsList().sort(), ["sshUser", "uri"]);
      assert.deepEqual(key.getReplacesList(), []);
    });

    it("another address replaces nothing while it cannot be asked whether it is another machine", async () => {
      const away = (port: number) => ({ uri: `qemu+ssh://host${port}.invalid:1/system`, sshConnectTimeout: 1 });
      const response = await diffConfig(away(1), away(2));
      assert.deepEqual(response.getReplacesList(), []);
      assert.ok(plugin.said.some(({ message }) => message.includes("cannot be asked whether it is another machine")));
    });

    it("a function that does not exist is refused, with those that do", async () => {
      const request = new InvokeRequest();
      request.setTok("sriov:index:getHots");
      await assert.rejects(
        plugin.call("invoke", request),
        /no function "sriov:index:getHots".*sriov:index:getPhysicalFunctions/,
      );
    });

    it("a function's arguments are refused with all that is wrong with them", async () => {
      const request = new InvokeRequest();
      request.setTok("sriov:index:getPhysicalFunctions");
      request.setArgs(struct({ hosts: "kvm1" }));
      await assert.rejects(plugin.call("invoke", request), /hosts: no such property; did you mean "host"\?/);
    });
  });
});
