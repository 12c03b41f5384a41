// The way to a host breaks at every command and every call of create, update, read and delete of every resource, in every manner;
// each time what comes next is the next `pulumi up`, and the host is as the program says.
//
// Which peers are real: libvirtd-scenes.ts has a real libvirtd; fake-scenes.ts a libvirtd in memory behind the real protocol, for
// running VMs; host-scenes.ts the real scripts under a real sh over a tree of files, with fakes of ip, systemctl and update-grub.
// The session, its sharing of reads, the RPC client and its reconnecting are the provider's own. The breaking is done between
// them and the peer, in faulty-connection.ts and faulty-stream.ts. A host whose disk is full: walk-disk.ts. What is killed, and two
// stacks at once: cli-points.ts.
import { ensurePackages } from "../../../lab/packages.js";
import { libvirtdPackages } from "../../integration/libvirtd.js";
import type { Part } from "../part.js";
import { sshdPackages } from "../../integration/sshd.js";
import { cliPoints, walkCli } from "./cli-points.js";
import { fakeScenes } from "./fake-scenes.js";
import { diskScenes, hostScenes } from "./host-scenes.js";
import { RealLibvirtd, libvirtdScenes } from "./libvirtd-scenes.js";
import type { Scene } from "./scene.js";
import { type Failure, type Walked, walk } from "./walk.js";
import { walkDisk } from "./walk-disk.js";

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
  title: "the connection breaks at every command and call, processes are killed (target: 100 % converge)",
  async run(show) {
    await ensurePackages([...libvirtdPackages, ...sshdPackages]);
    const { all, end } = scenes();
    const failures: Failure[] = [];
    let points = 0;
    const count = async (title: string, walking: () => Promise<Walked>) => {
      const start = Date.now();
      const walked = await walking();
      points += walked.points;
      failures.push(...walked.failures);
      const converged = walked.points - walked.failures.length;
      show(`${title}: ${converged} of ${walked.points}, ${((Date.now() - start) / 1000).toFixed(0)} s`);
      for (const { where, why } of walked.failures) show(`  ${where}\n    ${why.replaceAll("\n", "\n    ")}`);
    };
    try {
      for (const scene of all) await count(scene.title, () => walk(scene));
    } finally {
      await end();
    }
    for (const scene of diskScenes()) {
      await count(`a full disk: ${scene.title}`, () => walkDisk(scene));
      await scene.end?.();
    }
    for (const point of cliPoints) await count(point.title, () => walkCli([point]));
    if (failures.length > 0) throw new Error(`${failures.length} of ${points} faults did not end converged`);
    return { points, converged: points };
  },
};
