/** The full schedule as a list: by day, by start, filtered. */

import type { Minute } from "./clock.ts";
import { dayIndex, roomText, speakersText, type Frame, type Session } from "./model.ts";

export interface Filter {
  words: string;
  track: string;
  room: string;
}

export interface Slot {
  start: Minute;
  sessions: Session[];
}

/** One day's sessions that pass the filter, grouped by their start. */
export function programme(frame: Frame, sessions: Iterable<Session>, day: number, filter: Filter): Slot[] {
  const passes = passing(frame, filter);
  const slots = new Map<Minute, Session[]>();
  for (const session of sessions) {
    if (!session.place || dayIndex(frame.days, session.place.start) !== day || !passes(session)) continue;
    const slot = slots.get(session.place.start);
    if (slot) slot.push(session);
    else slots.set(session.place.start, [session]);
  }
  const column = new Map(frame.rooms.map((room, index) => [room.id, index]));
  const order = (session: Session) => column.get(session.place?.room ?? "") ?? 0;
  return [...slots]
    .sort(([a], [b]) => a - b)
    .map(([start, found]) => ({ start, sessions: found.sort((a, b) => order(a) - order(b)) }));
}

/** Every word must be found somewhere in the title, the speakers, the room or the track. */
export function passing(frame: Frame, filter: Filter): (session: Session) => boolean {
  const words = fold(filter.words).split(/\s+/).filter(Boolean);
  return (session) => {
    if (filter.track && session.track !== filter.track) return false;
    if (filter.room && session.place?.room !== filter.room) return false;
    if (words.length === 0) return true;
    const room = session.place ? roomText(frame, session.place.room) : "";
    const text = fold([session.title, speakersText(frame, session), room, session.track ?? ""].join(" "));
    return words.every((word) => text.includes(word));
  };
}

/** Without case and accents, so that `rene` finds `René`. */
function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
}
