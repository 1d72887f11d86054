import assert from "node:assert/strict";
import { test } from "node:test";
import { minuteOf } from "../src/core/clock.ts";
import { readSnapshot } from "../src/core/model.ts";
import { nowNext, season } from "../src/core/nownext.ts";
import { programme } from "../src/core/programme.ts";
import { at, schedule, session } from "./samples.ts";

const { frame, sessions } = readSnapshot(schedule());
const hall = (time: string) => nowNext(frame, sessions, minuteOf(at("1", time)))[0]!;
const everything = { words: "", track: "", room: "" };

test("now ends when the session ends, to the minute", () => {
  assert.equal(hall("10:00").now?.id, "a");
  assert.equal(hall("10:49").now?.id, "a");
  assert.equal(hall("10:50").now, null);
  assert.equal(hall("10:50").next?.id, "b");
});

test("a free room says until when, and one that is done for the day does not", () => {
  assert.equal(hall("10:50").freeUntil, minuteOf(at("1", "11:00")));
  assert.equal(hall("12:00").freeUntil, null);
  const attic = nowNext(frame, sessions, minuteOf(at("1", "12:00")))[1]!;
  assert.equal(attic.next?.id, "night");
  assert.equal(attic.freeUntil, null);
});

test("a session after midnight is still on", () => {
  const attic = nowNext(frame, sessions, minuteOf(at("3", "00:15")))[1]!;
  assert.equal(attic.now?.id, "night");
});

test("the conference is before, during and after by its sessions", () => {
  assert.equal(season(sessions, minuteOf(at("1", "08:00"))).when, "before");
  assert.equal(season(sessions, minuteOf(at("1", "13:00"))).when, "during");
  assert.equal(season(sessions, minuteOf(at("3", "00:30"))).when, "after");
});

test("the list is by start, then by room, and leaves out what is not placed", () => {
  const twice = readSnapshot(
    schedule({ sessions: [session("y", 30, "yard", at("1", "10:00")), ...schedule().sessions] }),
  );
  const slots = programme(twice.frame, twice.sessions, 0, everything);
  assert.deepEqual(
    slots.map((slot) => slot.sessions.map(({ id }) => id)),
    [["a", "y"], ["c"], ["b"]],
  );
});

test("search finds people and rooms without case and accents, and every word must be there", () => {
  const people = [{ id: "ada", name: "Adèle Café" }];
  const found = readSnapshot(schedule({ people }));
  const ids = (words: string) =>
    programme(found.frame, found.sessions, 0, { ...everything, words }).flatMap((slot) =>
      slot.sessions.map(({ id }) => id),
    );
  assert.deepEqual(ids("adele ATTIC"), ["c"]);
  assert.deepEqual(ids("cafe talk"), ["a", "c", "b"]);
  assert.deepEqual(ids("adele nowhere"), []);
});

test("weeks before the conference no room is called free until a time of another day", () => {
  const long = nowNext(frame, sessions, minuteOf("2025-01-10T10:00+01:00"));
  assert.deepEqual(new Set(long.map(({ freeUntil }) => freeUntil)), new Set([null]));
  assert.equal(hall("07:00").freeUntil, minuteOf(at("1", "10:00")));
});
