// The way to a host breaks at every command and every call of create, update, read and delete of every resource, in every manner;
// each time what comes next is the next `pulumi up`, and the host is as the program says.
//
// Which peers are real: libvirtd-scenes.ts has a real libvirtd; fake-scenes.ts a libvirtd in memory behind the real protocol, for
// running VMs; host-scenes.ts the real scripts under a real sh over a tree of files, with fakes of ip, systemctl and update-grub.
// The session, its sharing of reads, the RPC client and its reconnecting are the provider's own. The breaking is done between
// them and the peer, in faulty-connection.ts and faulty-stream.ts.
import { ensurePackages } from "../../../lab/packages.js";
import { libvirtdPackages } from "../../integration/libvirtd.js";
import type { Part } from "../part.js";
import { fakeScenes } from "./fake-scenes.js";
import { hostScenes } from "./host-scenes.js";
import { RealLibvirtd, libvirtdScenes } from "./libvirtd-scenes.js";
import type { Scene } from "./scene.js";
import { type Failure, walk } from "./walk.js";

/** All of them; `end` stops what they share. */
export function scenes(): { all: Scene[]; end: () => Promise<void> } {
  const libvirtd = new RealLibvirtd();
  const all = [...libvirtdScenes(libvirtd), ...fakeScenes(), ...hostScenes()];
  const end = async () => {
    for (const scene of all) await scene.end?.();
    await libvirtd.stop();
  };
  return { all, end };
}

export const faults: Part = {
  name: "faults",
  title: "the connection breaks at every command and call (target: 100 % converge)",
  async run(show) {
    await ensurePackages([...libvirtdPackages]);
    const { all, end } = scenes();
    const failures: Failure[] = [];
    let [points, converged] = [0, 0];
    try {
      for (const scene of all) {
        const start = Date.now();
        const walked = await walk(scene);
        points += walked.points;
        converged += walked.converged;
        failures.push(...walked.failures);
        show(`${scene.title}: ${walked.converged} of ${walked.points}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
        for (const { where, why } of walked.failures) show(`  ${where}\n    ${why.replaceAll("\n", "\n    ")}`);
      }
    } finally {
      await end();
    }
    if (failures.length > 0) throw new Error(`${failures.length} of ${points} faults did not end converged`);
    return { points, converged };
  },
};
