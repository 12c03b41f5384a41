import assert from "node:assert/strict";
import { labArguments, nextArguments } from "../../../lab/boot-loader.js";

const id = "0123456789abcdef0123456789abcdef";

describe("the lab's boot loader", () => {
  it("takes from the host's entry what is not the lab's own", () => {
    assert.deepEqual(nextArguments(`${labArguments(id).join(" ")} quiet intel_iommu=on iommu=pt`, id), [
      "quiet",
      "intel_iommu=on",
      "iommu=pt",
    ]);
    assert.deepEqual(nextArguments("root=UUID=1-2 ro console=tty0", id), []);
  });

  it("leaves the arguments as they are on a host without a boot loader of its own", () => {
    assert.equal(nextArguments("\n", id), undefined);
  });
});
