// Made from the models of provider/resources and provider/functions by sdk/generate (`npm run schema`). Do not edit.
import type * as pulumi from "@pulumi/pulumi";

/** The KVM host: a libvirt URI and how to log in. */
export interface HostArgs {
  /** libvirt URI of the host: `qemu+ssh://root@kvm1/system`, or `qemu:///system` for the machine that runs Pulumi. `qemu+tls` and `qemu+tcp` lead to libvirt alone. See https://libvirt.org/uri.html. */
  readonly uri: pulumi.Input<string>;

  /** How to log in over SSH. Everything is optional: what is unset is what the `ssh` command would do. */
  readonly ssh?: pulumi.Input<HostSshArgs>;

  /** Certificates for `qemu+tls`. Everything is optional: what is unset is what `virsh` would use. */
  readonly tls?: pulumi.Input<HostTlsArgs>;

  /** For a libvirt that asks for SASL: SCRAM-SHA-512, SCRAM-SHA-256 or SCRAM-SHA-1; PLAIN over TLS, SSH or a unix socket only. */
  readonly sasl?: pulumi.Input<HostSaslArgs>;
}

/** How to log in over SSH. Everything is optional: what is unset is what the `ssh` command would do. */
export interface HostSshArgs {
  /** User to log in as. Default: the URI's user, then `~/.ssh/config`, then the local user. */
  readonly user?: pulumi.Input<string>;

  /** TCP port of sshd. Default: the URI's port, then `~/.ssh/config`, then 22. */
  readonly port?: pulumi.Input<number>;

  /** Private key in PEM or OpenSSH format. A secret. Default: the agent, then the key files that ssh would try. */
  readonly privateKey?: pulumi.Input<string>;

  /** Path of a private key file on the machine that runs Pulumi. `~` is the home folder. */
  readonly privateKeyPath?: pulumi.Input<string>;

  /** Passphrase of the private key. A secret. */
  readonly passphrase?: pulumi.Input<string>;

  /** Password to log in with, also where the host asks for it interactively. A secret. Prefer a key. */
  readonly password?: pulumi.Input<string>;

  /** Path of the SSH agent's socket. Default: `SSH_AUTH_SOCK`. */
  readonly agent?: pulumi.Input<string>;

  /** Path of the known_hosts file to verify the host key with. Default: what `~/.ssh/config` says, else `~/.ssh/known_hosts`, then `/etc/ssh/ssh_known_hosts`. */
  readonly knownHosts?: pulumi.Input<string>;

  /** The host's public key, `ssh-ed25519 AAAA...`, or its fingerprint, `SHA256:...`. Takes the place of known_hosts. */
  readonly hostKey?: pulumi.Input<string>;

  /** Hosts to go through, the first one first, as `ssh -J`. An empty list: none. Default: ProxyJump of `~/.ssh/config`. */
  readonly jump?: pulumi.Input<pulumi.Input<HostSshJumpArgs>[]>;

  /** `sudo`: log in as a user who is not root and run everything with `sudo -n`, libvirt's connection too. It must not ask for a password. Default: the user who logs in does everything. */
  readonly become?: pulumi.Input<"sudo">;

  /** Path of the OpenSSH client configuration to honour. Default: `~/.ssh/config`; `none` for no file. */
  readonly configFile?: pulumi.Input<string>;

  /** Seconds to wait for the connection to be ready. Default 20. */
  readonly connectTimeout?: pulumi.Input<number>;
}

/** A host on the way. It gets nothing of what is for the KVM host: no key, no password. */
export interface HostSshJumpArgs {
  /** Name or address of the jump host, or a `Host` of `~/.ssh/config`. */
  readonly host: pulumi.Input<string>;

  /** User to log in as there. Default: what `~/.ssh/config` says, then the local user. */
  readonly user?: pulumi.Input<string>;

  /** TCP port of its sshd. Default: what `~/.ssh/config` says, then 22. */
  readonly port?: pulumi.Input<number>;

  /** Private key in PEM or OpenSSH format. A secret. Default: the agent, then the key files that ssh would try. */
  readonly privateKey?: pulumi.Input<string>;

  /** Path of a private key file on the machine that runs Pulumi. `~` is the home folder. */
  readonly privateKeyPath?: pulumi.Input<string>;

  /** Passphrase of the private key. A secret. */
  readonly passphrase?: pulumi.Input<string>;

  /** Password to log in with, also where the host asks for it interactively. A secret. Prefer a key. */
  readonly password?: pulumi.Input<string>;

  /** Path of the SSH agent's socket. Default: `SSH_AUTH_SOCK`. */
  readonly agent?: pulumi.Input<string>;

  /** Path of the known_hosts file to verify the host key with. Default: what `~/.ssh/config` says, else `~/.ssh/known_hosts`, then `/etc/ssh/ssh_known_hosts`. */
  readonly knownHosts?: pulumi.Input<string>;

  /** The jump host's public key, `ssh-ed25519 AAAA...`, or its fingerprint, `SHA256:...`. Takes the place of known_hosts. */
  readonly hostKey?: pulumi.Input<string>;
}

/** Certificates for `qemu+tls`. Everything is optional: what is unset is what `virsh` would use. */
export interface HostTlsArgs {
  /** Certificate of the CA that has signed the host's: PEM text, or the path of a file with it on the machine that runs Pulumi. Default: `cacert.pem` where libvirt's own client looks (`pkipath` of the URI, `~/.pki/libvirt`, `/etc/pki/CA`). */
  readonly ca?: pulumi.Input<string>;

  /** Our certificate, together with `key`: PEM text, or the path of a file with it on the machine that runs Pulumi. Default: `clientcert.pem` where libvirt's client looks. */
  readonly cert?: pulumi.Input<string>;

  /** Private key of our certificate: PEM text, or the path of a file with it on the machine that runs Pulumi. A secret. Default: `clientkey.pem` where libvirt's client looks. */
  readonly key?: pulumi.Input<string>;

  /** Take whoever answers for the host. Default: what `no_verify` of the URI says, else false. */
  readonly noVerify?: pulumi.Input<boolean>;
}

/** For a libvirt that asks for SASL: SCRAM-SHA-512, SCRAM-SHA-256 or SCRAM-SHA-1; PLAIN over TLS, SSH or a unix socket only. */
export interface HostSaslArgs {
  /** User name, as `saslpasswd2 -a libvirt` knows it on the host. */
  readonly username: pulumi.Input<string>;

  /** Password. A secret. */
  readonly password: pulumi.Input<string>;
}

/** The kernel's arguments that turn the IOMMU on: `intel_iommu=on` (Intel; AMD's needs none) and `iommu=pt`. They go where the host's boot loader takes them from: a drop-in of ours in /etc/default/grub.d with `update-grub`, `grubby`, or /etc/kernel/cmdline with `kernel-install`; other arguments stay, and nothing is said twice. They count from the next boot: see `rebootRequired`. Unset leaves them alone; left out later, ours are taken back. */
export interface HostSetupIommuArgs {
  /** Whose IOMMU it is. `auto` takes what the firmware's ACPI tables say, else the CPU. */
  readonly vendor?: pulumi.Input<"auto" | "intel" | "amd">;

  /** Whether the host's own devices go untranslated (`iommu=pt`), so that they lose no speed. */
  readonly passthrough?: pulumi.Input<boolean>;
}

/** The KVM host: a libvirt URI and how to log in. */
export interface Host {
  /** libvirt URI of the host: `qemu+ssh://root@kvm1/system`, or `qemu:///system` for the machine that runs Pulumi. `qemu+tls` and `qemu+tcp` lead to libvirt alone. See https://libvirt.org/uri.html. */
  readonly uri: string;

  /** How to log in over SSH. Everything is optional: what is unset is what the `ssh` command would do. */
  readonly ssh?: HostSsh;

  /** Certificates for `qemu+tls`. Everything is optional: what is unset is what `virsh` would use. */
  readonly tls?: HostTls;

  /** For a libvirt that asks for SASL: SCRAM-SHA-512, SCRAM-SHA-256 or SCRAM-SHA-1; PLAIN over TLS, SSH or a unix socket only. */
  readonly sasl?: HostSasl;
}

/** How to log in over SSH. Everything is optional: what is unset is what the `ssh` command would do. */
export interface HostSsh {
  /** User to log in as. Default: the URI's user, then `~/.ssh/config`, then the local user. */
  readonly user?: string;

  /** TCP port of sshd. Default: the URI's port, then `~/.ssh/config`, then 22. */
  readonly port?: number;

  /** Private key in PEM or OpenSSH format. A secret. Default: the agent, then the key files that ssh would try. */
  readonly privateKey?: string;

  /** Path of a private key file on the machine that runs Pulumi. `~` is the home folder. */
  readonly privateKeyPath?: string;

  /** Passphrase of the private key. A secret. */
  readonly passphrase?: string;

  /** Password to log in with, also where the host asks for it interactively. A secret. Prefer a key. */
  readonly password?: string;

  /** Path of the SSH agent's socket. Default: `SSH_AUTH_SOCK`. */
  readonly agent?: string;

  /** Path of the known_hosts file to verify the host key with. Default: what `~/.ssh/config` says, else `~/.ssh/known_hosts`, then `/etc/ssh/ssh_known_hosts`. */
  readonly knownHosts?: string;

  /** The host's public key, `ssh-ed25519 AAAA...`, or its fingerprint, `SHA256:...`. Takes the place of known_hosts. */
  readonly hostKey?: string;

