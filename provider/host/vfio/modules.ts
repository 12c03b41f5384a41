// The modules that VMs with VFs need, loaded at boot.
export const modulesFile = "/etc/modules-load.d/pulumi-sriov.conf";

export const modulesText = `# Made by pulumi-sriov for a HostSetup; it goes with it.
vfio
vfio_iommu_type1
vfio_pci
`;

/** Now too; a kernel without them says so at the next line of a VM, not here. Equivalent to: `modprobe vfio-pci` */
export const loadModules = "modprobe -a vfio vfio_iommu_type1 vfio_pci >&2\n";
