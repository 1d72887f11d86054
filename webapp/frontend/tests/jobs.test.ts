import assert from "node:assert/strict";
import { test } from "node:test";
import { jobText, ordered, otherLines, repairOf, requestOf } from "../src/core/jobs.ts";
import { readSnapshot } from "../src/core/model.ts";
import type { JobWire } from "../src/core/wire.ts";
import { at, schedule } from "./samples.ts";

const { frame, sessions } = readSnapshot(schedule());
const byId = new Map(sessions.map((one) => [one.id, one]));

function job(changes: Partial<JobWire>): JobWire {
  const progress = { objective: null, bound: null, moved: null, seconds: 0 };
  return { jobId: "j", kind: "close", state: "proposed", parameters: {}, timeLimit: 20, baseVersion: 3, progress, ...changes };
}

test("a room is closed from the opening to the end of the day that is looked at, unless told", () => {
  const order = ordered(frame, 0, 0, { kind: "close", room: "attic" });
  assert.deepEqual(requestOf(order, frame, 3), {
    kind: "close",
    expectedVersion: 3,
    parameters: { room: "attic", from: at("1", "09:00"), to: at("1", "17:30") },
    timeLimit: 20,
  });
});

test("a night programme is closed until the next morning", () => {
  const told = requestOf(ordered(frame, 1, 0, { kind: "close", room: "attic" }), frame, 3);
  assert.deepEqual(told?.parameters, { room: "attic", from: at("2", "10:00"), to: at("3", "01:00") });
});

test("a delay is seen now if the day is on, else at its beginning", () => {
  const now = Date.parse(at("1", "11:20")) / 60_000;
  assert.equal(ordered(frame, 0, now, { kind: "delay" }).from, "11:20");
  assert.equal(ordered(frame, 1, now, { kind: "delay" }).from, "10:00");
});

test("a selection is shifted by its ids", () => {
  const told = requestOf(ordered(frame, 0, 0, { kind: "shift", sessions: ["a", "b"], minutes: -30 }), frame, 3);
  assert.deepEqual(told?.parameters, { select: { sessions: ["a", "b"] }, minutes: -30, repair: true });
});

test("what a job proposes is a repair: moves with what they leave out filled in, the rest in words", () => {
  const done = job({
    changes: [
      { op: "close_room", room: "attic", from: at("1", "09:00"), to: at("1", "17:30") },
      { op: "move", session: "c", room: "yard" },
      { op: "unplace", session: "a" },
    ],
  });
  const repair = repairOf(done, byId, frame.clock);
  assert.deepEqual(repair?.moves.map(({ to }) => to), [{ room: "yard", start: at("1", "10:30") }]);
  assert.equal(repair?.changes.length, 3);
  const lines = otherLines(done.changes ?? [], frame, (id) => `Talk ${id}`);
  assert.deepEqual(lines, ["Attic is closed, 09:00–17:30", "Talk a loses its place"]);
  assert.equal(repairOf(job({ state: "stale", changes: done.changes ?? [] }), byId, frame.clock), null);
});

test("it says how far a job is, in the units of the engine that works on it", () => {
  const progress = { engine: "plan", objective: 90, bound: 40, moved: 3, seconds: 2.04 };
  assert.equal(jobText(job({ state: "running", progress })), "2.0 s of 20 s: 90 points, at least 40.");
  assert.equal(jobText(job({ state: "requested" })), "Waiting for a worker…");
  assert.equal(jobText(job({ state: "failed", error: "It failed." })), "It failed.");
  assert.equal(jobText(job({ result: { status: "proved_minimal", reasons: [], unplaced: [] } })), "Proved minimal. No changes.");
});