  /** Hosts to go through, the first one first, as `ssh -J`. An empty list: none. Default: ProxyJump of `~/.ssh/config`. */
  readonly jump?: HostSshJump[];

  /** `sudo`: log in as a user who is not root and run everything with `sudo -n`, libvirt's connection too. It must not ask for a password. Default: the user who logs in does everything. */
  readonly become?: "sudo";

  /** Path of the OpenSSH client configuration to honour. Default: `~/.ssh/config`; `none` for no file. */
  readonly configFile?: string;

  /** Seconds to wait for the connection to be ready. Default 20. */
  readonly connectTimeout?: number;
}

/** A host on the way. It gets nothing of what is for the KVM host: no key, no password. */
export interface HostSshJump {
  /** Name or address of the jump host, or a `Host` of `~/.ssh/config`. */
  readonly host: string;

  /** User to log in as there. Default: what `~/.ssh/config` says, then the local user. */
  readonly user?: string;

  /** TCP port of its sshd. Default: what `~/.ssh/config` says, then 22. */
  readonly port?: number;

  /** Private key in PEM or OpenSSH format. A secret. Default: the agent, then the key files that ssh would try. */
  readonly privateKey?: string;

  /** Path of a private key file on the machine that runs Pulumi. `~` is the home folder. */
  readonly privateKeyPath?: string;

  /** Passphrase of the private key. A secret. */
  readonly passphrase?: string;

  /** Password to log in with, also where the host asks for it interactively. A secret. Prefer a key. */
  readonly password?: string;

  /** Path of the SSH agent's socket. Default: `SSH_AUTH_SOCK`. */
  readonly agent?: string;

  /** Path of the known_hosts file to verify the host key with. Default: what `~/.ssh/config` says, else `~/.ssh/known_hosts`, then `/etc/ssh/ssh_known_hosts`. */
  readonly knownHosts?: string;

  /** The jump host's public key, `ssh-ed25519 AAAA...`, or its fingerprint, `SHA256:...`. Takes the place of known_hosts. */
  readonly hostKey?: string;
}

/** Certificates for `qemu+tls`. Everything is optional: what is unset is what `virsh` would use. */
export interface HostTls {
  /** Certificate of the CA that has signed the host's: PEM text, or the path of a file with it on the machine that runs Pulumi. Default: `cacert.pem` where libvirt's own client looks (`pkipath` of the URI, `~/.pki/libvirt`, `/etc/pki/CA`). */
  readonly ca?: string;

  /** Our certificate, together with `key`: PEM text, or the path of a file with it on the machine that runs Pulumi. Default: `clientcert.pem` where libvirt's client looks. */
  readonly cert?: string;

  /** Private key of our certificate: PEM text, or the path of a file with it on the machine that runs Pulumi. A secret. Default: `clientkey.pem` where libvirt's client looks. */
  readonly key?: string;

  /** Take whoever answers for the host. Default: what `no_verify` of the URI says, else false. */
  readonly noVerify?: boolean;
}

/** For a libvirt that asks for SASL: SCRAM-SHA-512, SCRAM-SHA-256 or SCRAM-SHA-1; PLAIN over TLS, SSH or a unix socket only. */
export interface HostSasl {
  /** User name, as `saslpasswd2 -a libvirt` knows it on the host. */
  readonly username: string;

  /** Password. A secret. */
  readonly password: string;
}

/** The kernel's arguments that turn the IOMMU on: `intel_iommu=on` (Intel; AMD's needs none) and `iommu=pt`. They go where the host's boot loader takes them from: a drop-in of ours in /etc/default/grub.d with `update-grub`, `grubby`, or /etc/kernel/cmdline with `kernel-install`; other arguments stay, and nothing is said twice. They count from the next boot: see `rebootRequired`. Unset leaves them alone; left out later, ours are taken back. */
export interface HostSetupIommu {
  /** Whose IOMMU it is. `auto` takes what the firmware's ACPI tables say, else the CPU. */
  readonly vendor?: "auto" | "intel" | "amd";

  /** Whether the host's own devices go untranslated (`iommu=pt`), so that they lose no speed. */
  readonly passthrough?: boolean;
}

/** The switch port's profile for all VFs of the pool, instead of a VLAN. Unset leaves it alone. */
export interface SriovNetworkVirtualportArgs {
  /** What the switch speaks: `802.1Qbg` (VEPA, VSI discovery), `802.1Qbh` (port extender, with a port profile); `none` takes it away. */
  readonly type: pulumi.Input<"802.1Qbg" | "802.1Qbh" | "none">;

  /** 802.1Qbg: VSI manager (`managerid`), 0-255. */
  readonly managerId?: pulumi.Input<number>;

  /** 802.1Qbg: VSI type (`typeid`), 0-16777215. */
  readonly typeId?: pulumi.Input<number>;

  /** 802.1Qbg: version of the VSI type, 0-255. */
  readonly typeIdVersion?: pulumi.Input<number>;

  /** 802.1Qbg: UUID of the VSI instance. Unset: libvirt makes one. */
  readonly instanceId?: pulumi.Input<string>;

  /** 802.1Qbh: name of the port profile (`profileid`). */
  readonly profileId?: pulumi.Input<string>;
}

/** The VFIO driver of the VFs. With mode `hostdev` only. Unset leaves it alone. */
export interface SriovNetworkDriverArgs {
  /** How the VF is passed through: `vfio`, the only way there is. */
  readonly name?: pulumi.Input<"vfio">;

  /** The kernel's VFIO driver for the VF, such as `mlx5_vfio_pci`: one that can migrate it. Needs libvirt 10.0. Unset: libvirt's choice. */
  readonly model?: pulumi.Input<string>;
}

/** A kind of interface that VMs can ask the pool for. */
export interface SriovNetworkPortgroupArgs {
  /** Name of the portgroup: what a VM's interface asks for. */
  readonly name: pulumi.Input<string>;

  /** Whether interfaces that ask for no portgroup get this one. Unset leaves it alone; a new one is not. */
  readonly default?: pulumi.Input<boolean>;

  /** VLAN of the VFs of this portgroup, 1-4094; 0 takes it away, and the network's holds. Unset leaves it alone. */
  readonly vlan?: pulumi.Input<number>;

  /** The switch port's profile for this portgroup, instead of a VLAN. Unset leaves it alone. */
  readonly virtualport?: pulumi.Input<SriovNetworkPortgroupVirtualportArgs>;
}

/** The switch port's profile for this portgroup, instead of a VLAN. Unset leaves it alone. */
export interface SriovNetworkPortgroupVirtualportArgs {
  /** What the switch speaks: `802.1Qbg` (VEPA, VSI discovery), `802.1Qbh` (port extender, with a port profile); `none` takes it away. */
  readonly type: pulumi.Input<"802.1Qbg" | "802.1Qbh" | "none">;

  /** 802.1Qbg: VSI manager (`managerid`), 0-255. */
  readonly managerId?: pulumi.Input<number>;

  /** 802.1Qbg: VSI type (`typeid`), 0-16777215. */
  readonly typeId?: pulumi.Input<number>;

  /** 802.1Qbg: version of the VSI type, 0-255. */
  readonly typeIdVersion?: pulumi.Input<number>;

  /** 802.1Qbg: UUID of the VSI instance. Unset: libvirt makes one. */
  readonly instanceId?: pulumi.Input<string>;

  /** 802.1Qbh: name of the port profile (`profileid`). */
  readonly profileId?: pulumi.Input<string>;
}

/** What one tool keeps in the network's metadata. */
export interface SriovNetworkMetadataArgs {
  /** The namespace, such as `urn:example:rack:1`. */
  readonly uri: pulumi.Input<string>;

  /** The element, in that namespace: `<rack:place xmlns:rack='urn:example:rack:1' row='7'/>`. "" takes it away. */
  readonly xml: pulumi.Input<string>;
}

/** The switch port's profile for all VFs of the pool, instead of a VLAN. Unset leaves it alone. */
export interface SriovNetworkVirtualport {
  /** What the switch speaks: `802.1Qbg` (VEPA, VSI discovery), `802.1Qbh` (port extender, with a port profile); `none` takes it away. */
  readonly type: "802.1Qbg" | "802.1Qbh" | "none";

  /** 802.1Qbg: VSI manager (`managerid`), 0-255. */
  readonly managerId?: number;

  /** 802.1Qbg: VSI type (`typeid`), 0-16777215. */
  readonly typeId?: number;

  /** 802.1Qbg: version of the VSI type, 0-255. */
  readonly typeIdVersion?: number;

  /** 802.1Qbg: UUID of the VSI instance. Unset: libvirt makes one. */
  readonly instanceId?: string;

  /** 802.1Qbh: name of the port profile (`profileid`). */
  readonly profileId?: string;
}

/** The VFIO driver of the VFs. With mode `hostdev` only. Unset leaves it alone. */
export interface SriovNetworkDriver {
  /** How the VF is passed through: `vfio`, the only way there is. */
  readonly name?: "vfio";

  /** The kernel's VFIO driver for the VF, such as `mlx5_vfio_pci`: one that can migrate it. Needs libvirt 10.0. Unset: libvirt's choice. */
  readonly model?: string;
}

/** A kind of interface that VMs can ask the pool for. */
export interface SriovNetworkPortgroup {
  /** Name of the portgroup: what a VM's interface asks for. */
  readonly name: string;

