// The lab of the end-to-end tests: prepare.ts starts it early, the tests find it running. With E2E_LAB several runs on one machine
// have one each.
export const e2eLab = { name: process.env["E2E_LAB"] ?? "e2e", pfs: 2 };
