// What the integration tests need and takes minutes to make on a new machine; test/run.ts starts this beside the quick tests.
import { ensureDebian13 } from "./debian13.js";

ensureDebian13((text) => process.stdout.write(`${text}\n`)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