  /** Whether interfaces that ask for no portgroup get this one. Unset leaves it alone; a new one is not. */
  readonly default?: boolean;

  /** VLAN of the VFs of this portgroup, 1-4094; 0 takes it away, and the network's holds. Unset leaves it alone. */
  readonly vlan?: number;

  /** The switch port's profile for this portgroup, instead of a VLAN. Unset leaves it alone. */
  readonly virtualport?: SriovNetworkPortgroupVirtualport;
}

/** The switch port's profile for this portgroup, instead of a VLAN. Unset leaves it alone. */
export interface SriovNetworkPortgroupVirtualport {
  /** What the switch speaks: `802.1Qbg` (VEPA, VSI discovery), `802.1Qbh` (port extender, with a port profile); `none` takes it away. */
  readonly type: "802.1Qbg" | "802.1Qbh" | "none";

  /** 802.1Qbg: VSI manager (`managerid`), 0-255. */
  readonly managerId?: number;

  /** 802.1Qbg: VSI type (`typeid`), 0-16777215. */
  readonly typeId?: number;

  /** 802.1Qbg: version of the VSI type, 0-255. */
  readonly typeIdVersion?: number;

  /** 802.1Qbg: UUID of the VSI instance. Unset: libvirt makes one. */
  readonly instanceId?: string;

  /** 802.1Qbh: name of the port profile (`profileid`). */
  readonly profileId?: string;
}

/** What one tool keeps in the network's metadata. */
export interface SriovNetworkMetadata {
  /** The namespace, such as `urn:example:rack:1`. */
  readonly uri: string;

  /** The element, in that namespace: `<rack:place xmlns:rack='urn:example:rack:1' row='7'/>`. "" takes it away. */
  readonly xml: string;
}

export interface SriovNetworkVirtualFunction {
  /** PCI address of the VF, such as `0000:01:10.0`, where it is known. */
  readonly pciAddress?: string;

  /** The VF's netdev, in a pool of macvtaps. */
  readonly netdev?: string;

  /** Who holds the VF. Absent while it is free. */
  readonly allocatedTo?: SriovNetworkVirtualFunctionAllocatedTo;
}

/** Who holds the VF. Absent while it is free. */
export interface SriovNetworkVirtualFunctionAllocatedTo {
  /** Name of the VM that holds the VF. */
  readonly domain: string;

  /** MAC address of the VM's interface. */
  readonly mac: string;
}

/** The PF by its MAC address, which moves with the card from slot to slot. */
export interface VfConfigPfArgs {
  /** The PF's permanent MAC address, as on its label, or, when no PF has it for good, the one it has now. */
  readonly mac: pulumi.Input<string>;
}

/** What one VF is and may do. */
export interface VfConfigVfArgs {
  /** Which VF: N of `ip link set PF vf N` and of `virtfnN` in sysfs, from 0. */
  readonly index: pulumi.Input<number>;

  /** The VF's MAC address, set by the PF. "00:00:00:00:00:00" takes it back, and the VF chooses its own. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly mac?: pulumi.Input<string>;

  /** VLAN that the PF tags the VF's traffic with, 1-4094; 0 is no VLAN. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly vlan?: pulumi.Input<number>;

  /** Priority (802.1p) in the VLAN tag, 0-7. Needs `vlan`. Unset keeps what is there, also when `vlan` changes. */
  readonly qos?: pulumi.Input<number>;

  /** Kind of the VLAN tag: "802.1Q", or "802.1ad" for the outer tag of QinQ, which few drivers take. Needs `vlan`. Unset keeps what is there. */
  readonly vlanProto?: pulumi.Input<"802.1Q" | "802.1ad">;

  /** Whether the PF drops packets whose source MAC or VLAN is not the VF's. Unset leaves it alone. */
  readonly spoofchk?: pulumi.Input<boolean>;

  /** Whether the VF may use privileged features, such as promiscuous mode and changing its MAC. Some drivers reset the VF when it changes. Unset leaves it alone. */
  readonly trust?: pulumi.Input<boolean>;

  /** The link that the VF sees: "auto" is the PF's own, "enable" always up (VFs of one PF reach each other without a cable), "disable" always down. Unset leaves it alone. */
  readonly linkState?: pulumi.Input<"auto" | "enable" | "disable">;

  /** Limit of what the VF sends, in Mbit/s; 0 is no limit. Most drivers take it only while the PF has link. Unset leaves it alone. */
  readonly maxTxRate?: pulumi.Input<number>;

  /** Share of the PF's link that the VF is sure to get for sending, in Mbit/s; 0 is none. Few drivers take it. Unset leaves it alone. */
  readonly minTxRate?: pulumi.Input<number>;

  /** Whether the VF may ask for the PF's RSS table and key (`query_rss`). Only ixgbe (82599, X540) takes it. Unset leaves it alone. */
  readonly queryRss?: pulumi.Input<boolean>;
}

/** The PF by its MAC address, which moves with the card from slot to slot. */
export interface VfConfigPf {
  /** The PF's permanent MAC address, as on its label, or, when no PF has it for good, the one it has now. */
  readonly mac: string;
}

/** What one VF is and may do. */
export interface VfConfigVf {
  /** Which VF: N of `ip link set PF vf N` and of `virtfnN` in sysfs, from 0. */
  readonly index: number;

  /** The VF's MAC address, set by the PF. "00:00:00:00:00:00" takes it back, and the VF chooses its own. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly mac?: string;

  /** VLAN that the PF tags the VF's traffic with, 1-4094; 0 is no VLAN. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly vlan?: number;

  /** Priority (802.1p) in the VLAN tag, 0-7. Needs `vlan`. Unset keeps what is there, also when `vlan` changes. */
  readonly qos?: number;

  /** Kind of the VLAN tag: "802.1Q", or "802.1ad" for the outer tag of QinQ, which few drivers take. Needs `vlan`. Unset keeps what is there. */
  readonly vlanProto?: "802.1Q" | "802.1ad";

  /** Whether the PF drops packets whose source MAC or VLAN is not the VF's. Unset leaves it alone. */
  readonly spoofchk?: boolean;

  /** Whether the VF may use privileged features, such as promiscuous mode and changing its MAC. Some drivers reset the VF when it changes. Unset leaves it alone. */
  readonly trust?: boolean;

  /** The link that the VF sees: "auto" is the PF's own, "enable" always up (VFs of one PF reach each other without a cable), "disable" always down. Unset leaves it alone. */
  readonly linkState?: "auto" | "enable" | "disable";

  /** Limit of what the VF sends, in Mbit/s; 0 is no limit. Most drivers take it only while the PF has link. Unset leaves it alone. */
  readonly maxTxRate?: number;

  /** Share of the PF's link that the VF is sure to get for sending, in Mbit/s; 0 is none. Few drivers take it. Unset leaves it alone. */
  readonly minTxRate?: number;

  /** Whether the VF may ask for the PF's RSS table and key (`query_rss`). Only ixgbe (82599, X540) takes it. Unset leaves it alone. */
  readonly queryRss?: boolean;
}

export interface VfConfigVirtualFunction {
  /** The VF's MAC address, set by the PF. "00:00:00:00:00:00" takes it back, and the VF chooses its own. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly mac?: string;

  /** VLAN that the PF tags the VF's traffic with, 1-4094; 0 is no VLAN. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly vlan?: number;

  /** Priority (802.1p) in the VLAN tag, 0-7. Needs `vlan`. Unset keeps what is there, also when `vlan` changes. */
  readonly qos?: number;

  /** Kind of the VLAN tag: "802.1Q", or "802.1ad" for the outer tag of QinQ, which few drivers take. Needs `vlan`. Unset keeps what is there. */
  readonly vlanProto?: "802.1Q" | "802.1ad";

  /** Whether the PF drops packets whose source MAC or VLAN is not the VF's. Unset leaves it alone. */
  readonly spoofchk?: boolean;

  /** Whether the VF may use privileged features, such as promiscuous mode and changing its MAC. Some drivers reset the VF when it changes. Unset leaves it alone. */
  readonly trust?: boolean;

  /** The link that the VF sees: "auto" is the PF's own, "enable" always up (VFs of one PF reach each other without a cable), "disable" always down. Unset leaves it alone. */
  readonly linkState?: "auto" | "enable" | "disable";

  /** Limit of what the VF sends, in Mbit/s; 0 is no limit. Most drivers take it only while the PF has link. Unset leaves it alone. */
  readonly maxTxRate?: number;

  /** Share of the PF's link that the VF is sure to get for sending, in Mbit/s; 0 is none. Few drivers take it. Unset leaves it alone. */
  readonly minTxRate?: number;

  /** Whether the VF may ask for the PF's RSS table and key (`query_rss`). Only ixgbe (82599, X540) takes it. Unset leaves it alone. */
  readonly queryRss?: boolean;

  /** Which VF, from 0. */
  readonly index: number;

  /** PCI address of the VF, such as `0000:01:10.0`. Empty on netdevsim, whose VFs are no devices. */
  readonly pciAddress: string;

  /** IOMMU group of the VF; it can change over a reboot. Absent while the IOMMU is off. */
  readonly iommuGroup?: number;

  /** The VF's netdev on the host. Absent without a host driver. What it was before, while a VM holds the VF. */
  readonly netdev?: string;

