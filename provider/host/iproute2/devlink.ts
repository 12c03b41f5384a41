// What `devlink -j dev eswitch show DEVICE` prints: {"dev":{"pci/0000:03:00.0":{"mode":"legacy",...}}}, or {"dev":{}}.
import { z } from "zod";

const shown = z.looseObject({ dev: z.record(z.string(), z.looseObject({ mode: z.string().optional() })) });

/** The eswitch mode of the one device; undefined when its driver has no eswitch, or the host no devlink. */
export function eswitchModeOf(text: string | undefined): string | undefined {
  if (text === undefined || !text.startsWith("{")) return undefined;
  try {
    const parsed = shown.safeParse(JSON.parse(text));
    return parsed.success ? Object.values(parsed.data.dev)[0]?.mode : undefined;
  } catch {
    return undefined;
  }
}
