import assert from "node:assert/strict";
import { test } from "node:test";
import { minuteOf } from "../src/core/clock.ts";
import { axisOf, bandsOf, boxOf, byBuilding, edgeSpeed, placeAt, shut, transposed, TURNED } from "../src/core/grid.ts";
import { dayIndex, readSnapshot } from "../src/core/model.ts";
import { at, randomness, schedule, session } from "./samples.ts";

const { frame, sessions } = readSnapshot(schedule());
const scale = { minute: 2, column: 100 };
const axis = axisOf(frame, 0, sessions);

test("a day's axis covers its hours, rounded out to whole hours", () => {
  assert.equal(frame.clock.text(axis.start), "09:00");
  assert.equal(frame.clock.text(axis.end), "18:00");
  assert.equal(axis.hours.length, 10);
});

test("sessions outside the hours, and after midnight, are on the axis of their day", () => {
  const early = readSnapshot(schedule({ sessions: [session("early", 30, "hall", at("1", "07:40"))] }));
  assert.equal(early.frame.clock.text(axisOf(early.frame, 0, early.sessions).start), "07:00");
  assert.equal(dayIndex(frame.days, minuteOf(at("3", "00:15"))), 1);
  assert.equal(frame.clock.text(axisOf(frame, 1, sessions).end), "01:00");
});

test("a point is a room and a start on the grid, however the session is held", () => {
  const place = placeAt(frame, axis, scale, { x: 150, y: 2 * 62 + 20, grab: 20, minutes: 50 });
  assert.deepEqual(place, { room: "attic", start: minuteOf(at("1", "10:00")) });
});

test("a session cannot be carried out of the plane", () => {
  const beyond = placeAt(frame, axis, scale, { x: 5000, y: 50_000, grab: 0, minutes: 50 });
  assert.deepEqual(beyond, { room: "yard", start: minuteOf(at("1", "17:10")) });
  const before = placeAt(frame, axis, scale, { x: -50, y: -500, grab: 0, minutes: 50 });
  assert.deepEqual(before, { room: "hall", start: minuteOf(at("1", "09:00")) });
});

test("a card that is dropped where it lies stays where it is", () => {
  const random = randomness(5);
  for (let round = 0; round < 300; round += 1) {
    const minutes = 5 + Math.floor(random() * 24) * 5;
    const start = axis.start + 5 * Math.floor((random() * (axis.end - axis.start - minutes)) / 5);
    const place = { room: ["hall", "attic", "yard"][Math.floor(random() * 3)]!, start };
    const box = boxOf(frame, axis, scale, place, minutes);
    const grab = random() * box.height;
    const point = { x: box.left + random() * (box.width - 1), y: box.top + grab, grab, minutes };
    assert.deepEqual(placeAt(frame, axis, scale, point), place);
  }
});

test("closed times and the time outside the hours are shut, cut to the axis", () => {
  const texts = (room: number) =>
    shut(frame, axis, 0, room).map(({ start, end }) => `${frame.clock.text(start)}–${frame.clock.text(end)}`);
  assert.deepEqual(texts(0), ["17:30–18:00", "12:00–13:00"]);
  assert.deepEqual(texts(1), ["17:30–18:00"]);
});

test("the window moves faster the nearer the pointer is to its edge, and not in the middle", () => {
  assert.equal(edgeSpeed(500, 0, 1000), 0);
  assert.ok(edgeSpeed(990, 0, 1000) > edgeSpeed(960, 0, 1000));
  assert.ok(edgeSpeed(5, 0, 1000) < 0);
});

test("with rooms as rows, a place is where it is with time and rooms exchanged", () => {
  const turned = TURNED[2]!;
  const upright = { minute: turned.minute, column: turned.column };
  const place = { room: "attic", start: axis.start + 90 };
  assert.deepEqual(boxOf(frame, axis, turned, place, 50), transposed(boxOf(frame, axis, upright, place, 50)));
  const point = { x: 95 * turned.minute, y: turned.column + 5, grab: 5 * turned.minute, minutes: 50 };
  assert.deepEqual(placeAt(frame, axis, turned, point), place);
});

test("rooms of a building stand together, and one building alone is not named", () => {
  const rooms = [
    { id: "j1", building: "J" },
    { id: "k1", building: "K" },
    { id: "j2", building: "J" },
    { id: "tent" },
  ];
  const grouped = byBuilding(readSnapshot(schedule({ rooms })).frame);
  assert.deepEqual(grouped.rooms.map(({ id }) => id), ["j1", "j2", "k1", "tent"]);
  assert.deepEqual(bandsOf(grouped), [
    { building: "J", index: 0, count: 2 },
    { building: "K", index: 2, count: 1 },
    { building: "", index: 3, count: 1 },
  ]);
  assert.deepEqual(bandsOf(byBuilding(frame)), []);
});
