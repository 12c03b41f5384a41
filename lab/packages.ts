// What the machine lacks for the lab or the tests, installed with apt-get: Debian 12 and newer, Ubuntu 22.04 and newer.
import { readFile } from "node:fs/promises";
import { isRoot, runAsRoot } from "./as-root.js";
import { runChild, lastWords } from "./child.js";
import { progress, type Report } from "./progress.js";
import { SriovError } from "../provider/base/errors.js";

/** What the emulated host itself needs of the machine. */
export const labPackages = ["qemu-system-x86", "qemu-utils", "mmdebstrap", "e2fsprogs", "openssh-client"] as const;

/** `-device igb` came with QEMU 8. */
const QEMU_MAJOR = 8;

type Distribution = { id: string; codename: string };
type AptSource = { file: string; text: string; targetRelease: string; keyring?: string };

/**
 * Installs those of `names` that are not there yet; asks nothing. Without a `report` it shows its own progress.
 * Equivalent to: `apt-get install -y NAME...`.
 */
export async function ensurePackages(names: readonly string[], report?: Report): Promise<void> {
  const distribution = parseOsRelease(await readFile("/etc/os-release", "utf8").catch(() => ""));
  const wanted = withKeyring(names, distribution);
  const installed = await installedVersions(wanted);
  const missing = wanted.filter((name) => isMissing(name, installed.get(name)));
  if (missing.length === 0) return;
  if (!["debian", "ubuntu"].includes(distribution.id)) {
    throw new SriovError("unsupported", `These packages are missing: ${missing.join(", ")}.`, {
      remedy: `They are installed by themselves on Debian and Ubuntu only; this is "${distribution.id}". Install what corresponds to them.`,
    });
  }
  const title = `installing ${missing.join(", ")}`;
  if (report === undefined) await progress.step(title, (shown) => install(missing, distribution, shown));
  else await install(missing, distribution, (text) => report(`${title}: ${text}`));
}

async function install(missing: readonly string[], distribution: Distribution, report: Report): Promise<void> {
  report("apt-get update");
  await apt(["update"]);
  const qemu = missing.filter((name) => name.startsWith("qemu-"));
  const others = missing.filter((name) => !name.startsWith("qemu-"));
  const source = qemu.length === 0 || (await candidateIsNewEnough()) ? undefined : newerQemu(distribution);
  if (source !== undefined) {
    report(`adding ${source.targetRelease}, which has QEMU ${QEMU_MAJOR} or newer`);
    if (source.keyring !== undefined) await apt(["install", source.keyring]);
    await writeAsRoot(source.file, source.text);
    await apt(["update"]);
  }
  const target = source === undefined ? [] : ["--target-release", source.targetRelease];
  if (qemu.length > 0) {
    report(qemu.join(", "));
    await apt(["install", ...target, ...qemu]);
  }
  if (others.length > 0) {
    report(others.join(", "));
    await apt(["install", ...others]);
  }
}

/** The image is Debian's: elsewhere its archive's keys are a package. */
export function withKeyring(names: readonly string[], distribution: Distribution): string[] {
  return names.includes("mmdebstrap") && distribution.id !== "debian"
    ? [...names, "debian-archive-keyring"]
    : [...names];
}

export function isMissing(name: string, version: string | undefined): boolean {
  if (version === undefined) return true;
  return name.startsWith("qemu-") && upstreamMajor(version) < QEMU_MAJOR;
}

/** Of a Debian version: `1:10.0.2+ds-2+deb13u1~bpo12+1` -> 10. */
export function upstreamMajor(version: string): number {
  return Number(/^(?:\d+:)?(\d+)/.exec(version)?.[1] ?? 0);
}

/** Where a distribution with an older QEMU has a newer one. */
export function newerQemu({ id, codename }: Distribution): AptSource {
  if (id === "debian") {
    return {
      file: `/etc/apt/sources.list.d/${codename}-backports.sources`,
      targetRelease: `${codename}-backports`,
      text: [
        "Types: deb",
        "URIs: http://deb.debian.org/debian",
        `Suites: ${codename}-backports`,
        "Components: main",
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
        "",
      ].join("\n"),
    };
  }
  if (codename === "jammy") {
    return {
      file: "/etc/apt/sources.list.d/cloud-archive-caracal.list",
      targetRelease: "jammy-updates/caracal",
      keyring: "ubuntu-cloud-keyring",
      text: "deb http://ubuntu-cloud.archive.canonical.com/ubuntu jammy-updates/caracal main\n",
    };
  }
  throw new SriovError(
    "unsupported",
    `The QEMU of ${id} ${codename} is older than ${QEMU_MAJOR}, which has no emulated SR-IOV.`,
    {
      remedy: `Install qemu-system-x86 and qemu-utils ${QEMU_MAJOR} or newer by hand, or use Debian 12, Ubuntu 24.04 or newer.`,
    },
  );
}

export function parseOsRelease(text: string): Distribution {
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return { id: field("ID") || "unknown", codename: field("VERSION_CODENAME") };
}

/** Equivalent to: `dpkg-query -W`; only what is fully installed counts. */
async function installedVersions(names: readonly string[]): Promise<Map<string, string>> {
  const format = "${Package} ${db:Status-Status} ${Version}\\n";
  // Exit code 1: some of them are unknown to dpkg, the others are still listed.
  const { stdout } = await runChild("dpkg-query", ["-W", "-f", format, ...names]);
  const rows = stdout.split("\n").map((line) => line.split(" "));
  return new Map(
    rows.filter(([, status]) => status === "installed").map(([name = "", , version = ""]) => [name, version]),
  );
}

async function candidateIsNewEnough(): Promise<boolean> {
  const { stdout } = await runChild("apt-cache", ["policy", "qemu-system-x86"], {
    env: { ...process.env, LC_ALL: "C" },
  });
  return upstreamMajor(/Candidate: (\S+)/.exec(stdout)?.[1] ?? "") >= QEMU_MAJOR;
}

async function apt(args: string[]): Promise<void> {
  // The lock: other installers may be at work on the same machine.
  const options = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"];
  const command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...options, ...args];
  const ran = await runAsRoot(command);
  if (ran.exitCode === 0) return;
  const byHand = `${isRoot() ? "" : "sudo "}apt-get ${args.join(" ")}`;
  throw new SriovError("remote-failure", `\`${byHand}\` failed: ${lastWords(ran)}`, {
    remedy: isRoot()
      ? "Run that command by hand, see what it asks for, then start again."
      : "This user may have no password-free sudo: run that command as an administrator, then start again.",
  });
}

async function writeAsRoot(file: string, text: string): Promise<void> {
  const ran = await runAsRoot(["sh", "-c", 'printf %s "$1" >"$2"', "sh", text, file]);
  if (ran.exitCode !== 0) throw new SriovError("permission-denied", `Could not write ${file}: ${lastWords(ran)}`);
}
