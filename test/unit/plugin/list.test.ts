// What the engine is answered when it asks which resources a host has: pages, and what cannot be asked.
import assert from "node:assert/strict";
import { ListRequest, type ListResponse } from "@pulumi/pulumi/proto/provider_pb";
import { pageOf } from "../../../provider/plugin/list.js";
import { type Plugin, startPlugin, struct, unknownText } from "./plugin-under-test.js";

describe("a list of resources", () => {
  let plugin: Plugin;
  before(async () => (plugin = await startPlugin({})));
  after(() => plugin.stop());

  const request = (token: string, query: object = {}) => {
    const made = new ListRequest();
    made.setToken(token);
    made.setQuery(struct(query));
    return made;
  };

  it("is refused without a host, and for what no resource is", async () => {
    await assert.rejects(
      plugin.list(request("sriov:index:VfConfig")),
      /host.*\nThe host is the provider's too: SRIOV_URI=/s,
    );
    await assert.rejects(plugin.list(request("sriov:index:Vf")), /no resource "sriov:index:Vf"/);
    const host = { uri: "qemu+ssh://root@kvm1/system" };
    await assert.rejects(
      plugin.list(request("sriov:index:VfConfig", { host, domain: "web" })),
      /domain: no such property/,
    );
  });

  it("is not known before its query is", async () => {
    const [answer, ...others] = await plugin.list(request("sriov:index:VfConfig", { host: { uri: unknownText } }));
    assert.deepEqual(answer?.computed, {});
    assert.deepEqual(others, []);
  });

  it("comes in pages of the size asked for, up to the limit, each of which says how to get the next", () => {
    const found = ["a", "b", "c", "d", "e"].map((id) => ({ id, name: id }));
    const pages: string[][] = [];
    let token = "";
    do {
      const page = new ListRequest();
      page.setLimit(4);
      page.setPageSize(3);
      page.setContinuationToken(token);
      const answers = pageOf(found, page).map((answer: ListResponse) => answer.toObject());
      pages.push(answers.flatMap(({ result }) => (result ? [result.id] : [])));
      token = answers.at(-1)?.continuation?.continuationToken ?? "";
    } while (token !== "");
    assert.deepEqual(pages, [["a", "b", "c"], ["d"]]);
    assert.equal(pageOf(found, new ListRequest()).length, 5);
    const wrong = new ListRequest();
    wrong.setContinuationToken("next");
    assert.throws(() => pageOf(found, wrong), /no such page: "next"/);
  });
});
