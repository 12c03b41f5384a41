// What a guard answers when it stands in the way.

/** Seconds; as long as `netplan try` waits. */
export const defaultConfirmTimeout = 120;

export type Refusal = {
  /** The property that asks for it. */
  property: string;
  message: string;
  remedy: string;
};
