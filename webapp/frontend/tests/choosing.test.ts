import assert from "node:assert/strict";
import { test } from "node:test";
import { spanned, touches } from "../src/core/box.ts";
import { costAt, costMark, costText, costTone, readStretch } from "../src/core/costs.ts";
import { matching, typedTime } from "../src/core/palette.ts";
import { minuteOf } from "../src/core/clock.ts";
import type { StretchWire } from "../src/core/wire.ts";
import { at } from "./samples.ts";

function stretch(verdict: StretchWire["verdict"], others: number | null, message?: string) {
  const reasons = message ? [{ rule: "room_closed", sessions: ["a"], from: "", to: "", message }] : [];
  return readStretch({ room: "hall", from: at("1", "10:00"), to: at("1", "11:00"), verdict, others, reasons });
}

test("a box touches what it covers in part, and not what only lies beside it", () => {
  const box = spanned({ x: 50, y: 80 }, { x: 10, y: 20 });
  assert.deepEqual(box, { left: 10, top: 20, width: 40, height: 60 });
  assert.ok(touches(box, { left: 49, top: 79, width: 100, height: 100 }));
  assert.ok(!touches(box, { left: 50, top: 20, width: 100, height: 100 }));
  assert.ok(!touches(box, { left: 10, top: 80, width: 10, height: 10 }));
});

test("a place costs what its stretch says, from the first start until before the last", () => {
  const known = [stretch("proved", 2)];
  assert.equal(costAt(known, { room: "hall", start: minuteOf(at("1", "10:00")) })?.others, 2);
  assert.equal(costAt(known, { room: "hall", start: minuteOf(at("1", "11:00")) }), null);
  assert.equal(costAt(known, { room: "attic", start: minuteOf(at("1", "10:00")) }), null);
});

test("a cost is said in words that promise no more than was proved", () => {
  const said = (one: ReturnType<typeof stretch>) => [costText(one), costMark(one), costTone(one)];
  assert.deepEqual(said(stretch("proved", 0)), ["Free", "", "free"]);
  assert.deepEqual(said(stretch("proved", 1)), ["1 other must move, proved", "1", "few"]);
  assert.deepEqual(said(stretch("more_than", 2)), ["More than 2 others would have to move", ">2", "many"]);
  assert.deepEqual(said(stretch("barred", null, "The room is closed")), ["The room is closed", "–", "never"]);
  assert.deepEqual(said(stretch("no_repair", null)), ["No repair would help here", "–", "never"]);
});

test("the palette finds every word wherever it stands, without case and accents, and beginnings first", () => {
  const offers = ["Types for the tired", "The state of types", "René on Rust"].map((text) => ({
    kind: "Session",
    text,
    run: () => undefined,
  }));
  const found = (typed: string) => matching(offers, typed).map(({ text }) => text);
  assert.deepEqual(found("types"), ["Types for the tired", "The state of types"]);
  assert.deepEqual(found("RENE rust"), ["René on Rust"]);
  assert.deepEqual(found("session tired"), ["Types for the tired"]);
  assert.deepEqual(found("nothing"), []);
});

test("a time is a time only when it is whole", () => {
  assert.deepEqual(["14:30", "9.15", "0905", "24:00", "14:7", "9", "talk 14:30"].map(typedTime), [
    870,
    555,
    545,
    null,
    null,
    null,
    null,
  ]);
});
