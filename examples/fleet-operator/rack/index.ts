// The hosts of one rack: `racks.yaml` has those of all racks, and the stack's name says which one this is.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as sriov from "pulumi-sriov";
import { parse } from "yaml";

type Described = { uri?: string; pfs: Record<string, sriov.SriovHostPf> };
type Racks = Record<string, Record<string, Described>>;

const config = new pulumi.Config();
const file = config.get("racks") ?? join(__dirname, "racks.yaml");
const rack = config.get("rack") ?? pulumi.getStack();
const hosts = (parse(readFileSync(file, "utf8")) as Racks)[rack];
if (!hosts) throw new Error(`expected a rack of ${file}, got "${rack}"`);

// ORGANIZATION/sriov-site/STACK; with a state in files or buckets the organization is "organization".
const site = new pulumi.StackReference(config.require("site"));
const portgroups = site.requireOutput("portgroups") as pulumi.Output<{ name: string; vlan: number }[]>;

// Where the pod mounts them: operator/stacks.yaml. Elsewhere ssh's own defaults hold.
const keys = config.get("keys");
const ssh = {
  connectTimeout: 5,
  ...(keys === undefined
    ? {}
    : { privateKeyPath: join(keys, "id_ed25519"), knownHosts: join(keys, "known_hosts"), configFile: "none" }),
};

const made = Object.entries(hosts).map(([name, { uri = `qemu+ssh://root@${name}/system`, pfs }]) => {
  const withPortgroups = Object.fromEntries(
    Object.entries(pfs).map(([pf, described]) => [
      pf,
      described.pool === false ? described : { ...described, pool: { portgroups, ...described.pool } },
    ]),
  );
  return [name, new sriov.SriovHost(name, { host: { uri, ssh }, pfs: withPortgroups })] as const;
});

export const networks = Object.fromEntries(
  made.map(([name, { pools }]) => [name, Object.values(pools).map((pool) => pool.name)]),
);
