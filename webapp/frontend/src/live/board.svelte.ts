/** What an attendee looks at: the published schedule, the minute, the page, the filters, favourites, and what has changed. */

import { Cells } from "../core/cells.svelte.ts";
import { Clock, shiftTo, type Minute } from "../core/clock.ts";
import { keep, recall } from "../core/device.ts";
import { clashes } from "../core/favourites.ts";
import type { FeedState } from "../core/feed.ts";
import { dayIndex, type Frame, type Session } from "../core/model.ts";
import { nowNext, season } from "../core/nownext.ts";
import { passing, programme, type Filter } from "../core/programme.ts";
import type { News, Store } from "../core/store.ts";
import { changedSince, visitOf, type Visit } from "../core/visit.ts";
import { addressOf, pageAt, type Page } from "./pages.ts";

/** A session that was changed while somebody was looking, or since they looked last. */
export interface Change {
  session: string;
  /** As it stood when it was looked at last, or when it last stood where it was. */
  was: Session;
  at: number;
}

export type Tab = "now" | "schedule" | "favourites";

const MINUTE = 60_000;
const DEVICE_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const OWN_TIME = "callboard.own-time";

export class Board {
  readonly store: Store;
  readonly cells: Cells;
  /** The path of the schedule itself, below which its sessions and people have theirs. */
  readonly base: string;
  /** Inside somebody else's page, where nothing leads away. */
  readonly embedded: boolean;

  page = $state.raw<Page>({ kind: "schedule" });
  tab = $state<Tab>("now");
  day = $state(0);
  filter = $state<Filter>({ words: "", track: "", room: "" });
  feed = $state<FeedState>("connecting");
  /** When what is shown was true, in milliseconds since 1970; it grows while the feed is live. */
  asOf = $state(0);
  changes: ReadonlyMap<string, Change> = $state.raw(new Map());
  dismissed = $state(0);
  /** The visit that the changes are counted from, if somebody has been here before. */
  visit: Visit | null = $state.raw(null);
  at = $state(0);
  favourites: ReadonlySet<string> = $state.raw(new Set());
  ownTime = $state(recall<boolean>(OWN_TIME) ?? false);

  readonly search: URLSearchParams;
  #shift = 0;

  constructor(store: Store, options: { base: string; search: URLSearchParams; embedded?: boolean }) {
    this.store = store;
    this.cells = new Cells(store);
    this.base = options.base;
    this.search = options.search;
    this.embedded = options.embedded ?? false;
    store.subscribe((news) => this.#note(news));
  }

  /** Whether this device keeps another time than the conference does. */
  elsewhere = $derived.by(() => new Clock(DEVICE_ZONE).offset(this.at) !== this.cells.frame.clock.offset(this.at));

  /** The frame with the clock that times are shown by. */
  frame: Frame = $derived.by(() => {
    const frame = this.cells.frame;
    return this.ownTime && this.elsewhere ? { ...frame, clock: new Clock(DEVICE_ZONE) } : frame;
  });

  sessions: readonly Session[] = $derived.by(() => [...this.cells.sessions.values()]);

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

  /** The favourites that are still on the schedule, in the order in which they begin. */
  chosen: readonly Session[] = $derived(inOrder(this.sessions.filter(({ id }) => this.favourites.has(id))));

  clashes = $derived(clashes(this.chosen));

  /** True when the page shows a moment that was asked for in its address. */
  get rehearsing(): boolean {
    return this.search.get("at") !== null;
  }

  /** Start the clock once the schedule is there. */
  begin(): void {
    this.#shift = this.#askedMinute() - this.#wallMinute();
    this.tick();
    setInterval(() => this.tick(), MINUTE / 4);
    this.day = dayIndex(this.frame.days, this.at);
    this.tab = this.season.when === "during" ? "now" : "schedule";
    this.page = pageAt(this.base, location.pathname);
    this.favourites = new Set(recall<string[]>(this.#key("favourites")));
    this.#compare();
    window.addEventListener("popstate", () => (this.page = pageAt(this.base, location.pathname)));
    window.addEventListener("storage", () => (this.favourites = new Set(recall<string[]>(this.#key("favourites")))));
  }

  address(page: Page): string {
    return addressOf(this.base, page, location.search);
  }

  /** Turn to a page without leaving the document. */
  open(page: Page): void {
    history.pushState(null, "", this.address(page));
    this.page = page;
    scrollTo({ top: 0 });
  }

  session(id: string): Session | null {
    return this.cells.all.get(id)?.session ?? null;
  }

  sessionsOf(person: string): Session[] {
    return inOrder(this.sessions.filter(({ speakers }) => speakers.includes(person)));
  }

  toggle(id: string): void {
    const favourites = new Set(this.favourites);
    if (!favourites.delete(id)) favourites.add(id);
    this.favourites = favourites;
    keep(this.#key("favourites"), [...favourites]);
  }

  showOwnTime(own: boolean): void {
    this.ownTime = own;
    keep(OWN_TIME, own);
  }

  /** The server says which minute it is: a clock in a pocket may be wrong. */
  heed(minute: Minute): void {
    if (this.rehearsing) return;
    this.#shift = shiftTo(minute, this.#wallMinute());
    this.tick();
  }

  /** The changes were read: what comes next is counted from here. */
  dismiss(): void {
    this.dismissed = Date.now();
    this.visit = null;
    this.#remember();
  }

  tick(): void {
    this.at = Math.floor(this.#wallMinute() + this.#shift);
    if (this.feed === "live") this.asOf = Date.now();
  }

  /** Compare with what was seen at the last visit; without changes, this is the visit to compare with next time. */
  #compare(): void {
    const visit = recall<Visit>(this.#key("visit"));
    const changed = visit ? changedSince(visit, this.sessions) : new Map<string, Session>();
    if (changed.size === 0) return this.#remember();
    this.visit = visit;
    this.changes = new Map([...changed].map(([id, was]) => [id, { session: id, was, at: Date.now() }]));
  }

  #remember(): void {
    keep(this.#key("visit"), visitOf(this.sessions, this.cells.standing.version, Date.now()));
  }

  #key(what: string): string {
    return `callboard.${what}.${this.cells.frame.scheduleId}`;
  }

  #wallMinute(): number {
    return Date.now() / MINUTE;
  }

  /** The minute in the address, in conference time unless it says otherwise; else the present. */
  #askedMinute(): number {
    const asked = this.search.get("at");
    if (asked === null) return this.#wallMinute();
    if (/(Z|[+-]\d\d:?\d\d)$/.test(asked)) return Date.parse(asked) / MINUTE || this.#wallMinute();
    const [, date, hours, minutes] = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)/.exec(asked) ?? [];
    const minute = date ? this.cells.frame.clock.minute(date, Number(hours) * 60 + Number(minutes)) : null;
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

function inOrder(sessions: Session[]): Session[] {
  const start = (session: Session) => session.place?.start ?? Infinity;
  return sessions.sort((a, b) => start(a) - start(b));
}
