/** Asks, while a session is carried, what each place would cost: the answer comes in stretches, the best first. */

import { aborted, type Api } from "../core/api.ts";
import { costAt, readStretch, type Stretch } from "../core/costs.ts";
import { editsOf } from "../core/edits.ts";
import type { Placement } from "../core/model.ts";
import type { EditWire } from "../core/wire.ts";
import type { Desk } from "./desk.svelte.ts";

/** How many others may move before a place is only said to cost more. */
const DEPTH = 2;
const SECONDS = 5;

export class Probe {
  stretches: readonly Stretch[] = $state.raw([]);

  readonly #api: Api;
  readonly #desk: Desk;
  #asking: AbortController | null = null;
  #asked = "";

  constructor(api: Api, desk: Desk) {
    this.#api = api;
    this.#desk = desk;
  }

  /** Ask about a session of this length on the day that is looked at; a question that is under way is not asked again. */
  begin(session: string, minutes: number): void {
    const { frame, day, wishes, shown, standing } = this.#desk;
    const date = frame.days[day]?.date;
    if (date === undefined) return;
    const edits: EditWire[] = editsOf(wishes, frame.clock);
    if (minutes !== shown.get(session)?.minutes) edits.push({ op: "resize", session, minutes });
    const request = { session, edits, day: date, depth: DEPTH, expectedVersion: standing.version, timeLimit: SECONDS };
    const question = JSON.stringify(request);
    if (question === this.#asked) return;
    this.end();
    this.#asked = question;
    const asking = new AbortController();
    this.#asking = asking;
    // What is carried can be put down without the map, so a map that does not come is no trouble to tell of.
    this.#api
      .costs(request, (wires) => (this.stretches = [...this.stretches, ...wires.map(readStretch)]), asking.signal)
      .catch((error: unknown) => {
        if (!aborted(error)) this.stretches = [];
      });
  }

  end(): void {
    this.#asking?.abort();
    this.#asking = null;
    this.#asked = "";
    this.stretches = [];
  }

  at(place: Placement): Stretch | null {
    return costAt(this.stretches, place);
  }
}
