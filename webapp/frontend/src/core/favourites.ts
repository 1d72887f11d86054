/** The sessions that somebody means to go to, and which of them they cannot all see. */

import type { Session } from "./model.ts";

/** For each session that overlaps another one of the list: those others, in the order of the list. */
export function clashes(chosen: readonly Session[]): Map<string, Session[]> {
  const found = new Map<string, Session[]>();
  for (const one of chosen) {
    const others = chosen.filter((other) => other.id !== one.id && overlap(one, other));
    if (others.length > 0) found.set(one.id, others);
  }
  return found;
}

function overlap(a: Session, b: Session): boolean {
  if (!a.place || !b.place) return false;
  return a.place.start < b.place.start + b.minutes && b.place.start < a.place.start + a.minutes;
}
