import assert from "node:assert/strict";
import { test } from "node:test";
import { hueOf } from "../src/core/hues.ts";
import { uuid } from "../src/core/uuid.ts";
import {
  answerText,
  count,
  durationText,
  factsOf,
  proofText,
  relaxationText,
  repairText,
  seconds,
  worthText,
} from "../src/core/words.ts";
import type { AnswerWire, RepairWire } from "../src/core/wire.ts";

const repair: RepairWire = { moves: [], moved: 2, price: 35, proved: "moved+price", changes: [] };

function answer(changes: Partial<AnswerWire> = {}): AnswerWire {
  return {
    version: 1,
    status: "proved_minimal",
    moved: 2,
    movedLowerBound: 2,
    price: 35,
    priceLowerBound: 35,
    violationsBefore: 1,
    repairs: [repair],
    reasons: [],
    relaxations: [],
    seconds: 0.012,
    ...changes,
  };
}

test("a repair says how many move and how far", () => {
  assert.equal(repairText(repair), "2 moves · 35 min");
  assert.equal(repairText({ ...repair, moved: 1, price: 1440 }), "1 move · 24 h");
});

test("nothing is called minimal that is not proved", () => {
  assert.equal(proofText(answer(), 0), "proved minimal");
  assert.equal(proofText(answer({ repairs: [repair, repair] }), 1), "proved next best");
  const found = { ...repair, moved: 9, proved: "no" as const };
  const best = answer({ status: "best_found", movedLowerBound: 7, repairs: [found] });
  assert.equal(proofText(best, 0), "best found, at least 7 moves needed");
  assert.doesNotMatch(proofText(answer({ repairs: [{ ...repair, proved: "moved" }] }), 0), /minimal/);
});

test("impossible and not found are told apart", () => {
  assert.match(answerText(answer({ status: "infeasible", repairs: [] })), /No repair exists/);
  assert.match(answerText(answer({ status: "unknown", repairs: [], seconds: 10 })), /in 10\.0 s; there may still be/);
});

test("what would help is told apart from what cannot hold together, with what it would come to", () => {
  assert.deepEqual(factsOf(["A is pinned.", "This would help: Unpin A.", "B is pinned."]), ["A is pinned.", "B is pinned."]);
  const way = { message: "Unpin A.", moved: 0, price: 0, edits: [] };
  assert.equal(relaxationText(way), "then nothing is broken");
  assert.equal(relaxationText({ ...way, moved: 2, price: 95 }), "then 2 moves · 1 h 35 min");
});

test("numbers are said as people say them", () => {
  assert.equal(count(1, "conflict"), "1 conflict");
  assert.equal(count(3, "conflict"), "3 conflicts");
  assert.equal(durationText(130), "2 h 10 min");
  assert.equal(seconds(0.0004), "1 ms");
});

test("tracks keep their hue whatever else is on the schedule that day", () => {
  const tracks = Array.from({ length: 9 }, (_, index) => `track ${index}`);
  assert.equal(hueOf(tracks, "track 0"), 255);
  assert.equal(hueOf(tracks, "track 8"), 255);
  assert.equal(new Set(tracks.map((track) => hueOf(tracks, track))).size, 8);
  assert.equal(hueOf(tracks, null), null);
});

test("ids are version 4 UUIDs and differ", () => {
  const ids = new Set(Array.from({ length: 100 }, uuid));
  assert.equal(ids.size, 100);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("a save that came too late says whether it would still do", () => {
  const late = { saveAttemptId: "a", result: "stale_blocked" as const, version: 3, conflicts: [] };
  assert.equal(worthText({ ...late, stillValid: true }), "Your edit would still do.");
  const broken = { ...late, stillValid: false, notValidBecause: "one conflict would arise" };
  assert.equal(worthText(broken), "Your edit would not do any more: one conflict would arise.");
  assert.equal(worthText(late), "");
});
