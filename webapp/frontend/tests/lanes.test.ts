import assert from "node:assert/strict";
import { test } from "node:test";
import { lanes, type Span } from "../src/core/lanes.ts";
import { randomness } from "./samples.ts";

test("sessions that follow one another stand in one lane each, alone", () => {
  const found = lanes([
    { id: "a", start: 0, end: 30 },
    { id: "b", start: 30, end: 60 },
  ]);
  assert.deepEqual(found.get("a"), { index: 0, count: 1 });
  assert.deepEqual(found.get("b"), { index: 0, count: 1 });
});

test("a double booking stands side by side, and only the cluster it is in", () => {
  const found = lanes([
    { id: "a", start: 0, end: 60 },
    { id: "b", start: 30, end: 50 },
    { id: "c", start: 50, end: 80 },
    { id: "d", start: 90, end: 100 },
  ]);
  assert.deepEqual(found.get("a"), { index: 0, count: 2 });
  assert.deepEqual(found.get("b"), { index: 1, count: 2 });
  assert.deepEqual(found.get("c"), { index: 1, count: 2 });
  assert.deepEqual(found.get("d"), { index: 0, count: 1 });
});

test("same start and same length are two lanes", () => {
  const found = lanes([
    { id: "a", start: 0, end: 60 },
    { id: "b", start: 0, end: 60 },
  ]);
  assert.notEqual(found.get("a")?.index, found.get("b")?.index);
});

test("no two overlapping sessions ever share a lane, and no lane is empty", () => {
  const random = randomness(11);
  for (let round = 0; round < 200; round += 1) {
    const spans: Span[] = Array.from({ length: 12 }, (_, index) => {
      const start = Math.floor(random() * 100);
      return { id: String(index), start, end: start + 1 + Math.floor(random() * 30) };
    });
    const found = lanes(spans);
    for (const a of spans) {
      const lane = found.get(a.id)!;
      assert.ok(lane.index < lane.count);
      for (const b of spans) {
        if (a === b || a.end <= b.start || b.end <= a.start) continue;
        assert.notEqual(lane.index, found.get(b.id)!.index);
        assert.equal(lane.count, found.get(b.id)!.count);
      }
    }
    const busiest = Math.max(...spans.map((a) => spans.filter((b) => b.start <= a.start && a.start < b.end).length));
    assert.equal(Math.max(...[...found.values()].map(({ count }) => count)), busiest);
  }
});
