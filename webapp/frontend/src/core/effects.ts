/** What putting a change back would do, as people read it before they do it. */

import { dateText } from "./clock.ts";
import { changed, roomText, spanText, type Frame, type Session } from "./model.ts";
import type { IntervalWire, ReversedChangeWire, ReversedWire } from "./wire.ts";

export interface Effect {
  title: string;
  /** Each value as it is and as it would be. */
  lines: readonly string[];
}

/** The effects of putting back what an audit entry changed. */
export function effectsOf(frame: Frame, sessions: ReadonlyMap<string, Session>, step: ReversedWire): Effect[] {
  return step.changes.map((change) => effectOf(frame, sessions, change));
}

/** `Opening: 10:00–10:50 Great Hall → 11:00–11:50 Attic and 2 more`, for the button itself. */
export function stepText(effects: readonly Effect[]): string {
  const [first, ...others] = effects;
  if (!first) return "";
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return `${first.title}: ${first.lines.join(", ")}${more}`;
}

function effectOf(frame: Frame, sessions: ReadonlyMap<string, Session>, change: ReversedChangeWire): Effect {
  const { resource, previousValues: before } = change;
  if (resource === "session") {
    const session = sessions.get(change.sessionId ?? "");
    if (!session) return { title: change.sessionId ?? "", lines: [] };
    return { title: session.title, lines: sessionLines(frame, session, changed(session, before)) };
  }
  if (resource === "room") {
    return { title: roomText(frame, change.roomId ?? ""), lines: [`closed: ${stretches(frame, before.closed ?? [])}`] };
  }
  const person = change.personId ?? "";
  const times = stretches(frame, before.unavailable ?? []);
  return { title: frame.person.get(person) ?? person, lines: [`cannot come: ${times}`] };
}

function sessionLines(frame: Frame, now: Session, then: Session): string[] {
  const lines: string[] = [];
  const here = whereText(frame, now);
  const there = whereText(frame, then);
  if (here !== there) lines.push(`${here} → ${there}`);
  if (now.minutes !== then.minutes) lines.push(`${now.minutes} → ${then.minutes} min`);
  if (now.pinned !== then.pinned) lines.push(then.pinned ? "pinned" : "no longer pinned");
  if (now.audience !== then.audience) lines.push(`${audience(now)} → ${audience(then)}`);
  return lines;
}

function whereText(frame: Frame, { place, minutes }: Session): string {
  if (!place) return "not placed";
  const day = frame.days.length > 1 ? `${dateText(frame.clock.local(place.start).date, "short")}, ` : "";
  return `${day}${spanText(frame, place, minutes)} ${roomText(frame, place.room)}`;
}

function audience(session: Session): string {
  return session.audience === null ? "unknown audience" : `${session.audience} people`;
}

function stretches(frame: Frame, intervals: readonly IntervalWire[]): string {
  const told = intervals.map(({ from, to }) => {
    const [start, end] = [from, to].map((iso) => Math.floor(Date.parse(iso) / 60_000)) as [number, number];
    return `${dateText(frame.clock.local(start).date, "short")}, ${frame.clock.text(start)}–${frame.clock.text(end)}`;
  });
  return told.length > 0 ? told.join("; ") : "never";
}
