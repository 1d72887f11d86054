import { mount } from "svelte";
import { Api, ApiError } from "./core/api.ts";
import { minuteOf } from "./core/clock.ts";
import { readBoot, takeOver } from "./core/boot.ts";
import { Feed, follow, socketUrl, type FeedState } from "./core/feed.ts";
import { say, settleLanguage } from "./core/language.ts";
import { Poll } from "./core/poll.ts";
import { Store } from "./core/store.ts";
import type { EventWire } from "./core/wire.ts";
import { Board } from "./live/board.svelte.ts";
import { keepOffline } from "./live/offline.ts";
import { renewDaily } from "./live/renewing.ts";
import Live from "./live/Live.svelte";
import Sign from "./live/Sign.svelte";
import SignChoice from "./live/SignChoice.svelte";
import "./styles/base.css";

const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 60_000;

async function start(): Promise<void> {
  const boot = readBoot();
  const api = new Api(boot);
  const store = new Store("published");
  const search = new URLSearchParams(location.search);
  const embedded = location.pathname.startsWith("/embed/");
  const board = new Board(store, { base: `${embedded ? "/embed" : ""}/${boot.slug}`, search, embedded });

  async function read(): Promise<void> {
    const { schedule, at } = await api.published();
    store.load(schedule);
    board.asOf = at;
  }

  await settleLanguage();
  await read();
  board.begin();
  draw(board, search);
  const source = {
    after: () => store.standing.seq,
    onEvent: (event: EventWire) => store.apply(event),
    onState: (state: FeedState) => {
      board.feed = state;
      board.tick();
    },
    onNow: (at: string) => board.heed(minuteOf(at)),
    onReload: read,
  };
  const url = (after: number, ticket: string | null) => socketUrl("live", boot.scheduleId, after, ticket);
  follow(boot.live ? new Feed({ ...source, url }) : new Poll({ ...source, ask: (after) => api.events(after) }));
  if (!embedded) keepOffline();
}

/** The schedule, or the screen at one room's door. */
function draw(board: Board, search: URLSearchParams): void {
  const target = takeOver("island");
  if (search.get("mode") !== "sign") {
    mount(Live, { target, props: { board } });
    return;
  }
  const asked = search.get("room");
  const room = board.frame.rooms.find(({ id, label }) => id === asked || label === asked);
  if (!room) {
    mount(SignChoice, { target, props: { board } });
    return;
  }
  mount(Sign, { target, props: { board, room: room.id } });
  renewDaily(board, room.id);
}

/** The plain schedule stays to be read until the server answers: nobody has to reload a page, or a screen at a door. */
async function begin(): Promise<void> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      return await start();
    } catch (error) {
      const message = document.getElementById("island-state");
      if (message) message.textContent = say.plainCopy;
      if (!(error instanceof ApiError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
  }
}

void begin();
