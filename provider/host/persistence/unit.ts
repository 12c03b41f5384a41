// The systemd unit that puts a PF's VFs in place at boot: one template, an instance a PF.
import { paths } from "./paths.js";

/**
 * Ordered before whatever uses VFs. PCI devices have no `.device` unit to wait for, so the applier waits itself, with a
 * bound, for the PF's netdev. DefaultDependencies=no: with them it would come after basic.target, and so after
 * network-pre.target.
 */
export const unitText = `# Written by pulumi-sriov; removed with the last VfConfig of this host.
[Unit]
Description=SR-IOV virtual functions of PF %i
ConditionPathExists=${paths.plans}/%i.plan
DefaultDependencies=no
After=local-fs.target systemd-udevd.service systemd-modules-load.service systemd-tmpfiles-setup.service
Wants=network-pre.target
Before=network-pre.target libvirtd.service virtqemud.service virtnetworkd.service libvirt-guests.service
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${paths.applier} ${paths.plans}/%i.plan
TimeoutStartSec=5min
# No ExecStop: stopping this unit must never take VFs from running VMs.

[Install]
WantedBy=multi-user.target
`;
