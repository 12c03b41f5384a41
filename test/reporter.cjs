// mocha's spec reporter that also leaves its figures and what failed in the file COUNTS_FILE, for test/run.ts to add up.
"use strict";
const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = [];
    const failed = [];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    // A retry does not exist here, so each one is a test, or a hook that counts as one.
    runner.on("fail", (test, error) => failed.push({ title: test.fullTitle(), why: error?.stack ?? String(error) }));
    runner.once("end", () => {
      const { passes } = this.stats;
      if (process.env.COUNTS_FILE) {
        writeFileSync(process.env.COUNTS_FILE, JSON.stringify({ passed: passes, failed, skipped }));
      }
    });
  }
};
