// What the user sees while the plugin works: messages and status lines of a resource, through the engine.
import { Metadata, credentials as channels } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Log } from "../base/log.js";

export type Severity = "debug" | "info" | "warning";

const severities = { debug: LogSeverity.DEBUG, info: LogSeverity.INFO, warning: LogSeverity.WARNING };

/** From then on what has been going on for so long says how long. */
const showsSecondsAfterMs = 2_000;

export class Engine {
  readonly #client: EngineClient;
  /** Messages go one after the other: the order is part of what they say. */
  #last: Promise<void> = Promise.resolve();

  constructor(address: string) {
    this.#client = new EngineClient(address, channels.createInsecure());
  }

  /** `ephemeral` is the resource's status line, which the next one replaces. */
  say(severity: Severity, message: string, urn: string, options: { ephemeral?: boolean } = {}): void {
    const request = new LogRequest();
    request.setSeverity(severities[severity]);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(options.ephemeral ?? false);
    // An engine that is gone or does not listen is no reason to fail the work itself.
    this.#last = this.#last.then(
      () =>
        new Promise((resolve) =>
          this.#client.log(request, new Metadata(), { deadline: Date.now() + 5_000 }, () => resolve()),
        ),
    );
  }

  /** What was said has arrived. */
  flush(): Promise<void> {
    return this.#last;
  }

  close(): void {
    this.#client.close();
  }
}

export interface Reporter extends Log {
  /** Ends the status line; resolves when all messages have arrived. */
  done(): Promise<void>;
}

/** The log of one call: its steps, which lifecycles say as debug messages, are the resource's status line too. */
export function reporterFor(engine: Engine | undefined, urn: string): Reporter {
  let doing = "";
  let since = 0;
  const status = (text: string) => engine?.say("info", text, urn, { ephemeral: true });
  const timer = setInterval(() => {
    const milliseconds = Date.now() - since;
    if (doing !== "" && milliseconds >= showsSecondsAfterMs) status(`${doing}, ${Math.floor(milliseconds / 1000)} s`);
  }, 1_000).unref();
  const isVerbose = Boolean(process.env["PULUMI_SRIOV_DEBUG"]);
  return {
    debug: (message) => {
      [doing, since] = [message, Date.now()];
      engine?.say(isVerbose ? "info" : "debug", message, urn);
      if (!isVerbose) status(message);
    },
    info: (message) => engine?.say("info", message, urn),
    warn: (message) => engine?.say("warning", message, urn),
    done: async () => {
      clearInterval(timer);
      await engine?.flush();
    },
  };
}