  /** The VF's driver on the host, such as `igbvf`. What it was before, while a VM holds the VF. */
  readonly driver?: string;
}

/** How the PF was before this resource came: what deleting it restores. */
export interface VfConfigPrior {
  /** How many VFs there were. */
  readonly numVfs: number;

  /** Whether the PF was up. */
  readonly pfUp: boolean;

  /** Whether VFs got a driver of the host. */
  readonly driversAutoprobe?: boolean;

  /** The eswitch mode. */
  readonly eswitchMode?: string;

  /** The MTU of the PF's netdev. */
  readonly mtu?: number;

  /** The attributes of the VFs that were touched. */
  readonly vfs: VfConfigPriorVf[];

  /** What of this package's was there to make VFs at boot: left by a VfConfig that nobody deleted. */
  readonly boot?: VfConfigPriorBoot[];
}

export interface VfConfigPriorVf {
  readonly index: number;

  readonly mac?: string;

  readonly vlan?: number;

  readonly qos?: number;

  readonly vlanProto?: "802.1Q" | "802.1ad";

  readonly spoofchk?: boolean;

  readonly trust?: boolean;

  readonly linkState?: "auto" | "enable" | "disable";

  readonly maxTxRate?: number;

  readonly minTxRate?: number;

  readonly queryRss?: boolean;
}

export interface VfConfigPriorBoot {
  readonly persistence: "systemd-unit" | "udev" | "systemd-link";

  readonly text: string;
}

/** What the program said when it was last applied; where the host differs from it, that is drift. */
export interface VfConfigDeclared {
  readonly numVfs?: number;

  readonly driversAutoprobe?: boolean;

  readonly eswitchMode?: "legacy" | "switchdev";

  readonly mtu?: number;

  readonly pfUp: boolean;

  readonly vfs: VfConfigDeclaredVf[];

  readonly persistence: string;
}

/** What one VF is and may do. */
export interface VfConfigDeclaredVf {
  /** Which VF: N of `ip link set PF vf N` and of `virtfnN` in sysfs, from 0. */
  readonly index: number;

  /** The VF's MAC address, set by the PF. "00:00:00:00:00:00" takes it back, and the VF chooses its own. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly mac?: string;

  /** VLAN that the PF tags the VF's traffic with, 1-4094; 0 is no VLAN. Unset leaves it alone. While a VM holds the VF through a libvirt interface, libvirt owns it. */
  readonly vlan?: number;

  /** Priority (802.1p) in the VLAN tag, 0-7. Needs `vlan`. Unset keeps what is there, also when `vlan` changes. */
  readonly qos?: number;

  /** Kind of the VLAN tag: "802.1Q", or "802.1ad" for the outer tag of QinQ, which few drivers take. Needs `vlan`. Unset keeps what is there. */
  readonly vlanProto?: "802.1Q" | "802.1ad";

  /** Whether the PF drops packets whose source MAC or VLAN is not the VF's. Unset leaves it alone. */
  readonly spoofchk?: boolean;

  /** Whether the VF may use privileged features, such as promiscuous mode and changing its MAC. Some drivers reset the VF when it changes. Unset leaves it alone. */
  readonly trust?: boolean;

  /** The link that the VF sees: "auto" is the PF's own, "enable" always up (VFs of one PF reach each other without a cable), "disable" always down. Unset leaves it alone. */
  readonly linkState?: "auto" | "enable" | "disable";

  /** Limit of what the VF sends, in Mbit/s; 0 is no limit. Most drivers take it only while the PF has link. Unset leaves it alone. */
  readonly maxTxRate?: number;

  /** Share of the PF's link that the VF is sure to get for sending, in Mbit/s; 0 is none. Few drivers take it. Unset leaves it alone. */
  readonly minTxRate?: number;

  /** Whether the VF may ask for the PF's RSS table and key (`query_rss`). Only ixgbe (82599, X540) takes it. Unset leaves it alone. */
  readonly queryRss?: boolean;
}

/** A VF by its PF and index. */
export interface VmSriovInterfaceVfArgs {
  /** The PF, by netdev name, altname or PCI address. */
  readonly pf: pulumi.Input<string>;

  /** Which of its VFs: N of `virtfnN` in sysfs, from 0. */
  readonly index: pulumi.Input<number>;
}

/** The switch port's profile, instead of a VLAN. Unset: that of the portgroup or the network, else none. */
export interface VmSriovInterfaceVirtualportArgs {
  /** What the switch speaks: `802.1Qbg` (VEPA, VSI discovery), `802.1Qbh` (port extender, with a port profile); `none` takes it away. */
  readonly type: pulumi.Input<"802.1Qbg" | "802.1Qbh" | "none">;

  /** 802.1Qbg: VSI manager (`managerid`), 0-255. */
  readonly managerId?: pulumi.Input<number>;

  /** 802.1Qbg: VSI type (`typeid`), 0-16777215. */
  readonly typeId?: pulumi.Input<number>;

  /** 802.1Qbg: version of the VSI type, 0-255. */
  readonly typeIdVersion?: pulumi.Input<number>;

  /** 802.1Qbg: UUID of the VSI instance. Unset: libvirt makes one. */
  readonly instanceId?: pulumi.Input<string>;

  /** 802.1Qbh: name of the port profile (`profileid`). */
  readonly profileId?: pulumi.Input<string>;
}

/** The VFIO driver of `vf`. A VF of a pool has the network's. Unset: libvirt's choice. */
export interface VmSriovInterfaceDriverArgs {
  /** How the VF is passed through: `vfio`, the only way there is. */
  readonly name?: pulumi.Input<"vfio">;

  /** The kernel's VFIO driver for the VF, such as `mlx5_vfio_pci`: one that can migrate it. Needs libvirt 10.0. Unset: libvirt's choice. */
  readonly model?: pulumi.Input<string>;
}

/** Makes the interface one half of a failover pair, for live migration: see VmFailoverPair. Unset: alone. */
export interface VmSriovInterfaceTeamingArgs {
  /** `transient`: the VF, which goes while the VM migrates. `persistent`: the virtio NIC that stays, from a network of any kind. */
  readonly type: pulumi.Input<"persistent" | "transient">;

  /** The alias of the persistent NIC of the same VM and MAC address. For `transient` only. */
  readonly persistent?: pulumi.Input<string>;
}

/** A VF by its PF and index. */
export interface VmSriovInterfaceVf {
  /** The PF, by netdev name, altname or PCI address. */
  readonly pf: string;

  /** Which of its VFs: N of `virtfnN` in sysfs, from 0. */
  readonly index: number;
}

/** The switch port's profile, instead of a VLAN. Unset: that of the portgroup or the network, else none. */
export interface VmSriovInterfaceVirtualport {
  /** What the switch speaks: `802.1Qbg` (VEPA, VSI discovery), `802.1Qbh` (port extender, with a port profile); `none` takes it away. */
  readonly type: "802.1Qbg" | "802.1Qbh" | "none";

  /** 802.1Qbg: VSI manager (`managerid`), 0-255. */
  readonly managerId?: number;

  /** 802.1Qbg: VSI type (`typeid`), 0-16777215. */
  readonly typeId?: number;

  /** 802.1Qbg: version of the VSI type, 0-255. */
  readonly typeIdVersion?: number;

  /** 802.1Qbg: UUID of the VSI instance. Unset: libvirt makes one. */
  readonly instanceId?: string;

  /** 802.1Qbh: name of the port profile (`profileid`). */
  readonly profileId?: string;
}

/** The VFIO driver of `vf`. A VF of a pool has the network's. Unset: libvirt's choice. */
export interface VmSriovInterfaceDriver {
  /** How the VF is passed through: `vfio`, the only way there is. */
  readonly name?: "vfio";

  /** The kernel's VFIO driver for the VF, such as `mlx5_vfio_pci`: one that can migrate it. Needs libvirt 10.0. Unset: libvirt's choice. */
  readonly model?: string;
}

/** Makes the interface one half of a failover pair, for live migration: see VmFailoverPair. Unset: alone. */
export interface VmSriovInterfaceTeaming {
  /** `transient`: the VF, which goes while the VM migrates. `persistent`: the virtio NIC that stays, from a network of any kind. */
  readonly type: "persistent" | "transient";

  /** The alias of the persistent NIC of the same VM and MAC address. For `transient` only. */
  readonly persistent?: string;
}

/** What the program said when it was last applied; where the VM differs from it, that is drift. */
export interface VmSriovInterfaceDeclared {
  readonly apply: "auto" | "config" | "live";

  readonly vlan?: number;
}

/** One interface of a VM. */
export interface GetDomainInterfacesInterface {
  /** Name of the VM. */
  readonly domain: string;

  /** UUID of the VM. */
  readonly domainUuid: string;

  /** Whether the VM runs. */
  readonly running: boolean;

  /** libvirt's type in the definition: `network` (a pool, when that is one), `hostdev` (one VF), `direct`, `bridge`; `pci` for a plain `<hostdev>`, which may be a VF too. */
  readonly type: string;

  /** MAC address. Absent for a plain `<hostdev>`. */
  readonly mac?: string;

  /** The alias that somebody gave it (`ua-...`). Absent for one that libvirt makes up at every start. */
  readonly alias?: string;

  /** The libvirt network that it is from. */
  readonly network?: string;

  /** The portgroup of that network. */
  readonly portgroup?: string;

  /** PCI address of the VF or other device that it has now; of the one it asks for while the VM is off. */
  readonly vfPciAddress?: string;

