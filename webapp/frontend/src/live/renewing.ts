/** A screen that runs for a week starts afresh once a day, while nothing is on: whatever crept in is gone by then. */

import type { Board } from "./board.svelte.ts";

const LOOK = 5 * 60_000;
const DAY = 20 * 3_600_000;

export function renewDaily(board: Board, room: string): void {
  const began = Date.now();
  setInterval(() => {
    const busy = board.rooms.find((entry) => entry.room.id === room)?.now;
    // Only while the server answers: a page that cannot be fetched again is better kept.
    if (Date.now() - began > DAY && !busy && board.feed === "live") location.reload();
  }, LOOK);
}
