// What may be asked of a list of resources. The schema has it too: only what has such inputs is listed by the CLI.
import { z } from "zod";
import { hostWithShell } from "../resources/host-inputs.js";
import type { ResourceName } from "../resources/registry.js";

const ofHost = z.strictObject({ host: hostWithShell });

export const listModels: Record<ResourceName, z.ZodObject> = {
  HostSetup: ofHost,
  SriovNetwork: ofHost,
  VfConfig: ofHost,
  VmSriovInterface: ofHost.extend({
    domain: z.string().optional().describe("Only the interfaces of this VM. Default: of all VMs."),
  }),
};
