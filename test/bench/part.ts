// What a benchmark is to `npm run bench`: a name, and a run that shows what it sees and answers figures.

/** Ratios, seconds, MiB, counts: the name says which. */
export type Figures = Record<string, number>;

export type Part = {
  /** As in `npm run bench -- --only NAME`, and the beginning of its figures' names. */
  name: string;
  title: string;
  run(show: (line: string) => void): Promise<Figures>;
};
