/** One reactive cell per session: a change in the store replaces the cells that it names, and nothing else. */

import type { Frame, Session, Standing } from "./model.ts";
import type { Store } from "./store.ts";

export class Cell {
  session: Session = $state.raw() as Session;

  constructor(session: Session) {
    this.session = session;
  }
}

export class Cells {
  all: ReadonlyMap<string, Cell> = $state.raw(new Map());
  frame: Frame = $state.raw() as Frame;
  standing: Standing = $state.raw() as Standing;

  constructor(store: Store) {
    store.subscribe(({ event, before }) => {
      if (event === null) {
        this.all = new Map([...store.sessions].map(([id, session]) => [id, new Cell(session)]));
      }
      for (const id of before.keys()) {
        const cell = this.all.get(id);
        const session = store.sessions.get(id);
        if (cell && session) cell.session = session;
      }
      this.frame = store.frame;
      this.standing = { ...store.standing };
    });
  }
}
