// A policy pack for SR-IOV: `pulumi preview --policy-pack PATH/TO/policy`.
import { PolicyPack, type ResourceValidationPolicy } from "@pulumi/policy";
import { type Rule, noTrust, spoofchkOn, vlanRequired } from "./rules";

const policy = (name: string, description: string, rule: Rule): ResourceValidationPolicy => ({
  name,
  description,
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => rule(type, props).forEach((violation) => report(violation)),
});

new PolicyPack("sriov", {
  policies: [
    policy("no-trust", "No VF is trusted.", noTrust),
    policy("spoofchk-on", "Spoof checking is on.", spoofchkOn),
    policy("vlan-required", "Every interface is in a VLAN.", vlanRequired),
  ],
});
