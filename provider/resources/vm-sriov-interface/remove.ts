// Takes the interface out of the VM's definition and out of the running VM, and looks whether it is out.
import { SriovError, kindOf } from "../../base/errors.js";
import { quote } from "../../base/quote.js";
import type { Context } from "../lifecycle.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import { sayOf } from "./apply.js";
import { halvesOf } from "./current.js";
import { detachLive } from "./detach.js";
import type { VmSriovInterfaceState } from "./model.js";
import { type Wanted, describe, mayRestart, wantedAgain } from "./plan.js";
import { knownFrom, readCurrent } from "./read.js";
import { inTurn, restartDomain } from "./restart.js";

/** Idempotent: the definition first, so that a guest that does not let go is rid of it at its next start. */
export async function remove(context: Context, session: Session, state: VmSriovInterfaceState): Promise<void> {
  mustBeSameMachine(session, state, "undo", `interface ${state.alias}`);
  const domain = knownFrom(state);
  try {
    await inTurn(domain.uuid, { alone: false }, () => detach(session, state, sayOf(context, session)));
  } catch (error) {
    const wanted: Wanted = wantedAgain(state);
    const current = kindOf(error) === "timeout" ? await readCurrent(session, domain) : undefined;
    if (!current || !mayRestart(wanted, current)) throw error;
    await inTurn(domain.uuid, { alone: true }, async () => {
      const now = await readCurrent(session, domain);
      if (!now || !halvesOf(now, state.alias).live) return;
      await restartDomain(await session.libvirt(), now.domain, state.detachTimeout * 1000);
    });
  }
  await mustBeGone(session, state);
}

async function detach(session: Session, state: VmSriovInterfaceState, say: (text: string) => void): Promise<void> {
  const current = await readCurrent(session, knownFrom(state));
  if (!current) return;
  const client = await session.libvirt();
  const { config, live } = halvesOf(current, state.alias);
  if (config) {
    say(describe({ do: "detach-config", from: config }, current.domain.name));
    await client.detachDevice(current.domain, config.xml, { config: true }).catch((error: unknown) => {
      if (kindOf(error) !== "not-found") throw error;
    });
  }
  if (live) {
    say(describe({ do: "detach-live", from: live }, current.domain.name));
    await detachLive(client, {
      domain: current.domain,
      from: live,
      alias: state.alias,
      mac: live.mac ?? state.mac,
      network: state.network,
      timeoutMs: state.detachTimeout * 1000,
      say,
    });
  }
}

/** As for every write: libvirt's yes is not it. Somebody may also have put it back meanwhile, and then it is not gone either. */
async function mustBeGone(session: Session, state: VmSriovInterfaceState): Promise<void> {
  const { alias } = state;
  const after = await readCurrent(session, knownFrom(state));
  if (!after) return;
  const { config, live } = halvesOf(after, alias);
  const name = after.domain.name;
  const left = [
    ...(config ? [{ where: "its definition", flag: "--config" }] : []),
    ...(live ? [{ where: "the running VM", flag: "--live" }] : []),
  ];
  if (left.length === 0) return;
  const mac = config?.mac ?? live?.mac ?? state.mac;
  const commands = left.map(({ flag }) => `virsh detach-device-alias ${quote(name)} ${alias} ${flag}`);
  throw new SriovError(
    "mismatch",
    `libvirt said yes to detaching ${alias} (${mac}) from VM "${name}", but it is still in ${left.map(({ where }) => where).join(" and in ")}`,
    {
      remedy: `Run \`pulumi destroy\` or \`pulumi up\` again; if it stays, look for who puts it back (a hook of libvirt's, another tool) and detach it yourself: ${commands.map((command) => `\`${command}\``).join(", ")}.`,
    },
  );
}
