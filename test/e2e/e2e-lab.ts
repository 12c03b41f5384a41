// The lab of the end-to-end tests: prepare.ts starts it early, the tests find it running. Another name lets two checkouts test
// on one machine at the same time.
export const e2eLab = { name: process.env["E2E_LAB"] ?? "e2e", pfs: 4 };
