import assert from "node:assert/strict";
import { test } from "node:test";
import { alternativesOf, fatesOf } from "../src/core/alternatives.ts";
import { minuteOf } from "../src/core/clock.ts";
import { readSnapshot } from "../src/core/model.ts";
import type { RepairWire } from "../src/core/wire.ts";
import { at, schedule } from "./samples.ts";

const sessions = new Map(readSnapshot(schedule()).sessions.map((one) => [one.id, one]));

function repair(...moves: [string, string, string][]): RepairWire {
  const told = moves.map(([session, room, time]) => ({ session, from: null, to: { room, start: at("1", time) } }));
  return { moves: told, moved: told.length, price: 0, proved: "moved", changes: [] };
}

const repairs = [repair(["b", "hall", "11:30"]), repair(["c", "yard", "10:30"], ["b", "attic", "13:00"])];

test("each repair says how far and whom it moves", () => {
  assert.deepEqual(alternativesOf(sessions, repairs), [
    { rooms: 0, farthest: 30, people: ["ada"] },
    { rooms: 2, farthest: 120, people: ["ada"] },
  ]);
  assert.deepEqual(alternativesOf(sessions, [repair()]), [{ rooms: 0, farthest: 0, people: [] }]);
});

test("every session that moves in any of them says where it goes in each", () => {
  const place = (room: string, time: string) => ({ room, start: minuteOf(at("1", time)) });
  assert.deepEqual(fatesOf(sessions, repairs), [
    { session: "b", from: place("hall", "11:00"), to: [place("hall", "11:30"), place("attic", "13:00")] },
    { session: "c", from: place("attic", "10:30"), to: [null, place("yard", "10:30")] },
  ]);
});
