// A real browser that opens a page of ours and answers what it measured there: headless Chromium, with no network.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** On Ubuntu it is a snap, which cannot be installed everywhere: there the browser that is there is taken. */
export const browserPackages: string[] = isDebian() ? ["chromium", "fonts-dejavu-core"] : [];

function isDebian(): boolean {
  return existsSync("/etc/os-release") && /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
}

/** The path of a Chromium or Chrome, or undefined where there is none. */
export function findBrowser(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** Opens `html` in a window of that size, runs `script` (an expression) in it, and answers its value. */
export async function measure<T>(html: string, script: string, size: { width: number; height: number }): Promise<T> {
  const browser = findBrowser();
  if (browser === undefined) throw new Error("no Chromium on this machine");
  const folder = await mkdtemp(join(tmpdir(), "test-browser-"));
  try {
    const page = join(folder, "page.html");
    const probe = `<pre id="measured"></pre><script>document.getElementById("measured").textContent = JSON.stringify(${script});</script>`;
    await writeFile(page, html.replace("</body>", `${probe}</body>`));
    const dom = await run(browser, [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
      `--user-data-dir=${join(folder, "profile")}`,
      `--window-size=${size.width},${size.height}`,
      ...(process.env["KEEP_PICTURE"] ? [`--screenshot=${process.env["KEEP_PICTURE"]}`] : []),
      "--dump-dom",
      `file://${page}`,
    ]);
    const text = /<pre id="measured">([^<]*)<\/pre>/.exec(dom)?.[1];
    if (text === undefined || text === "") throw new Error(`the browser ran no script: ${dom.slice(0, 500)}`);
    const unescaped = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
    return JSON.parse(unescaped) as T;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function run(file: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`the browser failed: ${error.message}\n${stderr.slice(-1000)}`, { cause: error }));
      else resolve(stdout);
    });
  });
}
