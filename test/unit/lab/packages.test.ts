import assert from "node:assert/strict";
import { isMissing, newerQemu, parseOsRelease, upstreamMajor, withKeyring } from "../../../lab/packages.js";

describe("which packages a machine lacks", () => {
  const majors: [string, number][] = [
    ["1:7.2+dfsg-7+deb12u13", 7],
    ["1:10.0.2+ds-2+deb13u1~bpo12+1", 10],
    ["1:8.2.2+ds-0ubuntu1.4", 8],
    ["1.3.5-1", 1],
  ];
  for (const [version, major] of majors) {
    it(`reads ${major} out of version ${version}`, () => assert.equal(upstreamMajor(version), major));
  }

  it("counts a QEMU older than 8 as missing: it has no igb", () => {
    assert.equal(isMissing("qemu-system-x86", "1:7.2+dfsg-7"), true);
    assert.equal(isMissing("qemu-system-x86", "1:8.2.2+ds-0ubuntu1"), false);
  });

  it("takes any version of the other packages", () => {
    assert.equal(isMissing("mmdebstrap", "0.8.4-1"), false);
    assert.equal(isMissing("mmdebstrap", undefined), true);
  });

  it("adds Debian's archive keys for mmdebstrap where they do not come with the system", () => {
    assert.deepEqual(withKeyring(["mmdebstrap"], { id: "ubuntu", codename: "noble" }), [
      "mmdebstrap",
      "debian-archive-keyring",
    ]);
    assert.deepEqual(withKeyring(["mmdebstrap"], { id: "debian", codename: "bookworm" }), ["mmdebstrap"]);
  });

  it("finds a newer QEMU for Debian in its backports", () => {
    assert.match(newerQemu({ id: "debian", codename: "bookworm" }).text, /^Suites: bookworm-backports$/m);
  });

  it("refuses a distribution that has no newer QEMU, naming the version it needs", () => {
    assert.throws(() => newerQemu({ id: "ubuntu", codename: "focal" }), /focal is older than 8/);
  });

  it("reads the distribution with and without quotes", () => {
    assert.deepEqual(parseOsRelease('NAME="Debian"\nVERSION_CODENAME=bookworm\nID=debian\n'), {
      id: "debian",
      codename: "bookworm",
    });
    assert.deepEqual(parseOsRelease('ID="ubuntu"\nID_LIKE=debian\nVERSION_CODENAME="noble"\n'), {
      id: "ubuntu",
      codename: "noble",
    });
  });
});
