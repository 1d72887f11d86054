/**
 * One reactive cell per session: a change in the store replaces the cells that it names, and nothing else.
 *
 * A card depends on its own cell alone. Whatever looks at all sessions depends on `sessions`, and tells the cells what
 * follows from it only where that has changed: else every change would have every card asked whether it concerns it.
 */

import { isSave, type Store } from "./store.ts";
import { ALONE, type Lane } from "./lanes.ts";
import type { Frame, Session, Standing } from "./model.ts";

export class Cell {
  session: Session = $state.raw() as Session;
  /** Where its card stands among those that overlap; the grid tells. */
  lane: Lane = $state.raw(ALONE);

  constructor(session: Session) {
    this.session = session;
  }
}

/** A change that nothing has closed by then is shown all the same, in milliseconds. */
const PATIENCE = 100;

export class Cells {
  all: ReadonlyMap<string, Cell> = $state.raw(new Map());
  /** All of them at once, for what has to look at all: a save of many changes makes that look once. */
  sessions: ReadonlyMap<string, Session> = $state.raw(new Map());
  frame: Frame = $state.raw() as Frame;
  standing: Standing = $state.raw() as Standing;

  readonly #store: Store;
  /** Sessions whose cells are behind the store. */
  readonly #behind = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store) {
    this.#store = store;
    store.subscribe(({ event, before }) => {
      if (event === null) {
        this.all = new Map([...store.sessions].map(([id, session]) => [id, new Cell(session)]));
        this.sessions = new Map(store.sessions);
      }
      for (const id of before.keys()) this.#behind.add(id);
      // A save of many changes comes as many events, one after the other: they are drawn once, with the one that closes it.
      if (event === null || isSave(event) || event.type === "schedule.published") this.#catchUp();
      else this.#timer ??= setTimeout(() => this.#catchUp(), PATIENCE);
    });
  }

  #catchUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const id of this.#behind) {
      const cell = this.all.get(id);
      const session = this.#store.sessions.get(id);
      if (cell && session) cell.session = session;
    }
    if (this.#behind.size > 0) this.sessions = new Map(this.#store.sessions);
    this.#behind.clear();
    this.frame = this.#store.frame;
    this.standing = { ...this.#store.standing };
  }
}
