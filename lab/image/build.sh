#!/bin/bash
# build.sh OUT: makes the emulated host's disk, kernel and initramfs in the folder OUT. Needs root (chroot), mmdebstrap and
# mke2fs. Lines that start with "@ " on stdout are progress; everything else belongs to the log.
# Options for apt (proxy, date checks) come in LAB_APT_OPTIONS, one a line; the mirror in LAB_DEBIAN_MIRROR.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
mirror=${LAB_DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${LAB_DEBIAN_SECURITY_MIRROR:-${mirror%/debian}/debian-security}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
# The kernel's package would build an initramfs of its own, which nobody boots.
export INITRD=No

root=$out/root builder=$out/builder
trap 'jobs -p | xargs -r kill; exit 130' INT TERM
sources=(
  "deb $mirror bookworm main"
  "deb $mirror bookworm-updates main"
  "deb $mirror bookworm-backports main"
  "deb $security bookworm-security main"
)
options=(--mode=root --variant=minbase --format=directory --components=main
  --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io)
while IFS= read -r option; do [ -z "$option" ] || options+=(--aptopt="$option"); done <<<"${LAB_APT_OPTIONS:-}"
for path in doc man locale info lintian; do options+=(--dpkgopt="path-exclude=/usr/share/$path/*"); done
for path in sound drivers/{gpu,media,staging,infiniband,net/wireless,iio,scsi,usb,bluetooth,isdn,mtd,md} \
  net/{bluetooth,wireless,mac80211} fs/{xfs,btrfs,ocfs2,bcachefs,nfs,smb}; do
  options+=(--dpkgopt="path-exclude=/lib/modules/*/kernel/$path/*")
done

# Kernel 6.12, not bookworm's 6.1: with 6.1 the emulated igb delivers its first mailbox interrupt and no other.
host_packages=linux-image-amd64/bookworm-backports,systemd-sysv,udev,dbus,openssh-server,sudo,iproute2,iputils-ping,pciutils
host_packages+=,ethtool,kmod,procps,apparmor,libvirt-daemon-system,libvirt-clients,dnsmasq-base,iptables,qemu-system-x86,qemu-utils,socat,netcat-openbsd
# Thrown away at the end: compiler and source for netdevsim, which Debian does not build, and the tools for the initramfs.
builder_packages=linux-headers-amd64/bookworm-backports,linux-source-6.12/bookworm-backports,make,xz-utils,zstd,cpio
builder_packages+=,busybox-static,kmod

echo "@ downloading and unpacking the host's packages (about 90 s)"
mmdebstrap "${options[@]}" --include="$builder_packages" bookworm "$builder" "${sources[@]}" >"$out/builder.log" 2>&1 &
builder_job=$!
mmdebstrap "${options[@]}" --include="$host_packages" bookworm "$root" "${sources[@]}" 2>&1 || { kill $builder_job; exit 1; }
echo "@ downloading and unpacking the kernel's source and a compiler"
wait $builder_job || { cat "$out/builder.log"; exit 1; }

release=$(basename "$root"/lib/modules/*)
[ -d "$builder/usr/src/linux-headers-$release" ] || { echo "no kernel headers for $release"; exit 1; }

echo "@ building netdevsim for kernel $release"
chroot "$builder" bash -euo pipefail -c "
  cd /usr/src
  # The archive holds 80,000 files; reading it to its end costs more than the build.
  tar -x -f linux-source-6.12.tar.xz linux-source-6.12/drivers/net/netdevsim
  make -C linux-headers-$release M=/usr/src/linux-source-6.12/drivers/net/netdevsim CONFIG_NETDEVSIM=m modules"
cp "$builder/usr/src/linux-source-6.12/drivers/net/netdevsim/netdevsim.ko" "$root/lib/modules/$release/kernel/drivers/net/"
chroot "$root" depmod "$release"

# make_initramfs FILE INIT MODULE...: busybox, an init script and the modules with all they need, in the order to load them.
make_initramfs() {
  local file=$1 init=$2 tree=$builder/tmp/initramfs module kind path name
  shift 2
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,dev,proc,sys,run,root,tmp,lib/modules}
  cp "$builder/bin/busybox" "$tree/bin/"
  chroot "$tree" /bin/busybox --install -s /bin
  install -m 755 "$init" "$tree/init"
  for module; do
    chroot "$root" modprobe -S "$release" --show-depends "$module" | while read -r kind path _; do
      [ "$kind" = insmod ] || continue
      name=$(basename "${path%.xz}")
      [ ! -e "$tree/lib/modules/$name" ] || continue
      case $path in
        *.xz) chroot "$builder" xz -dc <"$root$path" >"$tree/lib/modules/$name" ;;
        *) cp "$root$path" "$tree/lib/modules/$name" ;;
      esac
      echo "$name" >>"$tree/lib/modules.order"
    done
  done
  # Uncompressed: an emulated CPU takes longer to unpack it than the disk to read it.
  chroot "$builder" sh -c 'cd /tmp/initramfs && find . | cpio --quiet -o -H newc' >"$file"
}

echo "@ making the two initramfs"
make_initramfs "$out/initrd" "$here/initrd/host-init" virtio_pci virtio_blk ext4
mkdir -p "$root/var/lib/sriov-lab"
make_initramfs "$root/var/lib/sriov-lab/guest-initrd" "$here/initrd/guest-init" igbvf button evdev
cp "$root/boot/vmlinuz-$release" "$out/vmlinuz"
# The VM's kernel unpacked, which halves its boot: it would unpack itself on a CPU that is emulated twice. A bzImage is a loader
# and then a zstd stream; zstd complains about what follows the stream, so the result is judged by what it is.
start=$(grep -obUaP '\x28\xb5\x2f\xfd' "$out/vmlinuz" | sed -n '1s/:.*//p')
tail -c "+$((start + 1))" "$out/vmlinuz" | chroot "$builder" zstd -dc >"$root/var/lib/sriov-lab/guest-vmlinux" 2>/dev/null || true
[ "$(head -c 4 "$root/var/lib/sriov-lab/guest-vmlinux" | tail -c 3)" = ELF ] || { echo "no ELF kernel in vmlinuz"; exit 1; }

echo "@ configuring the host"
rm -f "$root/etc/ssh"/ssh_host_*
cp -a --no-preserve=ownership "$here/host/." "$root/"
chmod 440 "$root/etc/sudoers.d/admin"
echo sriov-lab >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 sriov-lab\n' >"$root/etc/hosts"
ssh-keygen -q -t ed25519 -N '' -C sriov-lab -f "$root/etc/ssh/ssh_host_ed25519_key"
ssh-keygen -q -t ed25519 -N '' -C sriov-lab -f "$out/id_ed25519"
cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$out/host-key.pub"
chroot "$root" useradd --create-home --shell /bin/bash admin
for home in root home/admin; do
  install -d -m 700 "$root/$home/.ssh"
  install -m 600 "$out/id_ed25519.pub" "$root/$home/.ssh/authorized_keys"
done
chroot "$root" chown -R admin:admin /home/admin
chroot "$root" systemctl --quiet enable systemd-networkd sriov-lab-domains
chroot "$root" systemctl --quiet mask serial-getty@ttyS0.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer systemd-networkd-wait-online.service \
  systemd-pstore.service
: >"$root/etc/machine-id"

echo "@ making the disk"
truncate -s 6G "$out/disk.img"
mke2fs -q -F -t ext4 -L sriov-lab -E lazy_itable_init=1,lazy_journal_init=1 -m 0 -d "$root" "$out/disk.img"
rm -rf "$root" "$builder" "$out/builder.log"
