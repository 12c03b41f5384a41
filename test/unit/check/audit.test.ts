import assert from "node:assert/strict";
import { verdictOf } from "../../check/audit.js";

/** As npm 11 prints them. */
const report = (...severities: string[]) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(
      severities.map((severity, i) => [
        `p${i}`,
        { name: `p${i}`, severity, range: "<1.2.3", via: ["q", { title: "Prototype pollution", url: "https://x/1" }] },
      ]),
    ),
  });
const noEndpoint = (statusCode: number) =>
  JSON.stringify({
    message: `${statusCode} Method Not Allowed - POST https://user:token@npm.example.com/-/npm/v1/security/advisories/bulk`,
    statusCode,
    body: "",
    error: { summary: "", detail: "" },
  });

describe("the audit of what a user installs", () => {
  it("fails for findings of level high and critical, and shows the lower ones", () => {
    assert.deepEqual(verdictOf(report()), { isFine: true, lines: ["no known vulnerabilities"] });
    assert.equal(verdictOf(report("low", "moderate")).isFine, true);
    for (const severity of ["high", "critical"]) {
      const { isFine, lines } = verdictOf(report("low", severity));
      assert.equal(isFine, false);
      assert.equal(lines[1], `${severity}: p1 <1.2.3: through q; Prototype pollution (https://x/1)`);
    }
  });

  it("says that a registry without advisories was not asked, without its address, and does not fail", () => {
    for (const answer of [
      noEndpoint(405),
      noEndpoint(404),
      JSON.stringify({ message: "request to https://npm.example.com/-/npm failed, reason: getaddrinfo ENOTFOUND" }),
    ]) {
      const { isFine, lines } = verdictOf(answer);
      assert.equal(isFine, true);
      assert.match(lines.join(), /^NOT ASKED for vulnerabilities/);
      assert.doesNotMatch(lines.join(), /example|token/);
    }
  });

  it("never takes an answer that it does not understand for no findings", () => {
    for (const answer of [
      "",
      "<html>",
      "{}",
      '{"error":{"code":"ENOLOCK","summary":"This command requires a lockfile"}}',
    ]) {
      assert.equal(verdictOf(answer).isFine, false, answer);
    }
  });
});
