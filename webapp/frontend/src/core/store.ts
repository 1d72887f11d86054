/** The one truth of a page. Everything that changes the schedule comes in through `load` or `apply`. */

import { changed, readSnapshot, samePlacement, type Frame, type Session, type Snapshot, type Standing } from "./model.ts";
import type { ChangeWire, EventWire, ScheduleWire } from "./wire.ts";

/** Editors see the draft as it is saved, attendees see what was published. */
export type View = "draft" | "published";

/** `reload` says that the event cannot be understood from here: fetch the whole schedule. */
export type Outcome = "applied" | "known" | "reload";

export interface News {
  /** Null after a load: everything may have changed. */
  event: EventWire | null;
  /** Sessions before the event, for those that it changed. */
  before: ReadonlyMap<string, Session>;
}

const SILENT: ReadonlyMap<string, Session> = new Map();

export class Store {
  readonly view: View;
  #snapshot: Snapshot | null = null;
  #sessions = new Map<string, Session>();
  #listeners = new Set<(news: News) => void>();

  constructor(view: View) {
    this.view = view;
  }

  get loaded(): boolean {
    return this.#snapshot !== null;
  }

  get frame(): Frame {
    return this.#loaded().frame;
  }

  get standing(): Standing {
    return this.#loaded().standing;
  }

  get sessions(): ReadonlyMap<string, Session> {
    return this.#sessions;
  }

  subscribe(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Start from a whole schedule; an older one than what is held is not believed. */
  load(wire: ScheduleWire): void {
    const snapshot = readSnapshot(wire);
    if (this.#snapshot && snapshot.standing.seq < this.#snapshot.standing.seq) return;
    this.#snapshot = snapshot;
    this.#sessions = new Map(snapshot.sessions.map((session) => [session.id, session]));
    this.#tell({ event: null, before: SILENT });
  }

  apply(event: EventWire): Outcome {
    const { standing } = this.#loaded();
    if (event.seq <= standing.seq) return "known";
    if ((event.previousSeq ?? event.seq - 1) > standing.seq) return "reload";
    const changes = this.#changesFor(event);
    if (changes === null || changes.some((change) => !this.#sessions.has(change.sessionId))) return "reload";
    standing.seq = event.seq;
    this.#stand(event);
    this.#tell({ event, before: this.#replace(changes) });
    return "applied";
  }

  /** What the event does to the sessions of this view; null if it does more than it says. */
  #changesFor(event: EventWire): readonly ChangeWire[] | null {
    if (this.view === "published") return event.type === "schedule.published" ? (event.changes ?? null) : [];
    return event.type === "schedule.updated" ? (event.changes ?? null) : [];
  }

  #stand(event: EventWire): void {
    const { standing } = this.#loaded();
    standing.version = Math.max(standing.version, event.version);
    if (event.status) standing.status = event.status;
    if (event.type === "schedule.published") {
      standing.status = "published";
      standing.publishedVersion = event.version;
    }
  }

  #replace(changes: readonly ChangeWire[]): ReadonlyMap<string, Session> {
    const before = new Map<string, Session>();
    for (const change of changes) {
      const old = this.#sessions.get(change.sessionId);
      if (!old) continue;
      const next = changed(old, change);
      if (samePlacement(old, next)) continue;
      before.set(old.id, old);
      this.#sessions.set(old.id, next);
    }
    return before;
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }

  #loaded(): Snapshot {
    if (!this.#snapshot) throw new Error("the schedule is not loaded yet");
    return this.#snapshot;
  }
}
