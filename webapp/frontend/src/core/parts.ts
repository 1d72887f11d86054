/** A part of a repair: which of its moves are taken, and what is said about that. */

import type { RepairWire, ReviewWire } from "./wire.ts";
import { count } from "./words.ts";

/** The sessions whose moves are left out of the repair that is shown. */
export type LeftOut = ReadonlySet<string>;

export const NOTHING: LeftOut = new Set();

export function toggled(leftOut: LeftOut, session: string): LeftOut {
  const next = new Set(leftOut);
  if (!next.delete(session)) next.add(session);
  return next;
}

/** The sessions that move, in the repair's order. */
export function chosen(repair: RepairWire, leftOut: LeftOut): string[] {
  return repair.moves.map(({ session }) => session).filter((session) => !leftOut.has(session));
}

/** What becomes of the part, in a sentence; the titles are those of sessions by id. */
export function partText(review: ReviewWire, title: (session: string) => string): string {
  switch (review.verdict) {
    case "still_valid":
    case "rebased":
      return "Nothing breaks without it.";
    case "incomplete": {
      const others = (review.completedBy ?? []).map(title);
      return `Left broken, unless ${listed(others)} ${others.length === 1 ? "moves" : "move"} as well:`;
    }
    case "no_longer_valid":
      return "This part no longer fits the schedule:";
  }
}

/** What became of a repair that somebody else's save has overtaken. */
export function overtakenText(review: ReviewWire): string {
  switch (review.verdict) {
    case "still_valid":
      return "Somebody else has saved. The repair that you were looking at still holds.";
    case "rebased":
      return "Somebody else has saved. The repair that you were looking at would still do, but:";
    case "incomplete":
    case "no_longer_valid":
      return "Somebody else has saved. The repair that you were looking at no longer does:";
  }
}

export function acceptText(repair: RepairWire, leftOut: LeftOut, review: ReviewWire | null): string {
  if (leftOut.size === 0) return "Accept and save";
  const part = `${chosen(repair, leftOut).length} of ${count(repair.moves.length, "move")}`;
  return review?.verdict === "incomplete" ? `Save ${part} with conflicts…` : `Accept ${part} and save`;
}

function listed(titles: readonly string[]): string {
  const quoted = titles.map((title) => `“${title}”`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
}
