// The plugin process: `pulumi-resource-sriov [ENGINE ADDRESS]`. Says its port on the first line of stdout, and nothing else
// there. Exports nothing: Pulumi's own starter takes exports for components.
import "../base/compile-cache.js";
import { startServer } from "./server.js";
import { Service } from "./service.js";

/** The engine gives its address after flags of its own (`-v=3`, `--logtostderr`, `--tracing URL`). */
function engineAddress(argv: readonly string[]): string | undefined {
  const last = argv.at(-1);
  return last !== undefined && /^[^-\s].*:\d+$/.test(last) && argv.at(-2) !== "--tracing" ? last : undefined;
}

async function main(): Promise<void> {
  const server = await startServer(new Service(engineAddress(process.argv.slice(2))));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void server.stop().finally(() => process.exit(0)));
  }
  process.stdout.write(`${server.port}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
