// What all racks of a site have in common. They read it by a stack reference: a VLAN that is changed here is changed in each rack when
// its own stack runs next.
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const vlans = config.getObject<Record<string, number>>("vlans") ?? { tenants: 42, storage: 100 };

export const portgroups = Object.entries(vlans).map(([name, vlan]) => ({ name, vlan }));
