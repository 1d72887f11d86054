import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, differencesText } from "../src/core/differences.ts";
import { readSnapshot } from "../src/core/model.ts";
import { at, schedule, session } from "./samples.ts";

const published = readSnapshot(schedule()).sessions;

function draftOf(...replaced: ReturnType<typeof session>[]) {
  const sessions = readSnapshot(schedule({ sessions: replaced })).sessions;
  const changed = new Map(sessions.map((one) => [one.id, one]));
  return new Map(published.map((one) => [one.id, changed.get(one.id) ?? one]));
}

test("a draft that is as published differs in nothing", () => {
  assert.deepEqual(differences(published, draftOf()), []);
  assert.equal(differencesText([]), "Attendees already see all of it.");
});

test("moves, lengths, arrivals and departures are told in order of time", () => {
  const draft = draftOf(
    session("night", 30, "attic", at("2", "23:30")),
    session("a", 50, "yard", at("1", "10:00")),
    session("b", 25, null, null),
    session("free", 20, "hall", at("1", "09:00")),
  );
  const found = differences(published, draft);
  assert.deepEqual(found.map(({ id }) => id), ["free", "a", "b", "night"]);
  assert.equal(differencesText(found), "4 sessions: 2 changed, 1 new, 1 taken off.");
  assert.deepEqual(found[1]?.was?.place?.room, "hall");
  assert.deepEqual(found[3]?.now?.minutes, 30);
});

test("what is pinned is nothing that attendees see, and what is unplaced is not on the programme", () => {
  const pinned = { ...session("a", 50, "hall", at("1", "10:00")), pinned: true };
  assert.deepEqual(differences(published, draftOf(pinned)), []);
  const without = published.filter(({ id }) => id !== "free" && id !== "a");
  assert.deepEqual(differences(without, draftOf()).map(({ id }) => id), ["a"]);
});