  /** VLAN: that of interface, portgroup and network together while the VM runs. */
  readonly vlan?: number;

  /** Whether it is in the VM's definition: in its next start. */
  readonly config: boolean;

  /** Whether the running VM has it. */
  readonly live: boolean;

  /** PCI address of the interface inside the guest. */
  readonly guestAddress?: string;

  /** UUID of the network port: the network's allocation. Absent while the VM is off. */
  readonly portId?: string;
}

/** One finding. */
export interface GetHostFinding {
  /** Which rule found it: `pf-down`. It has a page in `docs/findings/`. */
  readonly id: string;

  /** `error`: a VM does not start, or not with its VF. `warning`: it may not, or not after the next boot. `info`: worth to know. */
  readonly severity: "error" | "warning" | "info";

  /** What it is about, where a host can have several: `PF eno49`, `VM web`. */
  readonly about?: string;

  /** The very lines and values it was seen in. */
  readonly seen: string[];

  /** What goes wrong because of it. */
  readonly why: string;

  /** What to do. */
  readonly remedy: string;

  /** The command on the host that does it, where one command can. */
  readonly command?: string;

  /** The inputs of a HostSetup that does it. */
  readonly hostSetup?: GetHostFindingHostSetup;

  /** The page about it, from the root of this project. */
  readonly documentation: string;
}

/** The inputs of a HostSetup that does it. */
export interface GetHostFindingHostSetup {
  /** Kernel arguments for the IOMMU. */
  readonly iommu?: GetHostFindingHostSetupIommu;

  /** The VFIO modules, loaded at boot. */
  readonly vfioModules?: boolean;

  /** AppArmor's rule for VFIO devices. */
  readonly apparmorVfioRule?: boolean;

  /** dynamic_ownership in qemu.conf. */
  readonly dynamicOwnership?: boolean;

  /** cgroup_device_acl in qemu.conf. */
  readonly cgroupDeviceAcl?: boolean;
}

/** Kernel arguments for the IOMMU. */
export interface GetHostFindingHostSetupIommu {
  /** `iommu=pt`. */
  readonly passthrough: boolean;
}

/** A kind of interface that VMs can ask the network for. */
export interface GetNetworkPortgroup {
  /** Name of the portgroup. */
  readonly name: string;

  /** Whether interfaces that ask for no portgroup get this one. */
  readonly default: boolean;

  /** VLAN of the portgroup. Absent for none, and for a trunk of several. */
  readonly vlan?: number;
}

/** One VF that the network has handed out. */
export interface GetNetworkAllocation {
  /** PCI address of the VF. Absent for an allocation of another kind. */
  readonly pciAddress?: string;

  /** Name of the VM that has it. */
  readonly domain: string;

  /** UUID of that VM. */
  readonly domainUuid: string;

  /** MAC address of the VM's interface. */
  readonly mac: string;

  /** The portgroup that the interface asked for, or the default one. */
  readonly portgroup?: string;

  /** VLAN of the interface, portgroup and network together. Absent for none. */
  readonly vlan?: number;

  /** UUID of the allocation (network port). */
  readonly portId: string;
}

/** One PF. */
export interface GetPhysicalFunctionsPhysicalFunction {
  /** PCI address of the PF, such as `0000:01:00.0`. */
  readonly pciAddress: string;

  /** The PF's netdev, such as `eno49`. Absent without a driver that makes one. */
  readonly netdev?: string;

  /** Other names of the netdev. */
  readonly altnames: string[];

  /** The PF's driver, such as `igb`. Absent when none is bound. */
  readonly driver?: string;

  /** How many VFs the PF can have (`sriov_totalvfs`). */
  readonly totalVfs: number;

  /** How many VFs the PF has (`sriov_numvfs`). */
  readonly numVfs: number;

  /** Whether the netdev is up. libvirt starts no VM on a VF of a PF that is down. */
  readonly up: boolean;

  /** Whether the netdev has link. */
  readonly carrier: boolean;

  /** Whether a VfConfig's unit, udev rule or .link file on the host makes the VFs again at boot; what else may do so is not seen. */
  readonly boot: boolean;
}

/** One VF. */
export interface GetVirtualFunctionsVirtualFunction {
  /** PCI address of the VF, such as `0000:01:10.0`. */
  readonly pciAddress: string;

  /** Which VF of its PF, from 0. */
  readonly index: number;

  /** PCI address of its PF. */
  readonly pfPciAddress: string;

  /** The PF's netdev. Absent where the PF has none. */
  readonly pfName?: string;

  /** IOMMU group; it can change over a reboot. Absent while the IOMMU is off. */
  readonly iommuGroup?: number;

  /** The driver that is bound: `igbvf`, or `vfio-pci` while a VM has the VF. Absent when none is. */
  readonly driver?: string;

  /** The VF's netdev on the host. Absent without a host driver. */
  readonly netdev?: string;

  /** MAC address, as the PF shows it. */
  readonly mac?: string;

  /** VLAN that the PF tags the VF's traffic with; 0 is none. */
  readonly vlan: number;

  /** The libvirt network (pool) that hands the VF out. Absent for none. */
  readonly network?: string;

  /** Who has the VF: "free" for nobody; "vm": a running VM; "host": its netdev is part of a bridge, a bond or the like; "process": a program that is no VM has its VFIO device open. */
  readonly use: "free" | "vm" | "host" | "process";

  /** The VM's name, the netdevs on top of the VF's, or the process. Absent while the VF is free. */
  readonly usedBy?: string;
}

/** What a program says of a HostSetup. */
export interface HostSetupArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** The kernel's arguments that turn the IOMMU on: `intel_iommu=on` (Intel; AMD's needs none) and `iommu=pt`. They go where the host's boot loader takes them from: a drop-in of ours in /etc/default/grub.d with `update-grub`, `grubby`, or /etc/kernel/cmdline with `kernel-install`; other arguments stay, and nothing is said twice. They count from the next boot: see `rebootRequired`. Unset leaves them alone; left out later, ours are taken back. */
  readonly iommu?: pulumi.Input<HostSetupIommuArgs>;

  /** Whether the modules vfio, vfio_iommu_type1 and vfio_pci are loaded now and at every boot (/etc/modules-load.d/pulumi-sriov.conf). False removes that file. libvirt loads them by itself where it may. Unset leaves it alone; left out later, it is taken back. */
  readonly vfioModules?: pulumi.Input<boolean>;

  /** Whether libvirt may give QEMU's user the files of its VM's devices (`dynamic_ownership` in qemu.conf, on by default). True replaces a line that turns it off by a marked block, and restarts libvirt's daemon, which leaves running VMs alone; false takes that block back. Unset leaves it alone; left out later, it is taken back. */
  readonly dynamicOwnership?: pulumi.Input<boolean>;

  /** Whether a `cgroup_device_acl` in qemu.conf has what every QEMU needs (/dev/null, /dev/kvm, ...). True adds what is missing in a marked block and restarts libvirt's daemon, which leaves running VMs alone; false takes that block back. Unset leaves it alone; left out later, it is taken back. */
  readonly cgroupDeviceAcl?: pulumi.Input<boolean>;

  /** Whether AppArmor lets VMs open VFIO devices, which a VM needs to start with a VF from a libvirt pool: the line `/dev/vfio/[0-9]* rw,` in the local rules for libvirt's QEMU. True adds it as a marked block; false removes that block, and only that. On a host without AppArmor there is nothing to do. Unset leaves it alone; left out later, it is taken back. */
  readonly apparmorVfioRule?: pulumi.Input<boolean>;
}

/** What a HostSetup shows. */
export interface HostSetupOutputs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Output<Host>;

  /** The kernel's arguments that turn the IOMMU on: `intel_iommu=on` (Intel; AMD's needs none) and `iommu=pt`. They go where the host's boot loader takes them from: a drop-in of ours in /etc/default/grub.d with `update-grub`, `grubby`, or /etc/kernel/cmdline with `kernel-install`; other arguments stay, and nothing is said twice. They count from the next boot: see `rebootRequired`. Unset leaves them alone; left out later, ours are taken back. */
  readonly iommu: pulumi.Output<HostSetupIommu | undefined>;

  /** Whether the modules vfio, vfio_iommu_type1 and vfio_pci are loaded now and at every boot (/etc/modules-load.d/pulumi-sriov.conf). False removes that file. libvirt loads them by itself where it may. Unset leaves it alone; left out later, it is taken back. */
  readonly vfioModules: pulumi.Output<boolean | undefined>;

  /** Whether libvirt may give QEMU's user the files of its VM's devices (`dynamic_ownership` in qemu.conf, on by default). True replaces a line that turns it off by a marked block, and restarts libvirt's daemon, which leaves running VMs alone; false takes that block back. Unset leaves it alone; left out later, it is taken back. */
  readonly dynamicOwnership: pulumi.Output<boolean | undefined>;

  /** Whether a `cgroup_device_acl` in qemu.conf has what every QEMU needs (/dev/null, /dev/kvm, ...). True adds what is missing in a marked block and restarts libvirt's daemon, which leaves running VMs alone; false takes that block back. Unset leaves it alone; left out later, it is taken back. */
  readonly cgroupDeviceAcl: pulumi.Output<boolean | undefined>;

  /** Whether AppArmor lets VMs open VFIO devices, which a VM needs to start with a VF from a libvirt pool: the line `/dev/vfio/[0-9]* rw,` in the local rules for libvirt's QEMU. True adds it as a marked block; false removes that block, and only that. On a host without AppArmor there is nothing to do. Unset leaves it alone; left out later, it is taken back. */
  readonly apparmorVfioRule: pulumi.Output<boolean | undefined>;

  /** The host's machine-id: its identity, whatever URI leads to it. */
  readonly hostId: pulumi.Output<string>;

  /** Whether AppArmor is at work on the host: "enabled"; "disabled": its rules for libvirt are there, but not enforced; "absent". */
  readonly apparmor: pulumi.Output<"enabled" | "disabled" | "absent">;

  /** Whether the kernel uses an IOMMU now: without one no VM has a VF. */
  readonly iommuActive: pulumi.Output<boolean>;

  /** The arguments that we have added to those of the next boot; empty for none. */
  readonly kernelArguments: pulumi.Output<string>;

  /** Whether the host has to boot before what was set up counts. Never done for you. */
  readonly rebootRequired: pulumi.Output<boolean>;

  /** What the reboot is for; empty when none is required. */
  readonly rebootReason: pulumi.Output<string>;

  /** The file in which our AppArmor rule is; empty when there is none of ours. */
  readonly apparmorRuleFile: pulumi.Output<string>;
}

