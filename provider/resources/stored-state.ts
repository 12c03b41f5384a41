// A resource's state as Pulumi keeps it: with the version of its shape, so that a later version of this package can read it.
// Both adapters keep it the same way, so that a resource can move from one to the other.
import { SriovError } from "../base/errors.js";
import type { Lifecycle, Values } from "./lifecycle.js";

type Versioned = Pick<Lifecycle<never, never>, "schemaVersion">;

export const toStored = (lifecycle: Versioned, state: object): Values => ({
  ...(state as Values),
  schemaVersion: lifecycle.schemaVersion,
});

/** Throws `unsupported` for a state that a newer version of this package wrote. */
export function fromStored(lifecycle: Versioned, { schemaVersion, ...state }: Values): Values {
  if (typeof schemaVersion !== "number" || schemaVersion <= lifecycle.schemaVersion) return state;
  throw new SriovError(
    "unsupported",
    `this state was written by a newer pulumi-sriov (state version ${schemaVersion}, this one knows ${lifecycle.schemaVersion})`,
    { remedy: "Install the newer version: npm install pulumi-sriov@latest" },
  );
}
