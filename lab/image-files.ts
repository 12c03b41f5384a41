// The files of one image, by name: made by image.ts, used by whatever starts a host.
import { join } from "node:path";
import type { Accelerator } from "./qemu.js";

export type Image = ReturnType<typeof imageFiles> & { accelerator: Accelerator };

export function imageFiles(folder: string) {
  return {
    folder,
    kernel: join(folder, "vmlinuz"),
    initrd: join(folder, "initrd"),
    disk: join(folder, "disk.img"),
    identityFile: join(folder, "id_ed25519"),
    hostKey: join(folder, "host-key.pub"),
  };
}
