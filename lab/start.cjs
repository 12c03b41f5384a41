// Starts a TypeScript tool of this repository on any Node the machine has: installs the packages when they are missing or
// not the locked ones, then hands over to the Node of the npm package `node`. Plain JavaScript of 2018, no dependency.
"use strict";
const { spawn, spawnSync } = require("child_process");
const { existsSync, readFileSync, writeFileSync, mkdirSync } = require("fs");
const { join } = require("path");
const { createHash } = require("crypto");

const root = join(__dirname, "..");
const node = join(root, "node_modules", ".bin", "node");
const marker = join(root, "node_modules", ".pulumi-sriov-lock");

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function ensurePackages() {
  const wanted = lockHash();
  if (existsSync(node) && existsSync(marker) && readFileSync(marker, "utf8") === wanted) return;
  process.stderr.write("Installing the npm packages ...\n");
  const install = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts=false", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (install.status !== 0)
    fail("npm ci failed (see above). Check the network and the npm registry, then run this again.");
  if (!existsSync(node))
    fail("npm ci left no node_modules/.bin/node: the install script of the package `node` did not run.");
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(marker, wanted);
}

function fail(message) {
  process.stderr.write(message + "\n");
  process.exit(1);
}

const tool = process.argv[2];
if (!tool) fail("usage: node lab/start.cjs <tool.ts> [arguments]");
ensurePackages();
const path = join(root, "node_modules", ".bin") + ":" + (process.env.PATH || "");
const child = spawn(node, ["--require", "tsx/cjs", join(root, tool)].concat(process.argv.slice(3)), {
  cwd: root,
  stdio: "inherit",
  env: Object.assign({}, process.env, { PATH: path }),
});
// The child is in our process group, so a Ctrl-C of the terminal reaches it; we only wait for its answer.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 1 : code));
