import { mount } from "svelte";
import { Api, ApiError } from "./core/api.ts";
import { readBoot, takeOver } from "./core/boot.ts";
import { Feed, follow, socketUrl, type FeedState } from "./core/feed.ts";
import type { CompanyWire } from "./core/company.ts";
import { dayIndex } from "./core/model.ts";
import { Poll } from "./core/poll.ts";
import { Store } from "./core/store.ts";
import type { Boot, EventWire } from "./core/wire.ts";
import { Clerk } from "./editor/clerk.ts";
import { Desk } from "./editor/desk.svelte.ts";
import Editor from "./editor/Editor.svelte";
import { Probe } from "./editor/probe.svelte.ts";
import "./styles/base.css";
import "./styles/editor.css";

async function start(): Promise<void> {
  const boot = readBoot();
  const store = new Store("draft");
  const desk = new Desk(store);
  const api = new Api(boot);
  const clerk = new Clerk(api, desk);
  await clerk.load();
  document.title = `${store.frame.name} · Callboard`;
  desk.day = dayIndex(store.frame.days, Math.floor(Date.now() / 60_000));
  listen(boot, api, desk, clerk);
  hearOthers(boot.editorId, desk);
  const props = { desk, clerk, probe: new Probe(api, desk), me: boot.name, admin: boot.role === "admin" };
  mount(Editor, { target: takeOver("island"), props });
  const job = new URLSearchParams(location.search).get("job");
  if (job) void clerk.jobs.follow(job);
  window.addEventListener("beforeunload", (event) => {
    if (desk.edited && desk.step !== "pending") event.preventDefault();
  });
}

function listen(boot: Boot, api: Api, desk: Desk, clerk: Clerk): void {
  const source = {
    after: () => desk.store.standing.seq,
    onEvent: (event: EventWire) => desk.store.apply(event),
    onState: (state: FeedState) => {
      desk.feed = state;
      if (state !== "live") desk.company.depart();
      else if (feed) desk.company.arrive((message) => feed.say(message));
    },
    onMessage: (message: object) => desk.company.hear(message as CompanyWire),
    onReload: () => clerk.load(),
  };
  const url = (after: number) => socketUrl("collab", boot.scheduleId, after);
  const feed = boot.live ? new Feed({ ...source, url }) : null;
  desk.company.onAsked = (clientId) => desk.company.showRepair(clientId, clerk.shownRepair());
  window.addEventListener("pagehide", () => desk.company.leave());
  follow(feed ?? new Poll({ ...source, ask: (after) => api.events(after) }));
}

/** Note which sessions under edit others change, and whose saves are held up. */
function hearOthers(me: string | null, desk: Desk): void {
  desk.store.subscribe(({ event }) => {
    if (!event?.editorId || event.editorId === me) return;
    const name = desk.company.nameOfEditor(event.editorId);
    const { type, resource, resourceId = "" } = event;
    if (type === "schedule.updated" && resource === "session" && desk.wishes.has(resourceId)) {
      desk.touched = new Map(desk.touched).set(resourceId, name);
    }
    if (type === "save.blocked" && event.result === "stale_blocked") {
      const titles = (event.sessionIds ?? []).slice(0, 3).map((id) => `“${desk.title(id)}”`);
      desk.company.notice(`${name} could not save ${titles.join(", ")}: the schedule had changed.`);
    }
  });
}

start().catch((error: unknown) => {
  const said = error instanceof ApiError ? error.message : "The editor could not be started. Reload the page.";
  const message = document.getElementById("island-state");
  if (message) message.textContent = said;
  if (!(error instanceof ApiError)) throw error;
});
