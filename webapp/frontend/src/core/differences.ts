/** The draft against what attendees see: what publishing would change on their screens. */

import { placedAlike, type Session } from "./model.ts";
import { count } from "./words.ts";

/** A session of which attendees would see something else; null where it is not on the programme at all. */
export interface Difference {
  id: string;
  title: string;
  /** Of whoever is to be told. */
  speakers: readonly string[];
  was: Session | null;
  now: Session | null;
}

/** What differs, in order of time; who is unplaced is not on the programme. */
export function differences(published: Iterable<Session>, draft: ReadonlyMap<string, Session>): Difference[] {
  const before = new Map([...published].map((session) => [session.id, session]));
  const ids = new Set([...before.keys(), ...draft.keys()]);
  const found = [...ids].flatMap((id) => difference(before.get(id) ?? null, draft.get(id) ?? null));
  return found.sort((a, b) => timeOf(a) - timeOf(b) || a.title.localeCompare(b.title));
}

function difference(before: Session | null, after: Session | null): Difference[] {
  const either = after ?? before;
  const was = before?.place ? before : null;
  const now = after?.place ? after : null;
  if (!either || (was === null && now === null) || (was && now && placedAlike(was, now))) return [];
  return [{ id: either.id, title: either.title, speakers: either.speakers, was, now }];
}

function timeOf({ was, now }: Difference): number {
  return (now ?? was)?.place?.start ?? 0;
}

/** `4 sessions: 2 changed, 1 new, 1 taken off.` */
export function differencesText(found: readonly Difference[]): string {
  const kinds = [
    [found.filter(({ was, now }) => was && now).length, "changed"],
    [found.filter(({ was }) => !was).length, "new"],
    [found.filter(({ now }) => !now).length, "taken off"],
  ] as const;
  const parts = kinds.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  if (parts.length === 0) return "Attendees already see all of it.";
  return `${count(found.length, "session")}: ${parts.join(", ")}.`;
}
