/** A small conference that most tests use: two days, three rooms, a night programme, everything readable. */

import type { EventWire, ScheduleWire, SessionWire, ValuesWire } from "../src/core/wire.ts";

const ZONE = "+01:00";

/** `at("1", "10:00")` is ten o'clock on 1 February 2025 in Brussels. */
export function at(day: string, time: string): string {
  return `2025-02-0${day}T${time}${ZONE}`;
}

export function session(id: string, minutes: number, room: string | null, start: string | null): SessionWire {
  const end = start === null ? null : new Date(Date.parse(start) + minutes * 60_000).toISOString();
  return {
    sessionId: id,
    title: `Talk ${id}`,
    minutes,
    track: null,
    speakerIds: ["ada"],
    roomId: room,
    startTime: start,
    endTime: end,
    pinned: false,
  };
}

export function schedule(changes: Partial<ScheduleWire> = {}): ScheduleWire {
  return {
    scheduleId: "6f7a3c52-0000-4000-8000-000000000001",
    slug: "small",
    version: 3,
    publishedVersion: 2,
    status: "ready_to_publish",
    lastSeq: 10,
    conference: {
      name: "Small Conference",
      timezone: "Europe/Brussels",
      gridMinutes: 5,
      days: [
        { date: "2025-02-01", start: at("1", "09:00"), end: at("1", "17:30") },
        { date: "2025-02-02", start: at("2", "10:00"), end: at("3", "01:00") },
      ],
    },
    rooms: [
      { id: "hall", name: "Great Hall", capacity: 500, closed: [{ from: at("1", "12:00"), to: at("1", "13:00") }] },
      { id: "attic", name: "Attic", capacity: 40 },
      { id: "yard" },
    ],
    people: [{ id: "ada", name: "Ada Lovelace" }],
    sessions: [
      session("a", 50, "hall", at("1", "10:00")),
      session("b", 25, "hall", at("1", "11:00")),
      session("c", 50, "attic", at("1", "10:30")),
      session("night", 60, "attic", at("2", "23:30")),
      session("free", 20, null, null),
    ],
    ...changes,
  };
}

let nextEvent = 0;

/** An event of the draft's log. */
export function updated(seq: number, id: string, values: ValuesWire): EventWire {
  return { ...event(seq, "schedule.updated"), resource: "session", resourceId: id, values };
}

export function event(seq: number, type: string, extra: Partial<EventWire> = {}): EventWire {
  nextEvent += 1;
  const time = new Date(1_735_689_600_000 + nextEvent * 1000).toISOString();
  return { seq, type, time, scheduleId: "6f7a3c52-0000-4000-8000-000000000001", version: 4, ...extra };
}

/** A small repeatable stream of random numbers from 0 to 1. */
export function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