/** What a program says of a SriovNetwork. */
export interface SriovNetworkArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** Name of the libvirt network: what VMs ask for. Default: the name of the Pulumi resource. Another name replaces the network. */
  readonly name?: pulumi.Input<string>;

  /** The PF whose VFs the pool hands out, by its netdev (`eno49`): use the output `pfName` of a VfConfig. Exactly one of `pf`, `vfs` and `netdevs` is needed. */
  readonly pf?: pulumi.Input<string>;

  /** The VFs that the pool hands out, by PCI address, in this order; they may be of several PFs. With mode `hostdev` only. */
  readonly vfs?: pulumi.Input<pulumi.Input<string>[]>;

  /** The network interfaces that the pool hands out macvtaps on: VFs' (`eno49v0`), or a PF's own. Not with mode `hostdev`. */
  readonly netdevs?: pulumi.Input<pulumi.Input<string>[]>;

  /** How a VM gets its VF. `hostdev` (default): the PCI device itself, through VFIO. The others keep the VF's driver on the host and give the VM a macvtap on its netdev: `passthrough` to one VM a VF, `bridge`, `vepa` and `private` to several. */
  readonly mode?: pulumi.Input<"hostdev" | "passthrough" | "bridge" | "vepa" | "private">;

  /** Whether libvirt takes a VF from its driver on the host when a VM needs it, and gives it back afterwards. Default true. False: the VFs have to be bound to vfio-pci already. */
  readonly managed?: pulumi.Input<boolean>;

  /** VLAN that the PF tags the traffic of the pool's VFs with, 1-4094; 0 takes it away. A portgroup's or an interface's own VLAN comes first. Unset leaves it alone. */
  readonly vlan?: pulumi.Input<number>;

  /** The switch port's profile for all VFs of the pool, instead of a VLAN. Unset leaves it alone. */
  readonly virtualport?: pulumi.Input<SriovNetworkVirtualportArgs>;

  /** The VFIO driver of the VFs. With mode `hostdev` only. Unset leaves it alone. */
  readonly driver?: pulumi.Input<SriovNetworkDriverArgs>;

  /** The portgroups of the network, all of them: one that is not listed is removed. Unset leaves them alone. */
  readonly portgroups?: pulumi.Input<pulumi.Input<SriovNetworkPortgroupArgs>[]>;

  /** A short name for people; "" takes it away. Needs libvirt 9.7. Unset leaves it alone. */
  readonly title?: pulumi.Input<string>;

  /** A text for people; "" takes it away. Needs libvirt 9.7. Unset leaves it alone. */
  readonly description?: pulumi.Input<string>;

  /** Elements of other tools in the network's metadata, one a namespace. Namespaces that are not listed, and our own mark, stay. */
  readonly metadata?: pulumi.Input<pulumi.Input<SriovNetworkMetadataArgs>[]>;

  /** Whether the network is started when the host boots. Default true. */
  readonly autostart?: pulumi.Input<boolean>;

  /** Whether the network is started. Default true. A pool is never stopped while a VM holds one of its VFs. */
  readonly active?: pulumi.Input<boolean>;
}

/** What a SriovNetwork shows. */
export interface SriovNetworkOutputs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Output<Host>;

  /** Name of the libvirt network. */
  readonly name: pulumi.Output<string>;

  /** The PF whose VFs the pool hands out, by its netdev (`eno49`): use the output `pfName` of a VfConfig. Exactly one of `pf`, `vfs` and `netdevs` is needed. */
  readonly pf: pulumi.Output<string | undefined>;

  /** The VFs that the pool hands out, by PCI address, in this order; they may be of several PFs. With mode `hostdev` only. */
  readonly vfs: pulumi.Output<string[] | undefined>;

  /** The network interfaces that the pool hands out macvtaps on: VFs' (`eno49v0`), or a PF's own. Not with mode `hostdev`. */
  readonly netdevs: pulumi.Output<string[] | undefined>;

  /** How a VM gets its VF. `hostdev` (default): the PCI device itself, through VFIO. The others keep the VF's driver on the host and give the VM a macvtap on its netdev: `passthrough` to one VM a VF, `bridge`, `vepa` and `private` to several. */
  readonly mode: pulumi.Output<"hostdev" | "passthrough" | "bridge" | "vepa" | "private">;

  /** Whether libvirt takes a VF from its driver on the host when a VM needs it, and gives it back afterwards. Default true. False: the VFs have to be bound to vfio-pci already. */
  readonly managed: pulumi.Output<boolean>;

  /** VLAN that the PF tags the traffic of the pool's VFs with, 1-4094; 0 takes it away. A portgroup's or an interface's own VLAN comes first. Unset leaves it alone. */
  readonly vlan: pulumi.Output<number | undefined>;

  /** The switch port's profile for all VFs of the pool, instead of a VLAN. Unset leaves it alone. */
  readonly virtualport: pulumi.Output<SriovNetworkVirtualport | undefined>;

  /** The VFIO driver of the VFs. With mode `hostdev` only. Unset leaves it alone. */
  readonly driver: pulumi.Output<SriovNetworkDriver | undefined>;

  /** The portgroups of the network, all of them: one that is not listed is removed. Unset leaves them alone. */
  readonly portgroups: pulumi.Output<SriovNetworkPortgroup[] | undefined>;

  /** A short name for people; "" takes it away. Needs libvirt 9.7. Unset leaves it alone. */
  readonly title: pulumi.Output<string | undefined>;

  /** A text for people; "" takes it away. Needs libvirt 9.7. Unset leaves it alone. */
  readonly description: pulumi.Output<string | undefined>;

  /** Elements of other tools in the network's metadata, one a namespace. Namespaces that are not listed, and our own mark, stay. */
  readonly metadata: pulumi.Output<SriovNetworkMetadata[] | undefined>;

  /** Whether the network is started when the host boots. Default true. */
  readonly autostart: pulumi.Output<boolean>;

  /** Whether the network is started. Default true. A pool is never stopped while a VM holds one of its VFs. */
  readonly active: pulumi.Output<boolean>;

  /** The host's machine-id: its identity, whatever URI leads to it. */
  readonly hostId: pulumi.Output<string>;

  /** The Pulumi resource, as `project/stack/name`, written into the network's metadata as the mark that it is ours. */
  readonly owner: pulumi.Output<string>;

  /** How many VFs the PF has. When the number changes, a running pool is out of date and is started again. Absent with `vfs`. */
  readonly numVfs: pulumi.Output<number | undefined>;

  /** UUID of the libvirt network. */
  readonly uuid: pulumi.Output<string>;

  /** How many of the pool's VFs are handed out. */
  readonly connections: pulumi.Output<number>;

  /** The VFs of the pool, and who holds them. */
  readonly virtualFunctions: pulumi.Output<SriovNetworkVirtualFunction[]>;

  /** Whether the running pool differs from its definition, or from the VFs that the PF has: its list of VFs is made when it starts. */
  readonly stale: pulumi.Output<boolean>;
}

