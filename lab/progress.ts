// Tells a waiting person what is being done. On a terminal one calm line counts the seconds of the step at work; elsewhere
// (a log, CI) a plain line when a step that takes a while says something new. A step ends with one line in either case.

export type Report = (text: string) => void;

export type Progress = {
  /** Runs `work` under a title; what it reports is shown behind the title while it lasts. */
  step: <T>(title: string, work: (report: Report) => Promise<T>) => Promise<T>;
  /** One line of its own, also in the middle of a step. */
  note: (text: string) => void;
  /** Several lines as they are (a command's output), indented. */
  show: (text: string) => void;
};

export type Output = { isTTY?: boolean; columns?: number; write(text: string): unknown };

const QUIET_MS = 2000;
const CLEAR = "\r\x1b[K";

export function createProgress(output: Output): Progress {
  const live = output.isTTY === true;
  let lineIsOpen = false;

  const write = (line: string) => {
    output.write(`${lineIsOpen ? CLEAR : ""}${line}\n`);
    lineIsOpen = false;
  };
  const rewrite = (line: string) => {
    // A line that wraps cannot be cleared.
    const width = (output.columns ?? 80) - 1;
    output.write(`${CLEAR}${line.length > width ? `${line.slice(0, width - 1)}…` : line}`);
    lineIsOpen = true;
  };

  async function step<T>(title: string, work: (report: Report) => Promise<T>): Promise<T> {
    const started = Date.now();
    const elapsed = () => Date.now() - started;
    let text = title;
    let shown = "";
    const update = () => {
      if (elapsed() < QUIET_MS) return;
      if (live) rewrite(`… ${text} (${seconds(elapsed())})`);
      else if (text !== shown) write(`… ${text}`);
      shown = text;
    };
    const timer = setInterval(update, 1000);
    const end = (mark: string) => {
      clearInterval(timer);
      write(`${mark} ${title}${elapsed() < QUIET_MS ? "" : ` (${seconds(elapsed())})`}`);
    };
    try {
      const result = await work((said) => {
        text = `${title}: ${said}`;
        update();
      });
      end("✔");
      return result;
    } catch (error) {
      end("✘");
      throw error;
    }
  }

  const show = (text: string) => {
    for (const line of text.trimEnd().split("\n")) write(`    ${line}`);
  };
  return { step, note: write, show };
}

/** What the tools of lab/ share: on stderr, because stdout belongs to answers. */
export const progress = createProgress(process.stderr);

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
