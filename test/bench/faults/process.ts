// One run of the provider, as `pulumi up`, `pulumi destroy` and `pulumi refresh` start one: a session of its own over the way that
// it is given, a program, and what the engine does with the answers.
import type { Context, Lifecycle, Observed, Values } from "../../../provider/resources/lifecycle.js";
import { readAgeMs } from "../../../provider/resources/context.js";
import { Program } from "../../../provider/resources/program.js";
import { type ResourceName, registry } from "../../../provider/resources/registry.js";
import { type OwnedSession, openSession } from "../../../provider/resources/session.js";
import type { Connection } from "../../../provider/transport/connection.js";
import { Pool } from "../../../provider/transport/pool.js";
import { fakeContext } from "../../fakes/fake-context.js";

/** Its shell and its libvirt are both at the end of the one way. */
export const host = { uri: "qemu+ssh://root@kvm1/system" };

/** What the engine has in its state. `isHalf`: it was told so, and calls `update` whatever `diff` says. */
export type Stored = { id: string; state: Values; inputs: Values; isHalf: boolean };

/** What came of an `up`. Whatever it threw was thrown before anything was stored. */
export type Result = { stored: Stored | undefined; said: unknown };

type Any = Lifecycle<Values, Values>;
const lifecycleOf = (resource: ResourceName) => registry[resource] as unknown as Any;

/** The one connection of a process is this one. */
class OneWay extends Pool {
  constructor(readonly way: Connection) {
    super();
  }
  override connection(): Promise<Connection> {
    return Promise.resolve(this.way);
  }
}

export class Process {
  readonly #pool: Pool;
  readonly #program = new Program();
  #session: Promise<OwnedSession> | undefined;

  constructor(way: Connection) {
    this.#pool = new OneWay(way);
  }

  async up(resource: ResourceName, news: Values, stored: Stored | undefined): Promise<Result> {
    const lifecycle = lifecycleOf(resource);
    try {
      const { inputs, failures } = await lifecycle.check(
        this.#context(readAgeMs),
        { host, ...news },
        stored?.inputs,
        "it",
      );
      if (failures.length > 0) return { stored, said: failures };
      if (stored && !stored.isHalf && lifecycle.diff(stored.id, stored.state, inputs).changes.length === 0)
        return { stored, said: undefined };
      const context = this.#context(0);
      const outcome = await (stored
        ? lifecycle.update(context, stored.id, stored.state, inputs)
        : lifecycle.create(context, inputs));
      const { id, state, done } = outcome;
      return { stored: { id, state, inputs, isHalf: !done }, said: done ? undefined : outcome.reasons };
    } catch (error) {
      return { stored, said: error };
    }
  }

  async destroy(resource: ResourceName, stored: Stored): Promise<Result> {
    try {
      await lifecycleOf(resource).delete(this.#context(0), stored.id, stored.state);
      return { stored: undefined, said: undefined };
    } catch (error) {
      return { stored, said: error };
    }
  }

  refresh(resource: ResourceName, { id, state }: Stored): Promise<Observed<Values, Values>> {
    return lifecycleOf(resource).read(this.#context(readAgeMs), id, state);
  }

  async close(): Promise<void> {
    await (await this.#session?.catch(() => undefined))?.close();
  }

  #context(maxAgeMs: number): Context {
    return fakeContext(async () => (await this.#open()).view(maxAgeMs), {}, this.#program);
  }

  #open(): Promise<OwnedSession> {
    if (this.#session) return this.#session;
    const opening = openSession(host, this.#pool);
    this.#session = opening;
    opening.catch(() => {
      if (this.#session === opening) this.#session = undefined;
    });
    return opening;
  }
}

/** What an `up` before stored; without one, nothing. */
export async function before(
  way: Connection,
  resource: ResourceName,
  news: Values | undefined,
): Promise<Stored | undefined> {
  if (!news) return undefined;
  const process = new Process(way);
  try {
    const { stored, said } = await process.up(resource, news, undefined);
    if (said !== undefined) throw new Error(`${resource}, before the fault: ${JSON.stringify(said)}`, { cause: said });
    return stored;
  } finally {
    await process.close();
  }
}
