/** The socket: connects, resumes after the last event seen, notices when it has gone quiet, and comes back with jitter. */

import type { Outcome } from "./store.ts";
import type { EventWire } from "./wire.ts";

export type FeedState = "connecting" | "live" | "waiting" | "closed";

/** The part of a WebSocket that the feed uses. */
export interface Socket {
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface FeedOptions {
  /** The address; a ticket, once the server has given one, is a shorter way back in. */
  url: (after: number, ticket: string | null) => string;
  /** The last event that the page knows. */
  after: () => number;
  /** Take an event in; "reload" if that cannot be done. */
  onEvent: (event: EventWire) => Outcome;
  onState: (state: FeedState) => void;
  /** What is on now, as the server's clock has it. */
  onNow?: (at: string) => void;
  /** What the server says that is neither an event nor about the feed itself. */
  onMessage?: (message: { type: string }) => void;
  /** Fetch the whole schedule: the server asks for it, or an event was missed. */
  onReload: () => Promise<void>;
  open?: (url: string) => Socket;
  random?: () => number;
}

interface Notice {
  type: string;
  seq?: number;
  ticket?: string;
  at?: string;
  spreadSeconds?: number;
}

const SERVICE_RESTART = 1012;
const FIRST_DELAY = 400;
const LONGEST_DELAY = 30_000;
/** How long a connection may take to be ready. */
const READY_PATIENCE = 15_000;
/** The server says `feed.alive` every 25 seconds; three missed ones are silence. */
const ALIVE_PATIENCE = 80_000;

/** Where a page hears of changes. */
export interface Source {
  connect(): void;
  /** Somebody looks at the page again, or the network is back. */
  wake(): void;
}

export class Feed implements Source {
  readonly #options: FeedOptions;
  #socket: Socket | null = null;
  #failures = 0;
  #ticket: string | null = null;
  #beats = false;
  #resyncing = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #state: FeedState = "closed";

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get state(): FeedState {
    return this.#state;
  }

  connect(): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#enter("connecting");
    const open = this.#options.open ?? ((url) => new WebSocket(url) as Socket);
    const socket = open(this.#options.url(this.#options.after(), this.#ticket));
    this.#socket = socket;
    socket.onmessage = (message) => this.#hear(String(message.data));
    socket.onclose = (event) => this.#lost(event.code);
    this.#watch(READY_PATIENCE);
  }

  /** Come back at once if the feed is down: the network is there again, or the page is looked at again. */
  wake(): void {
    if (this.#state === "waiting") this.connect();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#enter("closed");
  }

  #hear(text: string): void {
    const message = JSON.parse(text) as Notice;
    // A server that never says it is alive is not missed when it does not.
    this.#beats ||= message.type === "feed.alive";
    this.#watch(this.#beats ? ALIVE_PATIENCE : null);
    if (message.type === "feed.ready") {
      this.#failures = 0;
      this.#ticket = message.ticket ?? null;
      this.#enter("live");
    } else if (message.type === "feed.reload") {
      const spread = (message.spreadSeconds ?? 0) * 1000 * this.#random();
      setTimeout(() => void this.resync(), spread);
    } else if (message.type === "feed.now" && message.at) {
      this.#options.onNow?.(message.at);
    } else if (message.seq !== undefined) {
      if (this.#options.onEvent(message as EventWire) === "reload") void this.resync();
    } else if (!message.type.startsWith("feed.")) {
      this.#options.onMessage?.(message);
    }
  }

  /** Say something to the server, if it can be reached just now. */
  say(message: object): void {
    if (this.#state === "live") this.#socket?.send(JSON.stringify(message));
  }

  /** Fetch the whole schedule, then follow the log from where that ends: nothing in between is missed. */
  async resync(): Promise<void> {
    if (this.#state === "closed" || this.#resyncing) return;
    this.#resyncing = true;
    this.#drop();
    try {
      await this.#options.onReload();
      this.connect();
    } catch {
      this.#lost(0);
    } finally {
      this.#resyncing = false;
    }
  }

  #lost(code: number): void {
    this.#drop();
    this.#enter("waiting");
    const longest = code === SERVICE_RESTART ? 4_000 : FIRST_DELAY * 2 ** this.#failures;
    this.#failures += 1;
    const delay = Math.min(longest, LONGEST_DELAY) * (0.5 + this.#random());
    this.#retry = setTimeout(() => this.connect(), delay);
  }

  #watch(patience: number | null): void {
    clearTimeout(this.#watchdog);
    if (patience !== null) this.#watchdog = setTimeout(() => this.#lost(0), patience);
  }

  #drop(): void {
    clearTimeout(this.#watchdog);
    if (!this.#socket) return;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
  }

  #enter(state: FeedState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state);
  }

  #random(): number {
    return (this.#options.random ?? Math.random)();
  }
}

/** The socket's address beside the page's own. */
export function socketUrl(channel: "live" | "collab", scheduleId: string, after: number, ticket: string | null = null) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const shown = ticket === null ? "" : `&ticket=${encodeURIComponent(ticket)}`;
  return `${scheme}://${location.host}/${channel}/${encodeURIComponent(scheduleId)}?after=${after}${shown}`;
}

/** Connect, and come back early whenever the network or the reader does. */
export function follow(feed: Source): void {
  window.addEventListener("online", () => feed.wake());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) feed.wake();
  });
  feed.connect();
}
