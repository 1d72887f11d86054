/** What every place of the grid would cost the others while one session is held over it. */

import { minuteOf, type Minute } from "./clock.ts";
import type { Placement } from "./model.ts";
import type { StretchWire } from "./wire.ts";
import { count } from "./words.ts";

/** Starts on the grid, from one until before another, for which the same holds. */
export interface Stretch {
  room: string;
  start: Minute;
  end: Minute;
  verdict: StretchWire["verdict"];
  others: number;
  /** Why it may not be here, or what stays broken; as said of the first start. */
  reasons: readonly string[];
}

export function readStretch(wire: StretchWire): Stretch {
  return {
    room: wire.room,
    start: minuteOf(wire.from),
    end: minuteOf(wire.to),
    verdict: wire.verdict,
    others: wire.others ?? 0,
    reasons: wire.reasons.map(({ message }) => message),
  };
}

export function costAt(stretches: readonly Stretch[], place: Placement): Stretch | null {
  const here = ({ room, start, end }: Stretch) => room === place.room && start <= place.start && place.start < end;
  return stretches.find(here) ?? null;
}

/** The few characters that fit into a cell. */
export function costMark(stretch: Stretch): string {
  switch (stretch.verdict) {
    case "proved":
      return stretch.others === 0 ? "" : String(stretch.others);
    case "more_than":
      return `>${stretch.others}`;
    default:
      return "–";
  }
}

export function costText(stretch: Stretch): string {
  switch (stretch.verdict) {
    case "proved":
      return stretch.others === 0 ? "Free" : `${count(stretch.others, "other must move", "others must move")}, proved`;
    case "more_than":
      return `More than ${count(stretch.others, "other", "others")} would have to move`;
    case "no_repair":
      return stretch.reasons[0] ?? "No repair would help here";
    case "barred":
      return stretch.reasons[0] ?? "Not possible here";
  }
}

/** How a cell is coloured: nothing moves, few move, many move, or it cannot be. */
export function costTone(stretch: Stretch): "free" | "few" | "many" | "never" {
  if (stretch.verdict === "barred" || stretch.verdict === "no_repair") return "never";
  if (stretch.verdict === "more_than") return "many";
  return stretch.others === 0 ? "free" : "few";
}
