# Inside the chroot: compiles the modular daemons of libvirt's source in /build and links them to Debian's libvirt.so.
set -eu
cd /build
ldconfig
[ -e /usr/bin/cc ] || ln -s gcc /usr/bin/cc
export CC=gcc
options="-Dprefix=/usr -Dsysconfdir=/etc -Dlocalstatedir=/var -Dlibdir=lib/x86_64-linux-gnu -Drunstatedir=/run
  -Ddriver_remote=enabled -Ddriver_libvirtd=enabled -Ddriver_qemu=enabled -Ddriver_network=enabled
  -Djson_c=enabled -Dudev=enabled -Dsasl=enabled -Dpciaccess=enabled -Dpolkit=disabled -Dlibnl=enabled
  -Dremote_default_mode=legacy -Drpath=disabled -Dqemu_user=libvirt-qemu -Dqemu_group=libvirt-qemu"
meson setup out -Dauto_features=disabled -Dsystem=true $options > setup.log 2>&1 || { tail -30 setup.log; exit 1; }
# shellcheck disable=SC2046
for daemon in virtqemud virtnetworkd virtnodedevd virtproxyd; do
  objects=$(ninja -C out -t query src/$daemon | sed -n 's/^    \(src\/.*\.o\)$/\1/p')
  ninja -C out $objects src/admin/libvirt_admin_driver.a > compile.log 2>&1 || { tail -30 compile.log; exit 1; }
  libraries=$(pkgconf --libs glib-2.0 gio-2.0 gobject-2.0 libtirpc gnutls libsasl2 libxml-2.0)
  (cd out && gcc -pie -Wl,-export-dynamic -s -o /usr/sbin/$daemon $objects src/admin/libvirt_admin_driver.a \
    -l:libvirt.so.0 -l:libvirt-lxc.so.0 -l:libvirt-qemu.so.0 $libraries)
done
