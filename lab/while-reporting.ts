// Tells a waiting person what is being done, and for how long already.

const EVERY_MS = 2000;

/** Reports `doing` at once and then every two seconds with the time gone by, until the work ends. */
export async function whileReporting<T>(
  report: (text: string) => void,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  const started = Date.now();
  report(doing);
  const timer = setInterval(() => report(`${doing}: ${Math.round((Date.now() - started) / 1000)} s`), EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
