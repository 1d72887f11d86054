/** What stands in for the socket where sockets are turned off: asks for new events every few seconds. */

import { ApiError } from "./api.ts";
import type { FeedState, Source } from "./feed.ts";
import type { Outcome } from "./store.ts";
import type { EventWire } from "./wire.ts";

export interface PollOptions {
  /** A page of the events after one; more of them where `next` says so. */
  ask: (after: number) => Promise<{ items: EventWire[]; next: string | null }>;
  /** The last event that the page knows. */
  after: () => number;
  onEvent: (event: EventWire) => Outcome;
  onState: (state: FeedState) => void;
  onReload: () => Promise<void>;
  random?: () => number;
}

const EVERY = 8_000;
const GONE = 410;

export class Poll implements Source {
  readonly #options: PollOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  connect(): void {
    void this.#ask();
  }

  wake(): void {
    if (!this.#asking) void this.#ask();
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking = true;
    try {
      await this.#catchUp();
      this.#options.onState("live");
    } catch {
      this.#options.onState("waiting");
    } finally {
      this.#asking = false;
      // Spread, or thousands of pages that were opened at the same time would ask at the same time.
      const wait = EVERY * (0.75 + 0.5 * (this.#options.random ?? Math.random)());
      this.#timer = setTimeout(() => void this.#ask(), wait);
    }
  }

  async #catchUp(): Promise<void> {
    let more = true;
    while (more) {
      const page = await this.#options.ask(this.#options.after()).catch((error: unknown) => {
        // What was missed is not kept any more.
        if (error instanceof ApiError && error.status === GONE) return null;
        throw error;
      });
      more = page?.next != null;
      const refreshed = page?.items.some(({ type }) => type === "schedule.refreshed") ?? false;
      const fits = page?.items.every((event) => this.#options.onEvent(event) !== "reload") ?? false;
      if (!fits || refreshed) return this.#options.onReload();
    }
  }
}
