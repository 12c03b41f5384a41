// The lab of the end-to-end tests: prepare.ts starts it early, the tests find it running. Another name lets two checkouts test
// on one machine at the same time.
export const e2eLab = { name: process.env["E2E_LAB"] ?? "e2e", pfs: 4 };

// For programs that are written for one test: checking their types takes seconds in each run, and nobody learns from it. The
// examples' types are checked, and so are those of the SDK.
export const untyped = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };
