// A VM with a VF cannot be moved or saved. Seen in what libvirt says only.
import type { Rule } from "../finding.js";

const text =
  /cannot migrate a domain with <hostdev|domain has (assigned|.*) (non-USB )?host devices?|non-migratable device/i;

export const hostdevBlocksMigration: Rule = {
  id: "hostdev-blocks-migration",
  explains: [text],
  find: ({ failure = "" }) =>
    text.test(failure)
      ? [
          {
            severity: "error",
            seen: [failure],
            why: "A VF's state is in the card: libvirt moves or saves no VM that has one (libvirt-guests tries to at a host's shutdown).",
            remedy:
              "Detach the VF first, or give it a virtio partner (teaming), which libvirt unplugs it for. For a host's shutdown: ON_SHUTDOWN=shutdown in /etc/default/libvirt-guests.",
          },
        ]
      : [],
};
