/** What an attendee looks at: the published schedule, the minute, the filters, and what has changed since the page was opened. */

import { Cells } from "../core/cells.svelte.ts";
import type { FeedState } from "../core/feed.ts";
import { dayIndex, type Frame, type Session } from "../core/model.ts";
import { nowNext, season } from "../core/nownext.ts";
import { passing, programme, type Filter } from "../core/programme.ts";
import type { News, Store } from "../core/store.ts";

/** A session that was changed while somebody was looking. */
export interface Change {
  session: string;
  /** As it stood when the page was opened, or when it last stood where it was. */
  was: Session;
  at: number;
}

export type Tab = "now" | "schedule";

const MINUTE = 60_000;

export class Board {
  readonly store: Store;
  readonly cells: Cells;

  tab = $state<Tab>("now");
  day = $state(0);
  filter = $state<Filter>({ words: "", track: "", room: "" });
  feed = $state<FeedState>("connecting");
  changes: ReadonlyMap<string, Change> = $state.raw(new Map());
  dismissed = $state(0);
  at = $state(0);

  readonly #asked: string | null;
  #shift = 0;

  constructor(store: Store, search: URLSearchParams) {
    this.store = store;
    this.cells = new Cells(store);
    this.#asked = search.get("at");
    store.subscribe((news) => this.#note(news));
  }

  frame: Frame = $derived.by(() => this.cells.frame);

  sessions: readonly Session[] = $derived.by(() => [...this.cells.all.values()].map((cell) => cell.session));

  rooms = $derived(nowNext(this.frame, this.sessions, this.at));

  season = $derived(season(this.sessions, this.at));

  slots = $derived(programme(this.frame, this.sessions, this.day, this.filter));

  /** How many sessions of each day pass the filter. */
  found = $derived.by(() => {
    const passes = passing(this.frame, this.filter);
    const counts = this.frame.days.map(() => 0);
    for (const session of this.sessions) {
      if (session.place && passes(session)) counts[dayIndex(this.frame.days, session.place.start)]! += 1;
    }
    return counts;
  });

  /** The newest changes first, without those that were read. */
  news: readonly Change[] = $derived(
    [...this.changes.values()].filter((change) => change.at > this.dismissed).sort((a, b) => b.at - a.at),
  );

  /** True when the page shows a moment that was asked for in its address. */
  get rehearsing(): boolean {
    return this.#asked !== null;
  }

  /** Start the clock once the schedule is there. */
  begin(): void {
    this.#shift = this.#askedMinute() - this.#wallMinute();
    this.#tick();
    setInterval(() => this.#tick(), MINUTE / 4);
    this.day = dayIndex(this.frame.days, this.at);
    this.tab = this.season.when === "during" ? "now" : "schedule";
  }

  dismiss(): void {
    this.dismissed = Date.now();
  }

  #tick(): void {
    this.at = Math.floor(this.#wallMinute() + this.#shift);
  }

  #wallMinute(): number {
    return Date.now() / MINUTE;
  }

  /** The minute in the address, in conference time unless it says otherwise; else the present. */
  #askedMinute(): number {
    const asked = this.#asked;
    if (asked === null) return this.#wallMinute();
    if (/(Z|[+-]\d\d:?\d\d)$/.test(asked)) return Date.parse(asked) / MINUTE || this.#wallMinute();
    const [, date, hours, minutes] = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)/.exec(asked) ?? [];
    const minute = date ? this.frame.clock.minute(date, Number(hours) * 60 + Number(minutes)) : null;
    return minute ?? this.#wallMinute();
  }

  #note({ before }: News): void {
    if (before.size === 0) return;
    const changes = new Map(this.changes);
    for (const [id, session] of before) {
      changes.set(id, { session: id, was: changes.get(id)?.was ?? session, at: Date.now() });
    }
    this.changes = changes;
  }
}
