/** Where things lie on the grid: minutes and rooms on one side, pixels on the other. */

import type { Minute } from "./clock.ts";
import { dayIndex, type Frame, type Interval, type Placement, type Session } from "./model.ts";

export interface Scale {
  /** Pixels for one minute. */
  minute: number;
  /** Pixels for one room. */
  column: number;
  /** Whether time goes across and rooms go down. */
  turned?: boolean;
}

export const ZOOMS: readonly Scale[] = [
  { minute: 1, column: 128 },
  { minute: 1.5, column: 152 },
  { minute: 2, column: 176 },
  { minute: 3, column: 208 },
  { minute: 4.5, column: 256 },
];

/** The same with rooms as rows: a title wants width, so minutes are wider and rooms lower. */
export const TURNED: readonly Scale[] = [
  { minute: 2, column: 46, turned: true },
  { minute: 3, column: 54, turned: true },
  { minute: 4, column: 62, turned: true },
  { minute: 5.5, column: 70, turned: true },
  { minute: 7.5, column: 86, turned: true },
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

/** The placement under a point of the plane, kept inside it; `grab` is how far from its beginning the session is held. */
export function placeAt(
  frame: Frame,
  axis: Axis,
  scale: Scale,
  point: { x: number; y: number; grab: number; minutes: number },
): Placement {
  const [across, along] = scale.turned ? [point.y, point.x] : [point.x, point.y];
  const column = Math.min(Math.max(Math.floor(across / scale.column), 0), frame.rooms.length - 1);
  const wanted = axis.start + (along - point.grab) / scale.minute + frame.grid / 2;
  const latest = Math.max(axis.end - point.minutes, axis.start);
  const start = frame.clock.snap(Math.min(Math.max(wanted, axis.start), latest), frame.grid);
  return { room: frame.rooms[column]?.id ?? "", start };
}

export function boxOf(frame: Frame, axis: Axis, scale: Scale, place: Placement, minutes: number): Box {
  const column = frame.rooms.findIndex((room) => room.id === place.room);
  const box = {
    left: column * scale.column,
    top: (place.start - axis.start) * scale.minute,
    width: scale.column,
    height: minutes * scale.minute,
  };
  return scale.turned ? transposed(box) : box;
}

/** The box with what goes across and what goes down exchanged. */
export function transposed({ left, top, width, height }: Box): Box {
  return { left: top, top: left, width: height, height: width };
}

/** A room that is told together with those beside it that are in the same building. */
export interface Band {
  building: string;
  /** Of the first room, and how many there are. */
  index: number;
  count: number;
}

/** The frame with the rooms of a building beside one another, in the order in which the buildings first come. */
export function byBuilding(frame: Frame): Frame {
  const order = [...new Set(frame.rooms.map(({ building }) => building))];
  const rooms = [...frame.rooms].sort((a, b) => order.indexOf(a.building) - order.indexOf(b.building));
  return { ...frame, rooms };
}

/** The buildings over the rooms of a frame by building; none where there is only one. */
export function bandsOf(frame: Frame): Band[] {
  const bands: Band[] = [];
  frame.rooms.forEach(({ building }, index) => {
    const last = bands.at(-1);
    if (last && last.building === (building ?? "")) last.count += 1;
    else bands.push({ building: building ?? "", index, count: 1 });
  });
  return bands.length > 1 ? bands : [];
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
