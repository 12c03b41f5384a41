// The hosts of inventory.yaml: for each its VFs, pools and setup. `pulumi config set inventory PATH` takes another file,
// and `pulumi up --target '**kvm2**'` one host alone.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as sriov from "pulumi-sriov";
import { parse } from "yaml";

type Described = {
  /** Default: qemu+ssh://USER@NAME/system */
  uri?: string;
  user?: string;
  setup?: sriov.SriovHostArgs["setup"];
  pfs?: Record<string, sriov.SriovHostPf>;
};
type Inventory = { defaults?: Described; hosts: Record<string, Described> };

const file = new pulumi.Config().get("inventory") ?? join(__dirname, "inventory.yaml");
const { defaults = {}, hosts } = parse(readFileSync(file, "utf8")) as Inventory;

const fleet = Object.entries(hosts).map(([name, own]) => {
  const { uri, user = "root", setup, pfs = {} } = { ...defaults, ...own };
  const host = { uri: uri ?? `qemu+ssh://${user}@${name}/system` };
  return [name, new sriov.SriovHost(name, { host, pfs, ...(setup && { setup }) })] as const;
});

export const networks = Object.fromEntries(
  fleet.map(([name, { pools }]) => [name, Object.values(pools).map((pool) => pool.name)]),
);