/** What a program says of a VfConfig. */
export interface VfConfigArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** The PF: its netdev (`eno49`), another name of that (altname), its PCI address (`0000:01:00.0`), or `{ mac }`. Exactly one PF of the host has to match. Another PF replaces the resource. */
  readonly pf: pulumi.Input<string | VfConfigPfArgs>;

  /** How many VFs the PF has, from 0 to its `totalVfs`. Changing it destroys all VFs of the PF and makes new ones, so it is refused while a running VM holds one. Unset leaves the number alone. */
  readonly numVfs?: pulumi.Input<number>;

  /** Whether the kernel binds a driver to VFs that are made from now on (`sriov_drivers_autoprobe`); false keeps VFs that are for VMs free of host drivers. Unset leaves it alone. */
  readonly driversAutoprobe?: pulumi.Input<boolean>;

  /** How the card switches between its VFs: "legacy", by MAC and VLAN, or "switchdev", by rules on a representor netdev for each VF. Some drivers change it only while there are no VFs, which are then made anew. Unset leaves it alone. */
  readonly eswitchMode?: pulumi.Input<"legacy" | "switchdev">;

  /** MTU of the PF's netdev, in bytes: the upper limit for its VFs. Most drivers lose the link for a moment when it changes. Unset leaves it alone. */
  readonly mtu?: pulumi.Input<number>;

  /** Whether the PF's netdev is brought up; libvirt starts no VM on a VF of a PF that is down. Default true. False leaves it as it is; it is never brought down. */
  readonly pfUp?: pulumi.Input<boolean>;

  /** Attributes of single VFs. A VF that is not listed, and what is unset of one, is left alone. */
  readonly vfs?: pulumi.Input<pulumi.Input<VfConfigVfArgs>[]>;

  /** How the VFs come back after a reboot of the host. "systemd-unit" (default): a unit, ordered before libvirt, that runs what `pulumi up` runs. "udev": a rule that makes the number of VFs and brings the PF up; nothing of single VFs. "systemd-link": a .link file, for systemd 251 or newer; no rates, and the PF stays down. "none": they do not come back. What a choice cannot bring back is refused beside it; docs/boot.md has the table. */
  readonly persistence?: pulumi.Input<"systemd-unit" | "udev" | "systemd-link" | "none">;

  /** Whether something else (NetworkManager, netplan, a udev rule) makes the VFs: then only attributes are set here, and `numVfs` is checked and never written. Default false. */
  readonly externallyManaged?: pulumi.Input<boolean>;

  /** Whether VFs that somebody holds may be destroyed (a running VM loses that NIC), and whether the PF that our SSH connection comes in over may lose its link. Default false: refused. When true, a timer on the host puts back what was before, unless the provider comes back and confirms. */
  readonly allowDisruption?: pulumi.Input<boolean>;

  /** With `allowDisruption`: how many seconds the host waits for the provider to come back, before it puts back what was before the change. 15 to 3600, default 120; a connection that is silently lost is noticed after 30 to 40. */
  readonly confirmTimeout?: pulumi.Input<number>;

  /** What becomes of the VFs when the resource is deleted. "restore" (default): the number, the attributes and the settings of the PF that the program stated last are as they were before; what it no longer stated stays as it is. "keep": they stay as they are, until the next reboot. What makes them at boot is removed in both cases. */
  readonly onDelete?: pulumi.Input<"restore" | "keep">;
}

/** What a VfConfig shows. */
export interface VfConfigOutputs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Output<Host>;

  /** The PF: its netdev (`eno49`), another name of that (altname), its PCI address (`0000:01:00.0`), or `{ mac }`. Exactly one PF of the host has to match. Another PF replaces the resource. */
  readonly pf: pulumi.Output<string | VfConfigPf>;

  /** How many VFs the PF has, from 0 to its `totalVfs`. Changing it destroys all VFs of the PF and makes new ones, so it is refused while a running VM holds one. Unset leaves the number alone. */
  readonly numVfs: pulumi.Output<number | undefined>;

  /** Whether the kernel binds a driver to VFs that are made from now on (`sriov_drivers_autoprobe`); false keeps VFs that are for VMs free of host drivers. Unset leaves it alone. */
  readonly driversAutoprobe: pulumi.Output<boolean | undefined>;

  /** How the card switches between its VFs: "legacy", by MAC and VLAN, or "switchdev", by rules on a representor netdev for each VF. Some drivers change it only while there are no VFs, which are then made anew. Unset leaves it alone. */
  readonly eswitchMode: pulumi.Output<"legacy" | "switchdev" | undefined>;

  /** MTU of the PF's netdev, in bytes: the upper limit for its VFs. Most drivers lose the link for a moment when it changes. Unset leaves it alone. */
  readonly mtu: pulumi.Output<number | undefined>;

  /** Whether the PF's netdev is brought up; libvirt starts no VM on a VF of a PF that is down. Default true. False leaves it as it is; it is never brought down. */
  readonly pfUp: pulumi.Output<boolean>;

  /** Attributes of single VFs. A VF that is not listed, and what is unset of one, is left alone. */
  readonly vfs: pulumi.Output<VfConfigVf[] | undefined>;

  /** How the VFs come back after a reboot of the host. "systemd-unit" (default): a unit, ordered before libvirt, that runs what `pulumi up` runs. "udev": a rule that makes the number of VFs and brings the PF up; nothing of single VFs. "systemd-link": a .link file, for systemd 251 or newer; no rates, and the PF stays down. "none": they do not come back. What a choice cannot bring back is refused beside it; docs/boot.md has the table. */
  readonly persistence: pulumi.Output<"systemd-unit" | "udev" | "systemd-link" | "none">;

  /** Whether something else (NetworkManager, netplan, a udev rule) makes the VFs: then only attributes are set here, and `numVfs` is checked and never written. Default false. */
  readonly externallyManaged: pulumi.Output<boolean>;

  /** Whether VFs that somebody holds may be destroyed (a running VM loses that NIC), and whether the PF that our SSH connection comes in over may lose its link. Default false: refused. When true, a timer on the host puts back what was before, unless the provider comes back and confirms. */
  readonly allowDisruption: pulumi.Output<boolean>;

  /** With `allowDisruption`: how many seconds the host waits for the provider to come back, before it puts back what was before the change. 15 to 3600, default 120; a connection that is silently lost is noticed after 30 to 40. */
  readonly confirmTimeout: pulumi.Output<number>;

  /** What becomes of the VFs when the resource is deleted. "restore" (default): the number, the attributes and the settings of the PF that the program stated last are as they were before; what it no longer stated stays as it is. "keep": they stay as they are, until the next reboot. What makes them at boot is removed in both cases. */
  readonly onDelete: pulumi.Output<"restore" | "keep">;

  /** The host's machine-id: its identity, whatever URI leads to it. */
  readonly hostId: pulumi.Output<string>;

  /** PCI address of the PF; on netdevsim, which is on no PCI bus, its device's name (`netdevsim7`). */
  readonly pfPciAddress: pulumi.Output<string>;

  /** The PF's netdev. */
  readonly pfName: pulumi.Output<string>;

  /** The PF's driver, such as `igb`. */
  readonly driver: pulumi.Output<string>;

  /** How many VFs the PF can have (`sriov_totalvfs`). */
  readonly totalVfs: pulumi.Output<number>;

  /** The VFs, by index. Of the attributes, those that the program states. */
  readonly virtualFunctions: pulumi.Output<VfConfigVirtualFunction[]>;

  /** How the PF was before this resource came: what deleting it restores. */
  readonly prior: pulumi.Output<VfConfigPrior>;

  /** What the program said when it was last applied; where the host differs from it, that is drift. */
  readonly declared: pulumi.Output<VfConfigDeclared>;
}

/** What a program says of a VmSriovInterface. */
export interface VmSriovInterfaceArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** The VM, by name or UUID. It has to exist. Another VM replaces the resource. */
  readonly domain: pulumi.Input<string>;

  /** The libvirt network (pool) that the VF is taken from at every start of the VM. Either this or `vf`. */
  readonly network?: pulumi.Input<string>;

  /** Portgroup of the network, for its VLAN. Unset: the network's default portgroup, if it has one. */
  readonly portgroup?: pulumi.Input<string>;

  /** The one VF to use: its PCI address, such as `0000:01:10.0`, or `{ pf, index }`. Either this or `network`. */
  readonly vf?: pulumi.Input<string | VmSriovInterfaceVfArgs>;

  /** MAC address of the interface, also in the guest. Unset: one in 52:54:00 that is made once and stays. */
  readonly mac?: pulumi.Input<string>;

  /** VLAN that the PF tags the interface's traffic with, 1-4094. Unset: that of the portgroup or the network, else none. */
  readonly vlan?: pulumi.Input<number>;

  /** The switch port's profile, instead of a VLAN. Unset: that of the portgroup or the network, else none. */
  readonly virtualport?: pulumi.Input<VmSriovInterfaceVirtualportArgs>;

  /** The VFIO driver of `vf`. A VF of a pool has the network's. Unset: libvirt's choice. */
  readonly driver?: pulumi.Input<VmSriovInterfaceDriverArgs>;

  /** The NIC that the guest sees where it is an emulated one: in a pool of macvtaps, and with teaming type "persistent". Default there: `virtio`. */
  readonly model?: pulumi.Input<string>;

  /** Place among the devices that the VM tries to boot from, from 1. Unset: it does not boot from this one. */
  readonly bootOrder?: pulumi.Input<number>;

  /** Makes the interface one half of a failover pair, for live migration: see VmFailoverPair. Unset: alone. */
  readonly teaming?: pulumi.Input<VmSriovInterfaceTeamingArgs>;

  /** PCI address of the interface in the guest, such as `0000:06:00.0`. Unset: libvirt's choice, which stays. */
  readonly address?: pulumi.Input<string>;

  /** libvirt's alias of the interface: how it is found again in the VM. Unset: `ua-sriov-` and the resource's name. Another alias replaces the resource. */
  readonly alias?: pulumi.Input<string>;

  /** "auto" (default): in the VM's definition and, if it runs, at once. "config": in the definition, so from its next start. "live": in the running VM alone, until it stops. */
  readonly apply?: pulumi.Input<"auto" | "config" | "live">;

  /** Seconds that a running guest has to let go of the VF, or to shut down for a restart. Default 60. */
  readonly detachTimeout?: pulumi.Input<number>;

  /** Whether a running VM may be shut down and started again. "never" (default). "ifNeeded": when it has no free PCIe root port to plug into, and when its guest does not let go of the VF. It is shut down in order, never cut off. */
  readonly restartDomain?: pulumi.Input<"never" | "ifNeeded">;
}

