// Keeps what V8 made of our code and of our libraries' in the user's cache folder. Every `pulumi` command starts the provider's
// process anew, and a third of its loading is compiling. Imported first, for what it does.
import nodeModule from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/** By then all that a run needs is loaded, functions that are compiled when they are first called included. */
const settledMs = 3_000;

// Not Node's own choice, a folder in /tmp: there, others of the machine could have put code for us before.
const base = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");

// Node < 22.1 has none. Whoever named a folder for all of Node, or wants none at all, is heeded.
if (process.env["NODE_COMPILE_CACHE"] === undefined) {
  nodeModule.enableCompileCache?.(join(base, "pulumi-sriov", "compile"));
  // The engine kills its providers: at their exit, where Node would write it, it is too late.
  setTimeout(() => nodeModule.flushCompileCache?.(), settledMs).unref();
}
