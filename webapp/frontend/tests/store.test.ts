import assert from "node:assert/strict";
import { test } from "node:test";
import { minuteOf } from "../src/core/clock.ts";
import { Store, type News, type View } from "../src/core/store.ts";
import type { ChangeWire, EventWire, ScheduleWire, SessionWire } from "../src/core/wire.ts";
import { at, event, randomness, schedule, session, updated } from "./samples.ts";

function opened(view: View = "draft", wire: ScheduleWire = schedule()): { store: Store; news: News[] } {
  const store = new Store(view);
  const news: News[] = [];
  store.load(wire);
  store.subscribe((one) => news.push(one));
  return { store, news };
}

function moved(id: string, room: string | null, start: string | null, end: string | null): ChangeWire {
  const previous = { roomId: "hall", startTime: at("1", "10:00"), endTime: at("1", "10:50") };
  return { sessionId: id, roomId: room, startTime: start, endTime: end, previous };
}

test("an event moves the session it names, and tells what was before", () => {
  const { store, news } = opened();
  assert.equal(store.apply(updated(11, "a", { startTime: at("1", "14:00"), endTime: at("1", "14:50") })), "applied");
  assert.deepEqual(store.sessions.get("a")?.place, { room: "hall", start: minuteOf(at("1", "14:00")) });
  assert.equal(news[0]?.before.get("a")?.place?.start, minuteOf(at("1", "10:00")));
  assert.equal(store.standing.seq, 11);
  assert.equal(store.standing.version, 4);
});

test("a session is placed, unplaced, resized and pinned by its event", () => {
  const { store } = opened();
  const placed = { roomId: "yard", startTime: at("1", "15:00"), endTime: at("1", "15:20") };
  store.apply(updated(11, "free", placed));
  store.apply(updated(12, "a", { roomId: null, startTime: null, endTime: null }));
  store.apply(updated(13, "b", { minutes: 40, endTime: at("1", "11:40") }));
  store.apply(updated(14, "b", { pinned: true }));
  assert.deepEqual(store.sessions.get("free")?.place, { room: "yard", start: minuteOf(at("1", "15:00")) });
  assert.equal(store.sessions.get("a")?.place, null);
  assert.equal(store.sessions.get("b")?.minutes, 40);
  assert.equal(store.sessions.get("b")?.pinned, true);
});

test("an event that is known already changes nothing", () => {
  const { store, news } = opened();
  assert.equal(store.apply(updated(10, "a", { roomId: "yard" })), "known");
  assert.equal(store.sessions.get("a")?.place?.room, "hall");
  assert.equal(news.length, 0);
});

test("a gap, an unknown session and an unknown resource ask for the whole schedule", () => {
  const { store } = opened();
  assert.equal(store.apply(updated(12, "a", { roomId: "yard" })), "reload");
  assert.equal(store.apply(updated(11, "nobody", { roomId: "yard" })), "reload");
  assert.equal(store.apply(event(11, "schedule.updated", { resource: "shift", resourceId: "s" })), "reload");
  assert.equal(store.standing.seq, 10);
});

test("a room's new closures are seen at once", () => {
  const { store } = opened();
  const closed = [{ from: at("1", "14:00"), to: at("1", "15:00") }];
  store.apply(event(11, "schedule.updated", { resource: "room", resourceId: "attic", values: { closed } }));
  assert.deepEqual(store.frame.room.get("attic")?.closed, [
    { start: minuteOf(at("1", "14:00")), end: minuteOf(at("1", "15:00")) },
  ]);
});

test("editors: publishing changes the status and no session", () => {
  const { store } = opened();
  const changes = [moved("a", "yard", at("1", "16:00"), at("1", "16:50"))];
  store.apply(event(11, "schedule.published", { publishedVersion: 4, changes }));
  assert.equal(store.standing.status, "published");
  assert.equal(store.standing.publishedVersion, 4);
  assert.equal(store.sessions.get("a")?.place?.room, "hall");
});

test("attendees: publishing changes the sessions, and the public events in between may be missing", () => {
  const { store } = opened("published");
  const changes = [moved("a", "yard", at("1", "16:00"), at("1", "17:00"))];
  const published = event(40, "schedule.published", { previousSeq: 10, publishedVersion: 4, changes });
  assert.equal(store.apply(published), "applied");
  assert.deepEqual(store.sessions.get("a")?.place, { room: "yard", start: minuteOf(at("1", "16:00")) });
  assert.equal(store.sessions.get("a")?.minutes, 60);
  assert.equal(store.apply(event(60, "schedule.published", { previousSeq: 50, changes: [] })), "reload");
});

test("an older schedule does not undo newer events", () => {
  const { store } = opened();
  store.apply(updated(11, "a", { roomId: "yard" }));
  store.load(schedule());
  assert.equal(store.sessions.get("a")?.place?.room, "yard");
});

test("a schedule that is fetched again says which sessions it found elsewhere", () => {
  const { store, news } = opened();
  const sessions = schedule().sessions.map((one) =>
    one.sessionId === "b" ? session("b", 25, "yard", at("1", "11:00")) : one,
  );
  store.load(schedule({ sessions, lastSeq: 20 }));
  assert.deepEqual([...news[0]!.before.keys()], ["b"]);
  assert.equal(news[0]!.before.get("b")?.place?.room, "hall");
});

test("old schedule and events equal the schedule read afresh, joined at any moment", () => {
  const random = randomness(3);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const rooms = ["hall", "attic", "yard"];
  for (let round = 0; round < 40; round += 1) {
    const start = schedule();
    const truth = new Map(start.sessions.map((one) => [one.sessionId, one]));
    const events: EventWire[] = [];
    const snapshots: ScheduleWire[] = [start];
    for (let step = 1; step <= 15; step += 1) {
      const old = pick([...truth.values()]);
      const next: SessionWire =
        random() < 0.2
          ? session(old.sessionId, old.minutes, null, null)
          : session(old.sessionId, pick([20, 45, 60]), pick(rooms), at("1", `1${Math.floor(random() * 6)}:15`));
      truth.set(old.sessionId, next);
      const { roomId, startTime, endTime, minutes } = next;
      events.push(updated(10 + step, old.sessionId, { roomId, startTime, endTime, minutes }));
      snapshots.push(schedule({ sessions: [...truth.values()], lastSeq: 10 + step }));
    }
    const joined = Math.floor(random() * snapshots.length);
    const { store } = opened("draft", snapshots[joined]!);
    for (const one of events) assert.ok(["known", "applied"].includes(store.apply(one)));
    const { store: fresh } = opened("draft", snapshots.at(-1)!);
    assert.deepEqual(new Map(store.sessions), new Map(fresh.sessions));
  }
});
