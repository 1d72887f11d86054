/** The edits that a person has made and not saved yet, folded so that each session is placed and resized once at most. */

import type { Clock } from "./clock.ts";
import { samePlace, type Placement, type Session } from "./model.ts";
import type { EditWire } from "./wire.ts";

/** What one session is to become. Absent keys stay as they are; `place: null` takes it off the grid. */
export interface Wish {
  place?: Placement | null;
  minutes?: number;
  pinned?: boolean;
}

export type Wishes = ReadonlyMap<string, Wish>;

export const NO_WISHES: Wishes = new Map();

/** The wishes with one more; a wish that leaves the session as it is, is dropped. */
export function wished(wishes: Wishes, session: Session, wish: Wish): Wishes {
  const whole = { ...wishes.get(session.id), ...wish };
  if (whole.place !== undefined && samePlace(whole.place, session.place)) delete whole.place;
  if (whole.minutes === session.minutes) delete whole.minutes;
  if (whole.pinned === session.pinned) delete whole.pinned;
  const next = new Map(wishes);
  if (Object.keys(whole).length === 0) next.delete(session.id);
  else next.set(session.id, whole);
  return next;
}

export function granted(session: Session, wish: Wish | undefined): Session {
  return wish ? { ...session, ...wish } : session;
}

/** The edits to send, in the order in which they were first wished. */
export function editsOf(wishes: Wishes, clock: Clock): EditWire[] {
  return [...wishes].flatMap(([session, wish]) => {
    const edits: EditWire[] = [];
    if (wish.minutes !== undefined) edits.push({ op: "resize", session, minutes: wish.minutes });
    if (wish.place) edits.push({ op: "move", session, room: wish.place.room, start: clock.iso(wish.place.start) });
    if (wish.place === null) edits.push({ op: "unplace", session });
    if (wish.pinned !== undefined) edits.push({ op: wish.pinned ? "pin" : "unpin", session });
    return edits;
  });
}
