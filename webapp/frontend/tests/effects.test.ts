import assert from "node:assert/strict";
import { test } from "node:test";
import { effectsOf, stepText } from "../src/core/effects.ts";
import { Store } from "../src/core/store.ts";
import type { ReversedChangeWire, ReversedWire } from "../src/core/wire.ts";
import { at, schedule } from "./samples.ts";

function told(...changes: ReversedChangeWire[]): { title: string; lines: readonly string[] }[] {
  const store = new Store("draft");
  store.load(schedule());
  const step = { auditEntryId: "e", action: "save", version: 3, changedAt: at("1", "08:00"), changes } as ReversedWire;
  return effectsOf(store.frame, store.sessions, step);
}

test("a session says where it is and where it would be", () => {
  const previousValues = { roomId: "attic", startTime: at("1", "09:30"), endTime: at("1", "10:20") };
  assert.deepEqual(told({ resource: "session", sessionId: "a", previousValues }), [
    { title: "Talk a", lines: ["Sat 1 Feb, 10:00–10:50 Great Hall → Sat 1 Feb, 09:30–10:20 Attic"] },
  ]);
});

test("a session that would lose its place says so", () => {
  const previousValues = { roomId: null, startTime: null, endTime: null };
  const [effect] = told({ resource: "session", sessionId: "b", previousValues });
  assert.match(effect?.lines[0] ?? "", /→ not placed$/);
});

test("pins, lengths and audiences are told, and rooms and people by their names", () => {
  const effects = told(
    { resource: "session", sessionId: "a", previousValues: { minutes: 30, pinned: true, audience: 20 } },
    { resource: "room", roomId: "attic", previousValues: { closed: [{ from: at("1", "12:00"), to: at("1", "13:00") }] } },
    { resource: "person", personId: "ada", previousValues: { unavailable: [] } },
  );
  assert.deepEqual(effects[0]?.lines.slice(1), ["50 → 30 min", "pinned", "unknown audience → 20 people"]);
  assert.deepEqual(effects[1], { title: "Attic", lines: ["closed: Sat 1 Feb, 12:00–13:00"] });
  assert.deepEqual(effects[2], { title: "Ada Lovelace", lines: ["cannot come: never"] });
});

test("a button names the first change and counts the others", () => {
  const effects = told(
    { resource: "session", sessionId: "a", previousValues: { pinned: true } },
    { resource: "session", sessionId: "b", previousValues: { pinned: true } },
  );
  assert.equal(stepText(effects), "Talk a: pinned and 1 more");
  assert.equal(stepText([]), "");
});
