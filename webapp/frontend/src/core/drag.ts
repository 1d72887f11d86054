/** A session in somebody's hand, by pointer or by keys: one small state machine for both. */

import type { Minute } from "./clock.ts";
import { samePlace, type Placement } from "./model.ts";

export interface Held {
  session: string;
  place: Placement;
  minutes: number;
}

export type Drag =
  | { state: "idle" }
  | { state: "armed"; session: string; x: number; y: number }
  | { state: "moving"; by: "pointer" | "keys"; held: Held; origin: Held };

export type DragAction =
  | { type: "press"; session: string; x: number; y: number }
  | { type: "lift"; by: "pointer" | "keys"; held: Held }
  | { type: "over"; place: Placement }
  | { type: "stretch"; minutes: number }
  | { type: "end" };

export const IDLE: Drag = { state: "idle" };

/** Pixels a pointer may tremble before a press becomes a drag. */
export const TREMBLE = 5;

export function reduce(drag: Drag, action: DragAction): Drag {
  switch (action.type) {
    case "press":
      return drag.state === "idle" ? { state: "armed", session: action.session, x: action.x, y: action.y } : drag;
    case "lift":
      return { state: "moving", by: action.by, held: action.held, origin: action.held };
    case "over":
      if (drag.state !== "moving" || samePlace(drag.held.place, action.place)) return drag;
      return { ...drag, held: { ...drag.held, place: action.place } };
    case "stretch":
      if (drag.state !== "moving" || action.minutes <= 0) return drag;
      return { ...drag, held: { ...drag.held, minutes: action.minutes } };
    case "end":
      return IDLE;
  }
}

export function trembled(drag: Drag, x: number, y: number): boolean {
  return drag.state === "armed" && Math.hypot(x - drag.x, y - drag.y) < TREMBLE;
}

/** One step by keys: rooms sideways, the grid's minutes up and down, stopping at the plane's edges. */
export function stepped(
  held: Held,
  step: { rooms: number; minutes: number },
  bounds: { rooms: readonly string[]; start: Minute; end: Minute },
): Placement {
  const column = Math.max(bounds.rooms.indexOf(held.place.room), 0) + step.rooms;
  const room = bounds.rooms[Math.min(Math.max(column, 0), bounds.rooms.length - 1)] ?? held.place.room;
  const latest = Math.max(bounds.end - held.minutes, bounds.start);
  return { room, start: Math.min(Math.max(held.place.start + step.minutes, bounds.start), latest) };
}
