#!/bin/sh
# Makes a folder with Debian 13's libvirt 11 in it, to run in a chroot: build.sh FOLDER. Root; lines that start with "@ " are progress.
# Debian ships libvirtd alone. The modular daemons are compiled from its source package and linked to its own libraries, so that
# only some thirty files are compiled: a minute, where all of libvirt takes five.
set -eu
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=${LAB_DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

runtime="libvirt-daemon libvirt-daemon-common libvirt-daemon-driver-qemu libvirt-daemon-driver-network
  libvirt-daemon-driver-nodedev libvirt-clients openssh-server openssh-client netcat-openbsd socat sudo sasl2-bin libsasl2-modules
  bash dash coreutils util-linux mount grep sed mawk procps iproute2 hostname login passwd base-files base-passwd libc-bin"
build="meson ninja-build gcc libc6-dev pkgconf libglib2.0-dev libgnutls28-dev libtirpc-dev libxml2-dev libxml2-utils xsltproc
  libsasl2-dev libjson-c-dev libudev-dev libpciaccess-dev libnl-3-dev libnl-route-3-dev rpcsvc-proto python3-minimal python3
  perl-base perl xz-utils tar dpkg-dev gettext"

printf '%s\n' "${LAB_APT_OPTIONS-}" > "$work/apt.conf"
echo "deb [signed-by=$keyring] $mirror trixie main" > "$work/apt.list"
echo "deb-src [signed-by=$keyring] $mirror trixie main" > "$work/source.list"

echo "@ Debian 13: packages"
# Unpacked, not installed: no maintainer script is needed for what runs here.
mmdebstrap --quiet --variant=extract --include="$(echo $runtime $build | tr ' ' ,)" \
  --aptopt='Apt::Install-Recommends "false"' --aptopt="$work/apt.conf" \
  trixie "$out" "$work/apt.list"

echo "@ Debian 13: libvirt's source"
mkdir -p "$work/lists/partial"
apt_source() {
  APT_CONFIG=$work/apt.conf apt-get -q -o Dir::Etc::SourceList="$work/source.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root "$@"
}
apt_source update > /dev/null
mkdir "$out/build"
# Not `apt-get source`: it also wants the signature, which mirrors may lack. The hash is apt's.
apt_source --print-uris --only-source source libvirt | while read -r uri file _ hash; do
  case $file in *.orig.tar.xz)
    eval "uri=$uri"
    APT_CONFIG=$work/apt.conf /usr/lib/apt/apt-helper download-file "$uri" "$out/build/$file" "$hash" ;;
  esac
done
tar -xJf "$out"/build/libvirt_*.orig.tar.xz -C "$out/build" --strip-components=1

echo "@ Debian 13: virtqemud, virtnetworkd, virtnodedevd, virtproxyd"
mount --bind "$out" "$out"
mount -t proc proc "$out/proc"
mount --bind /dev "$out/dev"
cp "$(dirname "$0")/compile.sh" "$out/build/compile.sh"
chroot "$out" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 sh /build/compile.sh
umount "$out/dev" "$out/proc" "$out"

# What maintainer scripts would have made.
cp "$out/usr/share/base-passwd/passwd.master" "$out/etc/passwd"
cp "$out/usr/share/base-passwd/group.master" "$out/etc/group"
echo "sshd:x:101:65534::/run/sshd:/usr/sbin/nologin" >> "$out/etc/passwd"
echo "admin:*:4242:4242::/:/bin/sh" >> "$out/etc/passwd"
echo "admin:x:4242:" >> "$out/etc/group"
# A package may have brought a folder, and a link to it would go into that folder.
rm -rf "$out/var/run"
ln -s /run "$out/var/run"
echo 0123456789abcdef0123456789abcdef > "$out/etc/machine-id"
ln -sf nc.openbsd "$out/usr/bin/nc"
for stack in auth account password session; do echo "$stack required pam_permit.so"; done > "$out/etc/pam.d/sudo"
cp "$out/etc/pam.d/sudo" "$out/etc/pam.d/other"
chmod 755 "$out"
rm -rf "$out/build" "$out/usr/include" "$out/usr/lib/gcc" "$out/usr/libexec/gcc" "$out"/usr/share/doc "$out"/usr/share/man \
  "$out/usr/share/locale" "$out"/usr/lib/python3* "$out/usr/share/perl" "$out"/usr/share/perl5 "$out"/usr/share/icons "$out"/var/lib/apt/lists/* "$out"/var/cache/apt/*
