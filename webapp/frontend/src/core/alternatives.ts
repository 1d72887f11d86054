/** Several repairs held side by side: what each asks of whom. */

import { placementOf, type Placement, type Session } from "./model.ts";
import type { RepairWire } from "./wire.ts";

/** What one repair is like as a whole. */
export interface Alternative {
  /** How many of its moves change the room. */
  rooms: number;
  /** The longest way that any session goes in time, in minutes. */
  farthest: number;
  /** Ids of the speakers of the sessions that move, each once. */
  people: readonly string[];
}

/** A session that at least one of the repairs moves: where each of them puts it, null where it stays. */
export interface Fate {
  session: string;
  from: Placement | null;
  to: readonly (Placement | null)[];
}

export function alternativesOf(sessions: ReadonlyMap<string, Session>, repairs: readonly RepairWire[]): Alternative[] {
  return repairs.map(({ moves }) => {
    const moved = moves.map(({ session, to }) => ({ from: sessions.get(session)?.place ?? null, to: placementOf(to) }));
    const ways = moved.map(({ from, to }) => (from ? Math.abs(to.start - from.start) : 0));
    return {
      rooms: moved.filter(({ from, to }) => from?.room !== to.room).length,
      farthest: Math.max(0, ...ways),
      people: [...new Set(moves.flatMap(({ session }) => sessions.get(session)?.speakers ?? []))],
    };
  });
}

/** Those that most of the repairs move come first, then in order of time. */
export function fatesOf(sessions: ReadonlyMap<string, Session>, repairs: readonly RepairWire[]): Fate[] {
  const ids = new Set(repairs.flatMap(({ moves }) => moves.map(({ session }) => session)));
  const fates = [...ids].map((session) => ({
    session,
    from: sessions.get(session)?.place ?? null,
    to: repairs.map(({ moves }) => {
      const move = moves.find((one) => one.session === session);
      return move ? placementOf(move.to) : null;
    }),
  }));
  const moves = ({ to }: Fate) => to.filter((place) => place !== null).length;
  return fates.sort((a, b) => moves(b) - moves(a) || (a.from?.start ?? 0) - (b.from?.start ?? 0));
}
