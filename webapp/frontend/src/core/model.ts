/** The schedule as the islands think of it: whole minutes, labels filled in, rooms and days in order. */

import { Clock, minuteOf, type Minute } from "./clock.ts";
import type { IntervalWire, ScheduleWire, SessionWire, Status, ValuesWire } from "./wire.ts";

export interface Interval {
  start: Minute;
  end: Minute;
}

export interface Room {
  id: string;
  label: string;
  building: string | null;
  capacity: number | null;
  closed: readonly Interval[];
}

export interface Day extends Interval {
  date: string;
}

export interface Placement {
  room: string;
  start: Minute;
}

export interface Session {
  id: string;
  title: string;
  minutes: number;
  track: string | null;
  speakers: readonly string[];
  pinned: boolean;
  audience: number | null;
  place: Placement | null;
}

/** Everything that does not change when sessions move. */
export interface Frame {
  scheduleId: string;
  slug: string;
  name: string;
  clock: Clock;
  grid: number;
  days: readonly Day[];
  rooms: readonly Room[];
  room: ReadonlyMap<string, Room>;
  person: ReadonlyMap<string, string>;
  /** When people cannot come; editors are told. */
  unavailable: ReadonlyMap<string, readonly Interval[]>;
  tracks: readonly string[];
}

export interface Standing {
  version: number;
  publishedVersion: number | null;
  status: Status;
  seq: number;
  /** When attendees were last told something, and when conflicts were last brought in line with the placements. */
  broadcastAt: string | null;
  syncAt: string | null;
}

export interface Snapshot {
  frame: Frame;
  standing: Standing;
  sessions: Session[];
}

export function readSnapshot(wire: ScheduleWire): Snapshot {
  const clock = new Clock(wire.conference.timezone);
  const rooms = wire.rooms.map((room) => ({
    id: room.id,
    label: room.name || room.id,
    building: room.building ?? null,
    capacity: room.capacity ?? null,
    closed: readIntervals(room.closed ?? []),
  }));
  const sessions = wire.sessions.map(readSession);
  const tracks = new Set(sessions.map((session) => session.track).filter((track) => track !== null));
  const frame: Frame = {
    scheduleId: wire.scheduleId,
    slug: wire.slug,
    name: wire.conference.name || wire.slug,
    clock,
    grid: wire.conference.gridMinutes,
    days: readDays(wire),
    rooms,
    room: new Map(rooms.map((room) => [room.id, room])),
    person: new Map(wire.people.map((person) => [person.id, person.name || person.id])),
    unavailable: new Map(wire.people.map(({ id, unavailable }) => [id, readIntervals(unavailable ?? [])])),
    tracks: [...tracks].sort((a, b) => a.localeCompare(b)),
  };
  return { frame, standing: readStanding(wire), sessions };
}

function readStanding(wire: ScheduleWire): Standing {
  const { version, publishedVersion, status, lastSeq, lastBroadcastAt = null, lastSyncAt = null } = wire;
  return { version, publishedVersion, status, seq: lastSeq, broadcastAt: lastBroadcastAt, syncAt: lastSyncAt };
}

function readSession(wire: SessionWire): Session {
  return {
    id: wire.sessionId,
    title: wire.title || wire.sessionId,
    minutes: wire.minutes,
    track: wire.track || null,
    speakers: wire.speakerIds,
    pinned: wire.pinned ?? false,
    audience: wire.audience ?? null,
    place: readPlace(wire.roomId, wire.startTime),
  };
}

/** Where a move of a repair begins or ends. */
export function placementOf({ room, start }: { room: string; start: string }): Placement {
  return { room, start: minuteOf(start) };
}

function readPlace(room: string | null, startTime: string | null): Placement | null {
  return room === null || startTime === null ? null : { room, start: minuteOf(startTime) };
}

/** The session with the values that an event names; without `minutes` its length follows the times. */
export function changed(session: Session, values: ValuesWire): Session {
  const room = values.roomId === undefined ? (session.place?.room ?? null) : values.roomId;
  const start = values.startTime === undefined ? (session.place?.start ?? null) : minuteOrNull(values.startTime);
  const place = room === null || start === null ? null : { room, start };
  const spanned = place && values.endTime ? minuteOf(values.endTime) - place.start : session.minutes;
  return {
    ...session,
    place,
    minutes: values.minutes ?? spanned,
    pinned: values.pinned ?? session.pinned,
    audience: values.audience === undefined ? session.audience : values.audience,
  };
}

function minuteOrNull(iso: string | null): Minute | null {
  return iso === null ? null : minuteOf(iso);
}

/** The frame with a room closed at other times. */
export function reclosed(frame: Frame, id: string, closed: readonly IntervalWire[]): Frame {
  const rooms = frame.rooms.map((room) => (room.id === id ? { ...room, closed: readIntervals(closed) } : room));
  return { ...frame, rooms, room: new Map(rooms.map((room) => [room.id, room])) };
}

/** The frame with a person who cannot come at other times. */
export function reavailable(frame: Frame, id: string, unavailable: readonly IntervalWire[]): Frame {
  return { ...frame, unavailable: new Map(frame.unavailable).set(id, readIntervals(unavailable)) };
}

function readIntervals(wire: readonly IntervalWire[]): Interval[] {
  return wire.map(({ from, to }) => ({ start: minuteOf(from), end: minuteOf(to) }));
}

function readDays(wire: ScheduleWire): Day[] {
  const days = wire.conference.days.map(({ date, start, end }) => ({ date, start: minuteOf(start), end: minuteOf(end) }));
  return days.sort((a, b) => a.start - b.start);
}

export function endOf(session: Session): Minute | null {
  return session.place && session.place.start + session.minutes;
}

/** The index of the day that a minute belongs to: the one that holds it, else the nearest. */
export function dayIndex(days: readonly Day[], minute: Minute): number {
  const distances = days.map((day) => Math.max(day.start - minute, minute - day.end + 1, 0));
  return distances.indexOf(Math.min(...distances));
}

/** Whether two minutes belong to one day of the conference, and not only to its nearest. */
export function sameDay(days: readonly Day[], a: Minute, b: Minute): boolean {
  return Math.abs(a - b) < 1440 && dayIndex(days, a) === dayIndex(days, b);
}

export function speakersText(frame: Frame, session: Session): string {
  return session.speakers.map((id) => frame.person.get(id) ?? id).join(", ");
}

/** `Janson` and `10:00–10:50`, the two halves of where a session is. */
export function spanText(frame: Frame, place: Placement, minutes: number): string {
  return `${frame.clock.text(place.start)}–${frame.clock.text(place.start + minutes)}`;
}

export function roomText(frame: Frame, id: string): string {
  return frame.room.get(id)?.label ?? id;
}

export function samePlace(a: Placement | null, b: Placement | null): boolean {
  return a === b || (a !== null && b !== null && a.room === b.room && a.start === b.start);
}

/** Same room, start and length. */
export function placedAlike(a: Session, b: Session): boolean {
  return a.minutes === b.minutes && samePlace(a.place, b.place);
}
