// Pulumi's SDK notes a stack trace, as text, for each of four promises of each property of a resource. Under ts-node each frame
// is looked up in a source map: most of a program's time, once it has hundreds of resources.

/** Stack traces are empty from now on, until what this answers is called. Errors made meanwhile have theirs: V8 formats one when it is looked at. */
export function withoutTraces(): () => void {
  // Then they are what somebody wants to see.
  if (process.env["PULUMI_DEBUG_PROMISE_LEAKS"]) return () => undefined;
  // Read by name, so that it is put back as it was: a function without a `this`, or nothing.
  const { prepareStackTrace: format } = Error as { prepareStackTrace?: (this: void, ...args: never[]) => unknown };
  Error.prepareStackTrace = () => "";
  return () => Object.assign(Error, { prepareStackTrace: format });
}
