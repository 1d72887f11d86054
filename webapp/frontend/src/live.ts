import { mount } from "svelte";
import { Api, ApiError } from "./core/api.ts";
import { readBoot, takeOver } from "./core/boot.ts";
import { Feed, follow, socketUrl } from "./core/feed.ts";
import { Store } from "./core/store.ts";
import { Board } from "./live/board.svelte.ts";
import Live from "./live/Live.svelte";
import "./styles/base.css";

async function start(): Promise<void> {
  const boot = readBoot();
  const api = new Api(boot);
  const store = new Store("published");
  const board = new Board(store, new URLSearchParams(location.search));
  store.load(await api.published());
  board.begin();
  mount(Live, { target: takeOver("island"), props: { board } });
  const feed = new Feed({
    url: (after, ticket) => socketUrl("live", boot.scheduleId, after, ticket),
    after: () => store.standing.seq,
    onEvent: (event) => store.apply(event),
    onState: (state) => (board.feed = state),
    onReload: async () => store.load(await api.published()),
  });
  follow(feed);
}

start().catch((error: unknown) => {
  const message = document.getElementById("island-state");
  if (message) message.textContent = "This is the schedule as it was when the page was loaded; it is not live.";
  if (!(error instanceof ApiError)) throw error;
});
