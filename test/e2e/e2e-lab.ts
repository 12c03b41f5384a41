// The lab of the end-to-end tests: prepare.ts starts it early, the tests find it running.
export const e2eLab = { name: "e2e", pfs: 2 };
