/** A conference's wall clock: minutes since 1970-01-01T00:00Z on one side, local dates and times on the other. */

import { say } from "./language.ts";

export type Minute = number;

export interface Local {
  /** `2025-02-01` */
  date: string;
  /** Minutes since local midnight. */
  time: number;
}

const QUARTER = 15;

export function minuteOf(iso: string): Minute {
  return Math.floor(Date.parse(iso) / 60_000);
}

export function timeText(time: number): string {
  return `${String(Math.floor(time / 60)).padStart(2, "0")}:${String(time % 60).padStart(2, "0")}`;
}

export function timeOf(text: string): number {
  const [hours, minutes] = text.split(":");
  return Number(hours) * 60 + Number(minutes);
}

function dateMinute(date: string): Minute {
  return Date.parse(`${date}T00:00Z`) / 60_000;
}

/** What to add to a clock that stands at `wall`, minutes and parts of one, when it is minute `now`: nothing if it agrees. */
export function shiftTo(now: Minute, wall: number): number {
  return wall >= now - 0.5 && wall < now + 2 ? 0 : now - wall;
}

export class Clock {
  readonly timezone: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  constructor(timezone: string) {
    this.timezone = timezone;
    this.#format = new Intl.DateTimeFormat("en-GB", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
  }

  /** Minutes that the local time is ahead of UTC; zones change their clocks on a quarter of an hour. */
  offset(minute: Minute): number {
    const quarter = Math.floor(minute / QUARTER);
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      offset = this.#measure(quarter * QUARTER);
      this.#offsets.set(quarter, offset);
    }
    return offset;
  }

  local(minute: Minute): Local {
    const shifted = minute + this.offset(minute);
    const day = Math.floor(shifted / 1440);
    return { date: new Date(day * 86_400_000).toISOString().slice(0, 10), time: shifted - day * 1440 };
  }

  /** `10:05` */
  text(minute: Minute): string {
    return timeText(this.local(minute).time);
  }

  /** `2025-02-01T10:05+01:00` */
  iso(minute: Minute): string {
    const { date, time } = this.local(minute);
    const offset = this.offset(minute);
    return `${date}T${timeText(time)}${offset < 0 ? "-" : "+"}${timeText(Math.abs(offset))}`;
  }

  /** The minute of a local time: the earlier one if it comes twice, null if the clocks skip it. */
  minute(date: string, time: number): Minute | null {
    const naive = dateMinute(date) + time;
    const offsets = new Set([this.offset(naive - 1440), this.offset(naive + 1440)]);
    const fitting = [...offsets].map((offset) => naive - offset).filter((m) => m + this.offset(m) === naive);
    return fitting.length ? Math.min(...fitting) : null;
  }

  /** The nearest minute at or before `minute` that lies on the grid of local time. */
  snap(minute: number, grid: number): Minute {
    const whole = Math.floor(minute);
    return whole - (this.local(whole).time % grid);
  }

  #measure(minute: Minute): number {
    const parts = new Map(this.#format.formatToParts(minute * 60_000).map((part) => [part.type, part.value]));
    const date = `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
    return dateMinute(date) + Number(parts.get("hour")) * 60 + Number(parts.get("minute")) - minute;
  }
}

/** `Saturday, 1 February` in the reader's language. */
export function dateText(date: string, style: "long" | "short" = "long"): string {
  const width = style === "long" ? "long" : "short";
  const options: Intl.DateTimeFormatOptions = { weekday: width, day: "numeric", month: width, timeZone: "UTC" };
  return new Intl.DateTimeFormat(say.locale, options).format(new Date(`${date}T00:00Z`));
}
