import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock, dateText, minuteOf, shiftTo } from "../src/core/clock.ts";
import { randomness } from "./samples.ts";

const brussels = new Clock("Europe/Brussels");

test("a minute is told in conference time, whatever the reader's zone", () => {
  const minute = minuteOf("2025-02-01T09:05:00+01:00");
  assert.deepEqual(brussels.local(minute), { date: "2025-02-01", time: 9 * 60 + 5 });
  assert.equal(brussels.text(minute), "09:05");
  assert.equal(brussels.iso(minute), "2025-02-01T09:05+01:00");
  assert.equal(new Clock("Asia/Kolkata").iso(minute), "2025-02-01T13:35+05:30");
  assert.equal(new Clock("America/St_Johns").iso(minute), "2025-02-01T04:35-03:30");
});

test("summer time begins: the hour that is skipped has no minute", () => {
  assert.equal(brussels.minute("2025-03-30", 2 * 60 + 30), null);
  assert.equal(brussels.minute("2025-03-30", 3 * 60), minuteOf("2025-03-30T03:00+02:00"));
  assert.equal(brussels.minute("2025-03-30", 60 + 55), minuteOf("2025-03-30T01:55+01:00"));
});

test("summer time ends: of the hour that comes twice the earlier one is meant", () => {
  assert.equal(brussels.minute("2025-10-26", 2 * 60 + 30), minuteOf("2025-10-26T02:30+02:00"));
  assert.equal(brussels.text(minuteOf("2025-10-26T02:30+01:00")), "02:30");
});

test("minutes after midnight count on from the day before", () => {
  assert.equal(brussels.minute("2025-02-01", 25 * 60), minuteOf("2025-02-02T01:00+01:00"));
});

test("a minute snaps to the grid of local time, not of UTC", () => {
  const kathmandu = new Clock("Asia/Kathmandu");
  const minute = minuteOf("2025-02-01T10:47+05:45");
  assert.equal(kathmandu.text(kathmandu.snap(minute, 30)), "10:30");
  assert.equal(kathmandu.text(kathmandu.snap(minute + 0.9, 5)), "10:45");
});

test("local time and back is the same minute, for random minutes in many zones", () => {
  const random = randomness(7);
  for (const zone of ["Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]) {
    const clock = new Clock(zone);
    for (let round = 0; round < 300; round += 1) {
      const minute = minuteOf("2025-01-01T00:00Z") + Math.floor(random() * 525_600);
      assert.equal(minuteOf(clock.iso(minute)), minute);
      const { date, time } = clock.local(minute);
      const back = clock.minute(date, time);
      // In the repeated hour the earlier one is meant: the two differ by the clock change alone.
      assert.ok(back !== null && (back === minute || clock.offset(back) > clock.offset(minute)), `${zone} ${minute}`);
    }
  }
});

test("dates are told with their weekday", () => {
  assert.equal(dateText("2025-02-01"), "Saturday 1 February");
  assert.equal(dateText("2025-02-01", "short"), "Sat 1 Feb");
});

test("a clock that is a minute or so off is let be, a wrong one is put right", () => {
  assert.equal(shiftTo(1000, 1000.9), 0);
  assert.equal(shiftTo(1000, 1001.5), 0);
  assert.equal(shiftTo(1000, 999.8), 0);
  assert.equal(shiftTo(1000, 940.25), 59.75);
  assert.equal(shiftTo(1000, 1120.5), -120.5);
});
