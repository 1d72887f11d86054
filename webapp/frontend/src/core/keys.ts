/** What a key means on the grid, and which session the arrows lead to. */

import type { Minute } from "./clock.ts";

export type Command =
  | { type: "walk"; to: Direction | "first" | "last" }
  | { type: "select" }
  | { type: "choose" }
  | { type: "lift" }
  | { type: "move-to" }
  | { type: "unplace" }
  | { type: "step"; rooms: number; minutes: number }
  | { type: "stretch"; by: number }
  | { type: "drop" }
  | { type: "cancel" };

export type Direction = "up" | "down" | "left" | "right";

export interface Key {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const ARROWS: Record<string, Direction> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** Where rooms are rows, the next room is below and later is to the right. */
const TURNED: Record<Direction, Direction> = { up: "left", down: "right", left: "up", right: "down" };

/** The command of a key while walking over the grid, or while a session is held; `turned` where rooms are rows. */
export function command(key: Key, holding: boolean, turned = false): Command | null {
  if (key.ctrlKey || key.metaKey || key.altKey) return null;
  const pressed = ARROWS[key.key];
  const arrow = turned && pressed ? TURNED[pressed] : pressed;
  if (holding) return held(key, arrow);
  if (arrow) return { type: "walk", to: arrow };
  switch (key.key) {
    case "Home":
      return { type: "walk", to: "first" };
    case "End":
      return { type: "walk", to: "last" };
    case " ":
    case "Enter":
      return { type: "select" };
    case "x":
      return { type: "choose" };
    case "m":
      return { type: "lift" };
    case "M":
      return { type: "move-to" };
    case "Delete":
      return { type: "unplace" };
    case "Escape":
      return { type: "cancel" };
    default:
      return null;
  }
}

function held(key: Key, arrow: Direction | undefined): Command | null {
  if (key.key === "Enter") return { type: "drop" };
  if (key.key === "Escape") return { type: "cancel" };
  if (!arrow) return null;
  const sign = arrow === "up" || arrow === "left" ? -1 : 1;
  const vertical = arrow === "up" || arrow === "down";
  if (key.shiftKey) return vertical ? { type: "stretch", by: sign } : null;
  return vertical ? { type: "step", rooms: 0, minutes: sign } : { type: "step", rooms: sign, minutes: 0 };
}

/** A card as the arrows see it. */
export interface Spot {
  id: string;
  column: number;
  start: Minute;
  end: Minute;
}

/** The session that lies in a direction: the next one in the room, or the one nearest in time in the next room that has any. */
export function walk(spots: readonly Spot[], from: string | null, to: Direction | "first" | "last"): string | null {
  const here = spots.find((spot) => spot.id === from);
  const ordered = [...spots].sort((a, b) => a.column - b.column || a.start - b.start || (a.id < b.id ? -1 : 1));
  if (!here) return ordered[0]?.id ?? null;
  const room = ordered.filter((spot) => spot.column === here.column);
  const index = room.indexOf(here);
  switch (to) {
    case "first":
      return room[0]?.id ?? here.id;
    case "last":
      return room.at(-1)?.id ?? here.id;
    case "up":
      return room[index - 1]?.id ?? here.id;
    case "down":
      return room[index + 1]?.id ?? here.id;
    default:
      return sideways(ordered, here, to === "left" ? -1 : 1);
  }
}

function sideways(spots: readonly Spot[], here: Spot, sign: number): string {
  const beyond = spots.filter((spot) => (spot.column - here.column) * sign > 0);
  if (beyond.length === 0) return here.id;
  const distance = (spot: Spot) => Math.max(here.start - spot.end + 1, spot.start - here.end + 1, 0);
  const nearest = Math.min(...beyond.map((spot) => Math.abs(spot.column - here.column)));
  const row = beyond.filter((spot) => Math.abs(spot.column - here.column) === nearest);
  return row.reduce((best, spot) => (distance(spot) < distance(best) ? spot : best)).id;
}
