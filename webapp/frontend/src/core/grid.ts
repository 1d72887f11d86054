/** Where things lie on the grid: minutes and rooms on one side, pixels on the other. */

import type { Minute } from "./clock.ts";
import { dayIndex, type Frame, type Interval, type Placement, type Session } from "./model.ts";

export interface Scale {
  /** Pixels for one minute. */
  minute: number;
  /** Pixels for one room. */
  column: number;
}

export const ZOOMS: readonly Scale[] = [
  { minute: 1, column: 128 },
  { minute: 1.5, column: 152 },
  { minute: 2, column: 176 },
  { minute: 3, column: 208 },
  { minute: 4.5, column: 256 },
];

export interface Axis extends Interval {
  hours: readonly { minute: Minute; text: string }[];
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A day's stretch of the grid: its hours and whatever is placed outside them, widened to whole hours. */
export function axisOf(frame: Frame, day: number, sessions: Iterable<Session>): Axis {
  const { start, end } = frame.days[day] ?? { start: 0, end: 60 };
  let first = start;
  let last = end;
  for (const session of sessions) {
    if (!session.place || dayIndex(frame.days, session.place.start) !== day) continue;
    first = Math.min(first, session.place.start);
    last = Math.max(last, session.place.start + session.minutes);
  }
  first = frame.clock.snap(first, 60);
  last = frame.clock.snap(last + 59, 60);
  const hours = Array.from({ length: Math.floor((last - first) / 60) + 1 }, (_, index) => first + index * 60);
  return { start: first, end: last, hours: hours.map((minute) => ({ minute, text: frame.clock.text(minute) })) };
}

/** The placement under a point of the plane, kept inside it; `grab` is how far below its top the session is held. */
export function placeAt(
  frame: Frame,
  axis: Axis,
  scale: Scale,
  point: { x: number; y: number; grab: number; minutes: number },
): Placement {
  const column = Math.min(Math.max(Math.floor(point.x / scale.column), 0), frame.rooms.length - 1);
  const wanted = axis.start + (point.y - point.grab) / scale.minute + frame.grid / 2;
  const latest = Math.max(axis.end - point.minutes, axis.start);
  const start = frame.clock.snap(Math.min(Math.max(wanted, axis.start), latest), frame.grid);
  return { room: frame.rooms[column]?.id ?? "", start };
}

export function boxOf(frame: Frame, axis: Axis, scale: Scale, place: Placement, minutes: number): Box {
  const column = frame.rooms.findIndex((room) => room.id === place.room);
  return {
    left: column * scale.column,
    top: (place.start - axis.start) * scale.minute,
    width: scale.column,
    height: minutes * scale.minute,
  };
}

/** The stretches of a day in which a room takes no session. */
export function shut(frame: Frame, axis: Axis, day: number, room: number): Interval[] {
  const hours = frame.days[day];
  const outside = hours
    ? [
        { start: axis.start, end: hours.start },
        { start: hours.end, end: axis.end },
      ]
    : [];
  const closed = frame.rooms[room]?.closed ?? [];
  return [...outside, ...closed]
    .map(({ start, end }) => ({ start: Math.max(start, axis.start), end: Math.min(end, axis.end) }))
    .filter(({ start, end }) => start < end);
}

/** How fast to scroll, in pixels a frame, for a pointer near an edge of the window onto the grid. */
export function edgeSpeed(position: number, low: number, high: number, zone = 48): number {
  if (position < low + zone) return -Math.ceil(Math.min(low + zone - position, zone) / 4);
  if (position > high - zone) return Math.ceil(Math.min(position - high + zone, zone) / 4);
  return 0;
}
