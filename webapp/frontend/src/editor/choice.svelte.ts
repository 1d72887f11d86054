/** Which sessions are meant: those that the filter lets through, and those that were chosen to be edited together. */

import type { Minute } from "../core/clock.ts";
import { dayIndex, type Session } from "../core/model.ts";
import { passing } from "../core/programme.ts";
import type { Desk } from "./desk.svelte.ts";

export interface Sieve {
  words: string;
  track: string;
  room: string;
  /** Only sessions in a conflict. */
  conflicts: boolean;
}

export const EVERYTHING: Sieve = { words: "", track: "", room: "", conflicts: false };

export class Choice {
  sieve = $state.raw<Sieve>(EVERYTHING);
  chosen: ReadonlySet<string> = $state.raw(new Set());

  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** What the filter lets through, on all days; null while there is no filter. */
  found: readonly Session[] | null = $derived.by(() => {
    const { words, track, room, conflicts } = this.sieve;
    if (!words && !track && !room && !conflicts) return null;
    const passes = passing(this.#desk.frame, { words, track, room });
    const inConflict = this.#desk.violationsOf;
    return [...this.#desk.shown.values()].filter(
      (session) => passes(session) && (!conflicts || inConflict.has(session.id)),
    );
  });

  passed: ReadonlySet<string> | null = $derived(this.found && new Set(this.found.map(({ id }) => id)));

  /** Sessions of the day that is looked at which begin in a stretch of time. */
  between(start: Minute, end: Minute): string[] {
    const { frame, day, shown } = this.#desk;
    return [...shown.values()]
      .filter(({ place }) => place && dayIndex(frame.days, place.start) === day && place.start >= start && place.start < end)
      .map(({ id }) => id);
  }

  /** Sessions in a room on the day that is looked at. */
  inRoom(room: string): string[] {
    return this.#desk.today.filter(({ place }) => place?.room === room).map(({ id }) => id);
  }

  toggle(id: string): void {
    const chosen = new Set(this.chosen);
    // The card that was selected alone before belongs to the choice that begins.
    const alone = this.#desk.selected;
    if (chosen.size === 0 && alone !== null && alone !== id) chosen.add(alone);
    if (!chosen.delete(id)) chosen.add(id);
    this.choose(chosen);
  }

  choose(ids: Iterable<string>): void {
    this.chosen = new Set(ids);
    if (this.chosen.size === 0) return;
    this.#desk.select(null);
    this.#desk.say(`${this.chosen.size} chosen.`);
  }

  clear(): void {
    if (this.chosen.size > 0) this.choose([]);
  }
}
