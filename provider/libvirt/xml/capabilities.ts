// What libvirt says of the host itself. Equivalent to: `virsh capabilities`
import { attribute, compact, elementsOf, find, parseXml, textOf } from "./element.js";
import { rememberingRecent } from "./recent.js";

export type Capabilities = {
  hostUuid?: string;
  arch?: string;
  /** Since libvirt 5.9. */
  hasIommu?: boolean;
  /** `apparmor`, `selinux`, `dac`: those libvirt confines domains with. */
  securityModels: string[];
};

export const parseCapabilitiesXml = rememberingRecent((xml): Capabilities => {
  const host = find(parseXml(xml, "capabilities"), "host");
  const iommu = attribute(find(host, "iommu"), "support");
  return compact({
    hostUuid: textOf(find(host, "uuid")),
    arch: textOf(find(host, "cpu", "arch")),
    hasIommu: iommu === undefined ? undefined : iommu === "yes",
    securityModels: elementsOf(host, "secmodel").flatMap((model) => textOf(find(model, "model")) ?? []),
  });
});
