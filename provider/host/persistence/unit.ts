// The systemd units that put a PF's VFs in place at boot: three templates; a PF has an instance of the first or the second one,
// and of the third.
import { paths } from "./paths.js";

const written = "# Written by pulumi-sriov; removed with the last VfConfig of this host that comes back by a unit.";

/**
 * Ordered before whatever uses VFs. PCI devices have no `.device` unit to wait for, so the applier waits itself, with a
 * bound, for the PF's netdev. DefaultDependencies=no: with them it would come after basic.target, and so after
 * network-pre.target.
 */
export const unitText = `${written}
[Unit]
Description=SR-IOV virtual functions of PF %i
ConditionPathExists=${paths.plans}/%i.plan
DefaultDependencies=no
After=local-fs.target systemd-udevd.service systemd-modules-load.service systemd-tmpfiles-setup.service
Wants=network-pre.target pulumi-sriov-vf-rates@%i.service
Before=network-pre.target libvirtd.service virtqemud.service virtnetworkd.service libvirt-guests.service
Conflicts=shutdown.target
Before=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${paths.applier} --boot ${paths.plans}/%i.plan
TimeoutStartSec=5min
# No ExecStop: stopping this unit must never take VFs from running VMs.

[Install]
WantedBy=multi-user.target
`;

/**
 * For VFs that something else makes, and that are waited for: it must not come before NetworkManager, systemd-networkd or
 * rc.local, which would wait for each other. Before libvirt all the same: a VM must not start on a VF without its attributes.
 */
export const lateUnitText = `${written}
[Unit]
Description=Attributes of the SR-IOV virtual functions of PF %i, which something else makes
ConditionPathExists=${paths.plans}/%i.plan
After=systemd-udevd.service network.target
Wants=pulumi-sriov-vf-rates@%i.service
Before=libvirtd.service virtqemud.service virtnetworkd.service libvirt-guests.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ${paths.applier} --boot ${paths.plans}/%i.plan
TimeoutStartSec=5min

[Install]
WantedBy=multi-user.target
`;

/**
 * Rates come when the PF has link, which takes a switch seconds and a missing cable for ever: nothing waits for this unit.
 * It has no [Install]: the others start it.
 */
export const ratesUnitText = `${written}
[Unit]
Description=Transmit rates of the SR-IOV virtual functions of PF %i
ConditionPathExists=${paths.plans}/%i.plan
After=pulumi-sriov-vfs@%i.service pulumi-sriov-vfs-late@%i.service

[Service]
Type=oneshot
RemainAfterExit=yes
Environment=SRIOV_CARRIER_WAIT=120
ExecStart=/bin/sh ${paths.applier} --boot-rates ${paths.plans}/%i.plan
TimeoutStartSec=10min
`;
