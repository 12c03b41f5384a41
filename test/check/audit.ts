// A step of `npm test -- check`: known vulnerabilities of what a user of this package installs. Equivalent to:
// `npm audit --omit=dev --audit-level=high`, but a registry that has no advisories to ask for is no finding.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export type Verdict = { isFine: boolean; lines: string[] };

type Advisory = { title?: string; url?: string };
type Vulnerability = { name: string; severity: string; range?: string; via?: (string | Advisory)[] };
type Report = {
  auditReportVersion?: number;
  vulnerabilities?: { [name: string]: Vulnerability };
  message?: string;
  statusCode?: number;
  error?: { code?: string; summary?: string };
};

const fatal = new Set(["high", "critical"]);
/** npm's and Node's names for a registry that was not reached. */
const unreached =
  /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH)\b/;

/** Of what `npm audit --json` printed. An answer that is not understood is never "no findings". */
export function verdictOf(stdout: string): Verdict {
  let report: Report;
  try {
    report = JSON.parse(stdout) as Report;
  } catch {
    return { isFine: false, lines: [`npm audit printed no JSON: ${stdout.trim().slice(0, 500) || "nothing"}`] };
  }
  if (report.vulnerabilities !== undefined) return findings(Object.values(report.vulnerabilities));
  const why = [report.message, report.error?.code, report.error?.summary].filter(Boolean).join(": ");
  const wasNotAsked = (report.statusCode ?? 0) >= 400 || unreached.test(why);
  return wasNotAsked
    ? {
        isFine: true,
        lines: [`NOT ASKED for vulnerabilities, the registry does not answer that: ${withoutHosts(why)}`],
      }
    : { isFine: false, lines: [`npm audit failed: ${why || stdout.trim().slice(0, 500)}`] };
}

function findings(all: Vulnerability[]): Verdict {
  const lines = all.map(({ name, severity, range = "*", via = [] }) => {
    const reasons = via.map((one) => (typeof one === "string" ? `through ${one}` : `${one.title} (${one.url})`));
    return `${severity}: ${name} ${range}: ${reasons.join("; ")}`;
  });
  return {
    isFine: !all.some(({ severity }) => fatal.has(severity)),
    lines: lines.length > 0 ? lines : ["no known vulnerabilities"],
  };
}

/** The registry's address may hold a token or a name that is nobody's business in a log. */
const withoutHosts = (text: string): string => text.replace(/https?:\/\/[^/\s]+/g, "");

function main(): void {
  const { stdout, error } = spawnSync("npm", ["audit", "--omit=dev", "--json"], {
    cwd: join(__dirname, "../.."),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (error) throw error;
  const { isFine, lines } = verdictOf(stdout);
  for (const line of lines) process.stdout.write(`npm audit: ${line}\n`);
  process.exitCode = isFine ? 0 : 1;
}

if (require.main === module) main();
