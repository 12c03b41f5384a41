// What the host shows of all that the example makes, as one text: taken before and after, and compared.
import { onHost, type Scene } from "./scene.js";

// Names and numbers that a boot may change (interface indexes, VF netdevs' random MACs) are left out.
const script = `
for pf in eno49 eno50; do
  printf '%s: %s VFs, %s\\n' $pf "$(cat /sys/class/net/$pf/device/sriov_numvfs)" \\
    "$(ip -o link show $pf | grep -q '[<,]UP[,>]' && echo up || echo down)"
  ip link show $pf | sed -n 's/^ *\\(vf [0-9]*\\) .*\\(link\\/ether [0-9a-f:]*\\)[^,]*,/\\1,/p' | sed 's/^/  /'
done
virsh -q net-list --all | sed 's/^ *//; s/  */ /g' | sort
find /etc/pulumi-sriov /usr/local/lib/pulumi-sriov /etc/systemd/system -name '*pulumi-sriov*' 2>/dev/null | sort
grep -rl 'dev/vfio' /etc/apparmor.d/local/abstractions/libvirt-qemu /etc/apparmor.d/abstractions/libvirt-qemu.d 2>/dev/null || true
for vm in z-k8s-n-1 z-k8s-n-2; do
  printf '%s: %s interfaces\\n' $vm "$(virsh dumpxml --inactive $vm | grep -c '<interface')"
done
`;

export const hostView = (scene: Scene): Promise<string> => onHost(scene, script);