/** What a VmSriovInterface shows. */
export interface VmSriovInterfaceOutputs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Output<Host>;

  /** The VM, by name or UUID. It has to exist. Another VM replaces the resource. */
  readonly domain: pulumi.Output<string>;

  /** The libvirt network (pool) that the VF is taken from at every start of the VM. Either this or `vf`. */
  readonly network: pulumi.Output<string | undefined>;

  /** Portgroup of the network, for its VLAN. Unset: the network's default portgroup, if it has one. */
  readonly portgroup: pulumi.Output<string | undefined>;

  /** The one VF to use: its PCI address, such as `0000:01:10.0`, or `{ pf, index }`. Either this or `network`. */
  readonly vf: pulumi.Output<string | VmSriovInterfaceVf | undefined>;

  /** MAC address of the interface, also in the guest. */
  readonly mac: pulumi.Output<string>;

  /** VLAN that the PF tags the interface's traffic with, 1-4094. Unset: that of the portgroup or the network, else none. */
  readonly vlan: pulumi.Output<number | undefined>;

  /** The switch port's profile, instead of a VLAN. Unset: that of the portgroup or the network, else none. */
  readonly virtualport: pulumi.Output<VmSriovInterfaceVirtualport | undefined>;

  /** The VFIO driver of `vf`. A VF of a pool has the network's. Unset: libvirt's choice. */
  readonly driver: pulumi.Output<VmSriovInterfaceDriver | undefined>;

  /** The NIC that the guest sees where it is an emulated one: in a pool of macvtaps, and with teaming type "persistent". Default there: `virtio`. */
  readonly model: pulumi.Output<string | undefined>;

  /** Place among the devices that the VM tries to boot from, from 1. Unset: it does not boot from this one. */
  readonly bootOrder: pulumi.Output<number | undefined>;

  /** Makes the interface one half of a failover pair, for live migration: see VmFailoverPair. Unset: alone. */
  readonly teaming: pulumi.Output<VmSriovInterfaceTeaming | undefined>;

  /** PCI address of the interface in the guest, such as `0000:06:00.0`. Unset: libvirt's choice, which stays. */
  readonly address: pulumi.Output<string | undefined>;

  /** libvirt's alias of the interface: how it is found again in the VM. */
  readonly alias: pulumi.Output<string>;

  /** "auto" (default): in the VM's definition and, if it runs, at once. "config": in the definition, so from its next start. "live": in the running VM alone, until it stops. */
  readonly apply: pulumi.Output<"auto" | "config" | "live">;

  /** Seconds that a running guest has to let go of the VF, or to shut down for a restart. Default 60. */
  readonly detachTimeout: pulumi.Output<number>;

  /** Whether a running VM may be shut down and started again. "never" (default). "ifNeeded": when it has no free PCIe root port to plug into, and when its guest does not let go of the VF. It is shut down in order, never cut off. */
  readonly restartDomain: pulumi.Output<"never" | "ifNeeded">;

  /** The host's machine-id: its identity, whatever URI leads to it. */
  readonly hostId: pulumi.Output<string>;

  /** UUID of the VM. */
  readonly domainUuid: pulumi.Output<string>;

  /** Whether the VM ran with the interface when it was last applied. */
  readonly live: pulumi.Output<boolean>;

  /** The VF, as of the last `pulumi up`: from a pool, the VM may get another one at its next start. */
  readonly vfPciAddress: pulumi.Output<string | undefined>;

  /** PCI address of the interface inside the guest. */
  readonly guestAddress: pulumi.Output<string | undefined>;

  /** UUID of the network port: the pool's allocation, as of the last `pulumi up`. */
  readonly portId: pulumi.Output<string | undefined>;

  /** What the program said when it was last applied; where the VM differs from it, that is drift. */
  readonly declared: pulumi.Output<VmSriovInterfaceDeclared>;
}

/** What to ask getDomainInterfaces for. */
export interface GetDomainInterfacesArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: Host;

  /** Only those of this VM, by name or UUID. Unset: of every VM. */
  readonly domain?: string;
}

/** What to ask getDomainInterfacesOutput for. */
export interface GetDomainInterfacesOutputArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** Only those of this VM, by name or UUID. Unset: of every VM. */
  readonly domain?: pulumi.Input<string>;
}

/** The network interfaces and passed-through PCI devices of VMs, in the definition and live, with the VF that each has. Equivalent to: `virsh dumpxml` and `virsh dumpxml --inactive` of each VM, joined with `virsh net-port-list`. */
export interface GetDomainInterfacesResult {
  /** The host's machine-id. */
  readonly hostId: string;

  /** The interfaces, by VM and in the order of its definition. */
  readonly interfaces: GetDomainInterfacesInterface[];
}

/** What to ask getHost for. */
export interface GetHostArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: Host;
}

/** What to ask getHostOutput for. */
export interface GetHostOutputArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;
}

/** Whether VMs of a host can have VFs, and if not, why: IOMMU, firmware, modules, AppArmor, SELinux, libvirt and its settings, PFs, pools and VMs. Changes nothing. Equivalent to: `dmesg`, `virt-host-validate`, `aa-status`, `virsh net-dumpxml` and a long evening. */
export interface GetHostResult {
  /** The host's machine-id. */
  readonly hostId: string;

  /** libvirt's version. Absent when it does not answer. */
  readonly libvirtVersion?: string;

  /** Whether the kernel uses an IOMMU. Absent where the URI gives no shell. */
  readonly iommuActive?: boolean;

  /** Whether no finding is an error. */
  readonly healthy: boolean;

  /** The findings, the gravest first. */
  readonly findings: GetHostFinding[];
}

/** What to ask getNetwork for. */
export interface GetNetworkArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: Host;

  /** The network, by name or UUID. */
  readonly network: string;
}

/** What to ask getNetworkOutput for. */
export interface GetNetworkOutputArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** The network, by name or UUID. */
  readonly network: pulumi.Input<string>;
}

/** A libvirt network: its settings, its VFs, and which VM has which of them. Equivalent to: `virsh net-info`, `virsh net-dumpxml`, `virsh net-port-list` and `virsh net-port-dumpxml` of each port. */
export interface GetNetworkResult {
  /** The host's machine-id. */
  readonly hostId: string;

  /** Name of the network. */
  readonly name: string;

  /** UUID of the network. */
  readonly uuid: string;

  /** libvirt's forward mode: `hostdev` for a pool of VFs; `nat`, `bridge`, ... Absent for an isolated one. */
  readonly mode?: string;

  /** Whether the network is started. */
  readonly active: boolean;

  /** Whether it has a definition that outlives its being stopped. */
  readonly persistent: boolean;

  /** Whether it is started when the host boots. */
  readonly autostart: boolean;

  /** Whether libvirt takes a VF from its host driver when a VM needs it, and gives it back. */
  readonly managed: boolean;

  /** The PF whose VFs the pool hands out. Absent for a pool of single VFs. */
  readonly pf?: string;

  /** VLAN of the network. Absent for none, and for a trunk of several. */
  readonly vlan?: number;

  /** The portgroups of its definition. */
  readonly portgroups: GetNetworkPortgroup[];

  /** The SriovNetwork it belongs to, as `project/stack/name`. Absent when somebody else made it. */
  readonly owner?: string;

  /** Whether the running pool differs from what its start would make now: from its definition, or from the PF's VFs. */
  readonly stale: boolean;

  /** PCI addresses of the VFs that it hands out: those it has listed, or would. */
  readonly vfs: string[];

  /** The VFs that VMs have, in libvirt's order. */
  readonly allocations: GetNetworkAllocation[];
}

/** What to ask getPhysicalFunctions for. */
export interface GetPhysicalFunctionsArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: Host;
}

/** What to ask getPhysicalFunctionsOutput for. */
export interface GetPhysicalFunctionsOutputArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;
}

/** The physical functions (PFs) of a host: network cards that can have VFs. Equivalent to: `ls -d /sys/bus/pci/devices/*\/sriov_totalvfs` and `ip -d link show` of each; one round trip. */
export interface GetPhysicalFunctionsResult {
  /** The host's machine-id. */
  readonly hostId: string;

  /** The PFs, by PCI address. */
  readonly physicalFunctions: GetPhysicalFunctionsPhysicalFunction[];
}

/** What to ask getVirtualFunctions for. */
export interface GetVirtualFunctionsArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: Host;

  /** Only the VFs of this PF: its netdev, another name of that (altname), or its PCI address. Unset: all. */
  readonly pf?: string;
}

/** What to ask getVirtualFunctionsOutput for. */
export interface GetVirtualFunctionsOutputArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** Only the VFs of this PF: its netdev, another name of that (altname), or its PCI address. Unset: all. */
  readonly pf?: pulumi.Input<string>;
}

/** The virtual functions (VFs) of a host: of which PF each is, its IOMMU group, driver and netdev, the pool that hands it out, and the VM that has it. Takes the place of `ls -l /sys/class/net/PF/device/virtfn*`, `ip link show`, `virsh net-port-list` and `virsh dumpxml` of every VM. */
export interface GetVirtualFunctionsResult {
  /** The host's machine-id. */
  readonly hostId: string;

  /** The VFs, by PF and index. */
  readonly virtualFunctions: GetVirtualFunctionsVirtualFunction[];
}
