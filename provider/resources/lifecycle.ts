// The contract between the adapters and the resources: plain typed values, no Pulumi. registry.ts has the implementations.
import type { Deadline } from "../base/deadline.js";
import type { Log } from "../base/log.js";
import type { Session } from "./session.js";
import type { HostInputs } from "./host-inputs.js";
import type { Program } from "./program.js";

/** A value that is not known yet: an output of something that this `pulumi up` has still to make. */
export const unknown: unique symbol = Symbol.for("pulumi-sriov.unknown");
export type Unknown = typeof unknown;
export const isUnknown = (value: unknown): value is Unknown => value === unknown;

/** Plain data as it comes from a program: JSON, with `unknown` at any depth. */
export type Value = string | number | boolean | null | undefined | Unknown | Value[] | { [key: string]: Value };
export type Values = { [key: string]: Value };

export type Failure = {
  /** The property's path, `vfs[2].mac`; "" for the resource as a whole. */
  property: string;
  reason: string;
};

/** What every call may use. */
export interface Context {
  /**
   * The one connection to a host that this process shares, tried for as long as the host's connectTimeout. Rejects with
   * `unreachable` and friends.
   */
  connect(host: HostInputs): Promise<Session>;
  /**
   * The same for `check`, on which all other hosts wait: what `work` answers, or `unreachable` as soon as the host shows no sign
   * of life. The connection and the work go on, for whoever comes later.
   */
  whileAlive<T>(host: HostInputs, work: (session: Session) => Promise<T>): Promise<T>;
  /** What this program declares, as far as `check` has seen it. */
  readonly program: Program;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
}

export type Checked<Inputs> = {
  /** The program's inputs with every default and every stable fact filled in; unknown stays unknown. */
  inputs: Inputs;
  failures: Failure[];
};

export type Difference = {
  /** The paths that differ. `drift`: the host differs from what the program already asked for. */
  changes: { property: string; kind: "update" | "replace"; drift?: boolean }[];
  /** Replace only: the old one has to go before the new one can be made (default true for us: VFs and names collide). */
  deleteBeforeReplace?: boolean;
  /** For people: "destroys 7 VFs, makes 4". */
  notes: string[];
};

/** Half-done is a value: what was made is never lost. */
export type Outcome<State> =
  { done: true; id: string; state: State } | { done: false; id: string; state: State; reasons: string[] };

/** `gone` has one meaning: libvirt says there is no such thing, or sysfs ENOENT on a host just spoken to. */
export type Observed<Inputs, State> = { here: true; id: string; inputs: Inputs; state: State } | { here: false };

/** Whether `read` is asked to take over what is there by its id alone: the state has nothing but `host`. */
export const isImport = (state: { hostId?: string }): boolean => state.hostId === undefined;

/** What an id says after the host: `0000:01:00.0` of `kvm1/0000:01:00.0`. A person may have typed it. */
export const nameIn = (id: string): string => id.slice(id.indexOf("/") + 1);

export interface Lifecycle<Inputs, State> {
  /** Stored in state; `migrate` brings older shapes here. */
  readonly schemaVersion: number;
  /**
   * All failures at once. `olds` are the inputs checked last time, undefined for a new resource. `name` is the resource's
   * Pulumi name, `stack` where it is from: `project/stack`, "" where that is not known.
   */
  check(
    context: Context,
    news: Values,
    olds: Values | undefined,
    name: string,
    stack?: string,
  ): Promise<Checked<Inputs>>;
  /** Pure apart from what `check` left in the inputs: old state against new inputs. */
  diff(id: string, state: State, inputs: Inputs): Difference;
  create(context: Context, inputs: Inputs): Promise<Outcome<State>>;
  /**
   * What is there now. An import is a state of nothing but `host`: the id says the rest (a PF's netdev or PCI address, a
   * network's name or UUID, `domain/alias`), and inputs and state are as if a program had made it.
   */
  read(context: Context, id: string, state: State): Promise<Observed<Inputs, State>>;
  update(context: Context, id: string, state: State, inputs: Inputs): Promise<Outcome<State>>;
  /** Idempotent: what is gone already is deleted. */
  delete(context: Context, id: string, state: State): Promise<void>;
}
