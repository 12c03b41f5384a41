// What is done to a host while its way breaks, and what has to be true of the host afterwards.
import type { Values } from "../../../provider/resources/lifecycle.js";
import type { ResourceName } from "../../../provider/resources/registry.js";
import type { Connection } from "../../../provider/transport/connection.js";
import type { Stored } from "./process.js";
import type { SmallDisk } from "./small-disk.js";

export type Scene = {
  /** `VfConfig: makes VFs`. */
  title: string;
  resource: ResourceName;
  /** What the program says; for `destroy` and `refresh`, what it has said. */
  news: Values;
  does: "up" | "destroy" | "refresh";
  /** How many stages there may be at one time: where they share a host, one. */
  lanes: number;
  /** A host of its own for each fault, as it is before. */
  begin(): Promise<Stage>;
  /** Of everything that the stages share. */
  end?(): Promise<void>;
};

export type Stage = {
  /** The way to the host, without a fault. */
  way: Connection;
  /** What an earlier `up` has stored. */
  stored: Stored | undefined;
  /** All of the host that the program is about, as text: the same as on a host where nothing broke. */
  shown(): Promise<string>;
  /** Throws when a running VM has lost what it had: may be asked at any time. */
  safe?(): Promise<void>;
  /** Throws when something of ours is left that should not: a lock, a timer, half a file. */
  tidy?(): Promise<void>;
  /** Where the host's files are, in a scene that fills it. */
  disk?: SmallDisk;
  end(): Promise<void>;
};
