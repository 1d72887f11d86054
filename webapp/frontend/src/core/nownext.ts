/** Who is on now and next in every room, from the sessions and a minute; nothing is asked of the server. */

import type { Minute } from "./clock.ts";
import { endOf, sameDay, type Frame, type Room, type Session } from "./model.ts";

export interface RoomNow {
  room: Room;
  now: Session | null;
  next: Session | null;
  /** Where nothing is on: until when the room is free; null if nothing follows on this day. */
  freeUntil: Minute | null;
}

export function nowNext(frame: Frame, sessions: Iterable<Session>, at: Minute): RoomNow[] {
  const rooms = new Map(frame.rooms.map((room) => [room.id, empty(room)]));
  for (const session of sessions) {
    const entry = session.place && rooms.get(session.place.room);
    if (entry) consider(entry, session, at);
  }
  for (const entry of rooms.values()) {
    const start = entry.next?.place?.start ?? null;
    if (!entry.now && start !== null && sameDay(frame.days, start, at)) entry.freeUntil = start;
  }
  return [...rooms.values()];
}

function empty(room: Room): RoomNow {
  return { room, now: null, next: null, freeUntil: null };
}

function consider(entry: RoomNow, session: Session, at: Minute): void {
  const start = session.place?.start ?? 0;
  if (start <= at && at < start + session.minutes) {
    if (!entry.now || start > (entry.now.place?.start ?? 0)) entry.now = session;
  } else if (start > at && (!entry.next || start < (entry.next.place?.start ?? 0))) {
    entry.next = session;
  }
}

export type Season = { when: "before"; first: Minute } | { when: "during" } | { when: "after" };

/** Whether the conference has begun, going by its first and last session. */
export function season(sessions: Iterable<Session>, at: Minute): Season {
  let first = Infinity;
  let last = -Infinity;
  for (const session of sessions) {
    first = Math.min(first, session.place?.start ?? Infinity);
    last = Math.max(last, endOf(session) ?? -Infinity);
  }
  if (at < first && Number.isFinite(first)) return { when: "before", first };
  return at < last ? { when: "during" } : { when: "after" };
}
