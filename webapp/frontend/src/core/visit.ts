/** What somebody saw when they were here last, kept small: a schedule of a thousand sessions is some forty kilobytes. */

import type { Session } from "./model.ts";

/** Room, start and length of every session; a session without a place has null for the first two. */
export type Seen = Record<string, readonly [string | null, number | null, number]>;

export interface Visit {
  /** Milliseconds since 1970. */
  at: number;
  version: number;
  seen: Seen;
}

export function visitOf(sessions: Iterable<Session>, version: number, at: number): Visit {
  const seen: Seen = {};
  for (const { id, place, minutes } of sessions) seen[id] = [place?.room ?? null, place?.start ?? null, minutes];
  return { at, version, seen };
}

/** The sessions that stand elsewhere than at the visit, as they were then. One that is new was nowhere. */
export function changedSince(visit: Visit, sessions: Iterable<Session>): Map<string, Session> {
  const changed = new Map<string, Session>();
  for (const session of sessions) {
    const [room, start, minutes] = visit.seen[session.id] ?? [null, null, session.minutes];
    const place = session.place;
    if (room === (place?.room ?? null) && start === (place?.start ?? null) && minutes === session.minutes) continue;
    changed.set(session.id, { ...session, minutes, place: room === null || start === null ? null : { room, start } });
  }
  return changed;
}
