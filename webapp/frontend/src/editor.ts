import { mount } from "svelte";
import { Api, ApiError } from "./core/api.ts";
import { readBoot, takeOver } from "./core/boot.ts";
import { Feed, follow, socketUrl } from "./core/feed.ts";
import { dayIndex } from "./core/model.ts";
import { Store } from "./core/store.ts";
import { Clerk } from "./editor/clerk.ts";
import { Desk } from "./editor/desk.svelte.ts";
import Editor from "./editor/Editor.svelte";
import "./styles/base.css";
import "./styles/dialogs.css";

async function start(): Promise<void> {
  const boot = readBoot();
  const store = new Store("draft");
  const desk = new Desk(store);
  const clerk = new Clerk(new Api(boot), desk);
  await clerk.load();
  document.title = `${store.frame.name} · Callboard`;
  desk.day = dayIndex(store.frame.days, Math.floor(Date.now() / 60_000));
  listen(boot.scheduleId, desk, clerk);
  mount(Editor, { target: takeOver("island"), props: { desk, clerk, me: boot.name, admin: boot.role === "admin" } });
  window.addEventListener("beforeunload", (event) => {
    if (desk.wishes.size > 0 && desk.step !== "pending") event.preventDefault();
  });
}

function listen(scheduleId: string, desk: Desk, clerk: Clerk): void {
  const feed = new Feed({
    url: (after) => socketUrl("collab", scheduleId, after),
    after: () => desk.store.standing.seq,
    onEvent: (event) => desk.store.apply(event),
    onState: (state) => (desk.feed = state),
    onReload: () => clerk.load(),
  });
  follow(feed);
}

start().catch((error: unknown) => {
  const said = error instanceof ApiError ? error.message : "The editor could not be started. Reload the page.";
  const message = document.getElementById("island-state");
  if (message) message.textContent = said;
  if (!(error instanceof ApiError)) throw error;
});
