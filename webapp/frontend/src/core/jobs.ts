/** Batch jobs as the editor asks for them and shows what comes of them. */

import { minuteOf, timeOf, type Clock } from "./clock.ts";
import { roomText, type Frame, type Session } from "./model.ts";
import type { EditWire, JobRequest, JobWire, RepairMoveWire, RepairWire } from "./wire.ts";
import { count, durationText, seconds } from "./words.ts";

/** What can be asked for on the grid; other hours and a new feed have pages of their own. */
export const TITLES = {
  shift: "Shift sessions",
  close: "Close a room",
  delay: "A room runs late",
  place: "Place what is unplaced",
  improve: "Improve what is there",
  rebuild: "Place everything anew",
} as const;
export type JobKind = keyof typeof TITLES;

/** The form of a job, filled in as far as it is known where it was opened. */
export interface Order {
  kind: JobKind;
  /** `shift` */
  sessions: readonly string[];
  /** `shift`, where negative is earlier, and `delay` */
  minutes: number;
  /** `shift`: whether others make room */
  repair: boolean;
  /** `close` and `delay` */
  room: string;
  /** `close`: the day and the times between which; `delay`: the moment as of which */
  date: string;
  from: string;
  to: string;
  /** `improve` */
  budget: number;
  seconds: number;
}

const SECONDS: Record<JobKind, number> = { shift: 10, close: 20, delay: 10, place: 30, improve: 60, rebuild: 60 };

/** An order with everything that was not said filled in for the day. */
export function ordered(frame: Frame, day: number, now: number, said: Partial<Order> & { kind: JobKind }): Order {
  const { date = "", start = 0, end = 60 } = frame.days[day] ?? {};
  const seen = now >= start && now < end ? now : start;
  const from = frame.clock.text(said.kind === "delay" ? seen : start);
  const blank = { sessions: [], minutes: 15, repair: true, room: frame.rooms[0]?.id ?? "", date, from };
  return { ...blank, to: frame.clock.text(end), budget: 10, seconds: SECONDS[said.kind], ...said };
}

/** What is sent for an order; null if the clocks skip one of its times. */
export function requestOf(order: Order, frame: Frame, expectedVersion: number): JobRequest | null {
  const parameters = parametersOf(order, frame);
  return parameters && { kind: order.kind, expectedVersion, parameters, timeLimit: order.seconds };
}

function parametersOf(order: Order, { clock }: Frame): Record<string, unknown> | null {
  const { kind, room, minutes, sessions, repair, budget } = order;
  const from = moment(clock, order.date, order.from);
  switch (kind) {
    case "shift":
      return { select: { sessions: [...sessions] }, minutes, repair };
    case "close": {
      // A night programme ends on the next day.
      const to = moment(clock, order.date, order.to, timeOf(order.to) <= timeOf(order.from) ? 1440 : 0);
      return from === null || to === null ? null : { room, from, to };
    }
    case "delay":
      return from === null ? null : { room, minutes, at: from };
    case "improve":
      return { budget };
    case "place":
    case "rebuild":
      return {};
  }
}

function moment(clock: Clock, date: string, time: string, later = 0): string | null {
  const minute = clock.minute(date, timeOf(time) + later);
  return minute === null ? null : clock.iso(minute);
}

/** What a job is about: `Great Hall is 15 min late` */
export function titleOf(kind: string, parameters: Record<string, unknown>, frame: Frame): string {
  const room = typeof parameters.room === "string" ? roomText(frame, parameters.room) : "Everything";
  const minutes = Number(parameters.minutes ?? 0);
  switch (kind) {
    case "shift":
      return `Shift by ${minutes < 0 ? "−" : ""}${durationText(Math.abs(minutes))}`;
    case "close":
      return `${room} is closed`;
    case "delay":
      return `${room} is ${durationText(minutes)} late`;
    case "place":
    case "improve":
    case "rebuild":
      return TITLES[kind];
    case "rehours":
      return "Other opening hours";
    case "import":
      return "A new feed";
    default:
      return kind;
  }
}

export function isUnfinished(job: JobWire): boolean {
  return job.state === "requested" || job.state === "running";
}

/** How far a job is, or what came of it, in a sentence. */
export function jobText(job: JobWire): string {
  const { objective, bound, engine } = job.progress;
  const unit = (number: number) => (engine === "plan" ? count(number, "point") : count(number, "move"));
  const best = objective === null ? "nothing yet" : `${unit(objective)}, at least ${bound ?? 0}`;
  switch (job.state) {
    case "requested":
      return "Waiting for a worker…";
    case "running":
      return `${seconds(job.progress.seconds)} of ${Math.round(job.timeLimit)} s: ${best}.`;
    case "proposed":
      return resultText(job);
    default:
      return job.error ?? `The job is ${job.state}.`;
  }
}

const RESULTS: Record<string, string> = {
  nothing_to_repair: "Nothing else has to move.",
  proved_minimal: "Proved minimal.",
  proved_moved: "The fewest moves, proved; the least shift is not.",
  best_found: "The best found in this time.",
  as_asked: "As asked, and nothing else.",
  complete: "Everything has a place.",
  partial: "Not everything has a place.",
  infeasible: "It cannot be done.",
  question: "A question first.",
};

function resultText({ result, changes }: JobWire): string {
  const said = RESULTS[result?.status ?? ""] ?? "";
  return `${said} ${changes?.length ? count(changes.length, "change") : "No changes"}.`.trim();
}

/** The job's changes as a repair, to be shown on the grid; null as long as there are none. */
export function repairOf(job: JobWire, sessions: ReadonlyMap<string, Session>, clock: Clock): RepairWire | null {
  const changes = job.changes ?? [];
  if (job.state !== "proposed" || changes.length === 0) return null;
  const moves = changes.flatMap((change) => moveOf(change, sessions, clock));
  return { moves, moved: moves.length, price: 0, proved: "no", changes };
}

function moveOf(change: EditWire, sessions: ReadonlyMap<string, Session>, clock: Clock): RepairMoveWire[] {
  if (change.op !== "move") return [];
  const place = sessions.get(change.session)?.place ?? null;
  const from = place && { room: place.room, start: clock.iso(place.start) };
  const room = change.room ?? from?.room;
  const start = change.start ?? from?.start;
  return room && start ? [{ session: change.session, from, to: { room, start } }] : [];
}

/** What else the changes do, one line each: what is not a move. */
export function otherLines(changes: readonly EditWire[], frame: Frame, title: (session: string) => string): string[] {
  const times = (from: string, to: string) => [from, to].map((iso) => frame.clock.text(minuteOf(iso))).join("–");
  return changes.flatMap((change) => {
    switch (change.op) {
      case "unplace":
        return [`${title(change.session)} loses its place`];
      case "resize":
        return [`${title(change.session)} lasts ${change.minutes} min`];
      case "close_room":
        return [`${roomText(frame, change.room)} is closed, ${times(change.from, change.to)}`];
      case "person_unavailable":
        return [`${frame.person.get(change.person) ?? change.person} cannot come, ${times(change.from, change.to)}`];
      case "set_audience":
        return [`${title(change.session)} expects ${change.audience ?? "nobody knows how many"}`];
      default:
        return [];
    }
  });
}
