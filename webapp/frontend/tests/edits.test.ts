import assert from "node:assert/strict";
import { test } from "node:test";
import { minuteOf } from "../src/core/clock.ts";
import { editsOf, granted, NO_WISHES, wished } from "../src/core/edits.ts";
import { readSnapshot } from "../src/core/model.ts";
import { at, schedule } from "./samples.ts";

const { frame, sessions } = readSnapshot(schedule());
const [a, b, , , free] = sessions as [Session, Session, Session, Session, Session];
type Session = (typeof sessions)[number];
const yard = { room: "yard", start: minuteOf(at("1", "14:00")) };

test("moving a session twice is one move, to the last place", () => {
  const first = wished(NO_WISHES, a, { place: { room: "attic", start: yard.start } });
  const wishes = wished(first, a, { place: yard });
  assert.deepEqual(editsOf(wishes, frame.clock), [
    { op: "move", session: "a", room: "yard", start: "2025-02-01T14:00+01:00" },
  ]);
});

test("a session that is carried back is no edit at all", () => {
  const wishes = wished(wished(NO_WISHES, a, { place: yard }), a, { place: a.place });
  assert.equal(wishes.size, 0);
});

test("a session is placed once and resized once at most, whatever is done to it", () => {
  let wishes = NO_WISHES;
  for (const wish of [{ place: yard, minutes: 30 }, { place: null }, { minutes: 40 }, { place: yard }]) {
    wishes = wished(wishes, b, wish);
  }
  assert.deepEqual(
    editsOf(wishes, frame.clock).map(({ op }) => op),
    ["resize", "move"],
  );
});

test("several sessions keep the order in which they were first touched", () => {
  const wishes = wished(wished(wished(NO_WISHES, a, { place: null }), free, { place: yard }), a, { pinned: true });
  assert.deepEqual(editsOf(wishes, frame.clock), [
    { op: "unplace", session: "a" },
    { op: "pin", session: "a" },
    { op: "move", session: "free", room: "yard", start: "2025-02-01T14:00+01:00" },
  ]);
});

test("a granted wish leaves everything else as it is", () => {
  assert.deepEqual(granted(a, { place: yard }), { ...a, place: yard });
  assert.equal(granted(a, undefined), a);
});
