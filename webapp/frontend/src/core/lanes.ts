/** Sessions that overlap in one room stand side by side in lanes instead of lying on one another. */

export interface Span {
  id: string;
  start: number;
  end: number;
}

export interface Lane {
  /** Which lane, from 0. */
  index: number;
  /** How many lanes the cluster of overlapping sessions needs. */
  count: number;
}

export const ALONE: Lane = { index: 0, count: 1 };

/** The lane of every span of one room; spans that overlap nothing have lane 0 of 1. */
export function lanes(spans: readonly Span[]): Map<string, Lane> {
  const found = new Map<string, Lane>();
  const sorted = [...spans].sort((a, b) => a.start - b.start || a.end - b.end || (a.id < b.id ? -1 : 1));
  let cluster: { id: string; index: number }[] = [];
  let ends: number[] = [];
  const close = () => {
    for (const { id, index } of cluster) found.set(id, { index, count: ends.length });
    cluster = [];
    ends = [];
  };
  for (const span of sorted) {
    if (ends.every((end) => end <= span.start)) close();
    const free = ends.findIndex((end) => end <= span.start);
    const index = free < 0 ? ends.length : free;
    ends[index] = span.end;
    cluster.push({ id: span.id, index });
  }
  close();
  return found;
}
