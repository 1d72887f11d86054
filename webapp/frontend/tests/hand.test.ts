import assert from "node:assert/strict";
import { test } from "node:test";
import { cross, stay } from "../src/core/arrows.ts";
import { IDLE, reduce, stepped, trembled, type Drag, type Held } from "../src/core/drag.ts";
import { command, walk, type Spot } from "../src/core/keys.ts";

const plain = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
const held: Held = { session: "a", place: { room: "hall", start: 600 }, minutes: 50 };
const bounds = { rooms: ["hall", "attic", "yard"], start: 540, end: 1080 };

test("a press is a drag only once the pointer has left where it was pressed", () => {
  const armed = reduce(IDLE, { type: "press", session: "a", x: 10, y: 10 });
  assert.equal(armed.state, "armed");
  assert.ok(trembled(armed, 12, 12));
  assert.ok(!trembled(armed, 10, 20));
});

test("a drag remembers where it began and forgets everything at its end", () => {
  let drag: Drag = reduce(IDLE, { type: "lift", by: "pointer", held });
  drag = reduce(drag, { type: "over", place: { room: "yard", start: 700 } });
  drag = reduce(drag, { type: "stretch", minutes: 55 });
  assert.deepEqual(drag, {
    state: "moving",
    by: "pointer",
    held: { session: "a", place: { room: "yard", start: 700 }, minutes: 55 },
    origin: held,
  });
  assert.deepEqual(reduce(drag, { type: "end" }), IDLE);
});

test("moving over the same place, or shrinking to nothing, changes nothing", () => {
  const drag = reduce(IDLE, { type: "lift", by: "keys", held });
  assert.equal(reduce(drag, { type: "over", place: { ...held.place } }), drag);
  assert.equal(reduce(drag, { type: "stretch", minutes: 0 }), drag);
  assert.equal(reduce(IDLE, { type: "over", place: held.place }), IDLE);
});

test("steps by keys stop at the edges of the plane", () => {
  assert.deepEqual(stepped(held, { rooms: 1, minutes: 0 }, bounds), { room: "attic", start: 600 });
  assert.deepEqual(stepped(held, { rooms: -1, minutes: -5 }, bounds), { room: "hall", start: 595 });
  assert.deepEqual(stepped(held, { rooms: 9, minutes: 9000 }, bounds), { room: "yard", start: 1030 });
});

test("the same arrow walks, or carries what is held, or stretches it with Shift", () => {
  assert.deepEqual(command({ ...plain, key: "ArrowDown" }, false), { type: "walk", to: "down" });
  assert.deepEqual(command({ ...plain, key: "ArrowDown" }, true), { type: "step", rooms: 0, minutes: 1 });
  assert.deepEqual(command({ ...plain, key: "ArrowLeft" }, true), { type: "step", rooms: -1, minutes: 0 });
  assert.deepEqual(command({ ...plain, key: "ArrowUp", shiftKey: true }, true), { type: "stretch", by: -1 });
});

test("where rooms are rows, the arrows lead where they point", () => {
  assert.deepEqual(command({ ...plain, key: "ArrowDown" }, false, true), { type: "walk", to: "right" });
  assert.deepEqual(command({ ...plain, key: "ArrowDown" }, true, true), { type: "step", rooms: 1, minutes: 0 });
  assert.deepEqual(command({ ...plain, key: "ArrowLeft" }, true, true), { type: "step", rooms: 0, minutes: -1 });
  assert.deepEqual(command({ ...plain, key: "ArrowLeft", shiftKey: true }, true, true), { type: "stretch", by: -1 });
});

test("keys that belong to the browser are left to it", () => {
  assert.equal(command({ ...plain, key: "ArrowDown", altKey: true }, false), null);
  assert.equal(command({ ...plain, key: "m", ctrlKey: true }, false), null);
  assert.equal(command({ ...plain, key: "Tab" }, true), null);
});

const spots: Spot[] = [
  { id: "a", column: 0, start: 600, end: 650 },
  { id: "b", column: 0, start: 660, end: 690 },
  { id: "c", column: 2, start: 540, end: 600 },
  { id: "d", column: 2, start: 655, end: 700 },
];

test("arrows walk to the neighbours, over rooms that are empty, and stop at the edges", () => {
  assert.equal(walk(spots, "a", "down"), "b");
  assert.equal(walk(spots, "b", "up"), "a");
  assert.equal(walk(spots, "b", "down"), "b");
  assert.equal(walk(spots, "b", "right"), "d");
  assert.equal(walk(spots, "a", "right"), "c");
  assert.equal(walk(spots, "d", "left"), "b");
  assert.equal(walk(spots, "a", "left"), "a");
  assert.equal(walk(spots, "a", "last"), "b");
  assert.equal(walk(spots, null, "down"), "a");
  assert.equal(walk([], null, "down"), null);
});

test("every session can be reached by arrows from every other", () => {
  const reached = new Set(["a"]);
  for (const id of reached) {
    for (const to of ["up", "down", "left", "right"] as const) reached.add(walk(spots, id, to)!);
  }
  assert.equal(reached.size, spots.length);
});

test("an arrow runs from edge to edge and never over what it points at", () => {
  const from = { left: 0, top: 0, width: 90, height: 40 };
  const to = { left: 200, top: 100, width: 90, height: 40 };
  assert.match(cross(from, to), /^M90 20C.* 193 120$/);
  assert.match(cross(to, from), /^M200 120C.* 97 20$/);
  assert.match(stay(from, { ...from, top: 100 })!, /^M45 40C.* 45 93$/);
  assert.match(stay({ ...from, top: 100 }, from)!, /^M45 100C.* 45 47$/);
});

test("what stands side by side in one room needs no arrow", () => {
  const from = { left: 0, top: 0, width: 45, height: 40 };
  assert.equal(stay(from, { ...from, left: 45, top: 20 }), null);
});
