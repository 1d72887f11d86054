/** The one truth of a page. Everything that changes the schedule comes in through `load` or `apply`. */

import { changed, placedAlike, readSnapshot, reavailable, reclosed, type Frame, type Session, type Snapshot, type Standing } from "./model.ts";
import type { EventWire, ScheduleWire, ValuesWire } from "./wire.ts";

/** Editors see the draft as it is saved, attendees see what was published. */
export type View = "draft" | "published";

/** `reload` says that the event cannot be understood from here: fetch the whole schedule. */
export type Outcome = "applied" | "known" | "reload";

export interface News {
  /** Null after a load: everything may have changed. */
  event: EventWire | null;
  /** Sessions as they were, for those that the event changed or that a load found elsewhere. */
  before: Before;
}

export type Before = ReadonlyMap<string, Session>;

const SILENT: Before = new Map();

const SAVES = new Set(["schedule.saved", "schedule.undone", "schedule.redone"]);

/** Whether the event closes a change of the draft: a save, or one of its own kind. */
export function isSave(event: EventWire): boolean {
  return SAVES.has(event.type);
}

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
    const held = this.#sessions;
    this.#snapshot = snapshot;
    this.#sessions = new Map(snapshot.sessions.map((session) => [session.id, session]));
    const moved = [...held].filter(([id, old]) => !placedAlike(old, this.#sessions.get(id) ?? old));
    this.#tell({ event: null, before: new Map(moved) });
  }

  apply(event: EventWire): Outcome {
    const { standing } = this.#loaded();
    if (event.seq <= standing.seq) return "known";
    if ((event.previousSeq ?? event.seq - 1) > standing.seq) return "reload";
    const before = this.view === "draft" ? this.#updated(event) : this.#published(event);
    if (before === null) return "reload";
    standing.seq = event.seq;
    standing.version = Math.max(standing.version, event.version);
    if (event.status) standing.status = event.status;
    if (event.previousSeq !== undefined) standing.broadcastAt = event.time;
    if (isSave(event)) standing.syncAt = event.time;
    if (event.publishedVersion !== undefined) {
      standing.status = "published";
      standing.publishedVersion = event.publishedVersion;
    }
    this.#tell({ event, before });
    return "applied";
  }

  /** What a save did to the draft: one event for each resource; null if that resource is unknown here. */
  #updated(event: EventWire): Before | null {
    if (event.type !== "schedule.updated") return SILENT;
    const { resource, resourceId = "", values = {} } = event;
    if (resource === "session") return this.#replace([[resourceId, values]]);
    if (resource === "room" && values.closed && this.#snapshot) {
      this.#snapshot.frame = reclosed(this.frame, resourceId, values.closed);
      return SILENT;
    }
    if (resource === "person" && values.unavailable && this.#snapshot) {
      this.#snapshot.frame = reavailable(this.frame, resourceId, values.unavailable);
      return SILENT;
    }
    return resource === "person" ? SILENT : null;
  }

  /** What a publication did to what attendees see. */
  #published(event: EventWire): Before | null {
    if (event.type !== "schedule.published") return SILENT;
    if (!Array.isArray(event.changes)) return null;
    return this.#replace(event.changes.map((change) => [change.sessionId, change]));
  }

  #replace(changes: readonly (readonly [string, ValuesWire])[]): Before | null {
    if (changes.some(([id]) => !this.#sessions.has(id))) return null;
    const before = new Map<string, Session>();
    for (const [id, values] of changes) {
      const old = this.#sessions.get(id)!;
      before.set(id, old);
      this.#sessions.set(id, changed(old, values));
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
