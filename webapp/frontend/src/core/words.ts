/** What the pages say: counts, rules, statuses and proofs in plain words. */

import type { AnswerWire, RelaxationWire, RepairWire, SaveWire, Status } from "./wire.ts";

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

const RULES: Record<string, string> = {
  room_overlap: "Room used twice",
  turnover: "Too little time between sessions",
  speaker_overlap: "Speaker in two places",
  travel: "Too little time to walk over",
  speaker_unavailable: "Speaker not available",
  room_closed: "Room closed",
  outside_hours: "Outside opening hours",
  room_too_small: "Room too small",
  room_lacks_feature: "Room lacks equipment",
  apart_overlap: "Must not run at the same time",
  order: "Wrong order",
  off_grid: "Off the time grid",
};

export function ruleText(rule: string): string {
  return RULES[rule] ?? rule.replaceAll("_", " ");
}

const MOMENT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const STATUSES: Record<Status, string> = {
  draft: "Draft",
  conflicted: "Has conflicts",
  ready_to_publish: "Ready to publish",
  published: "Published",
};

export function statusText(status: Status): string {
  return STATUSES[status];
}

/** `3 Feb, 14:05`, in the reader's own time. */
export function momentText(iso: string): string {
  return MOMENT.format(new Date(iso));
}

/** `2 moves · 35 min`: how many sessions move, and how far in all. */
export function repairText(repair: RepairWire): string {
  return `${count(repair.moved, "move")} · ${durationText(repair.price)}`;
}

/** What is proved of one repair, in the company of the whole answer. */
export function proofText(answer: AnswerWire, index: number): string {
  const repair = answer.repairs[index];
  if (!repair) return "";
  if (repair.proved === "moved+price") return index === 0 ? "proved minimal" : "proved next best";
  if (repair.proved === "moved") return "fewest moves proved, least shift not";
  if (index > 0) return "another way, nothing proved";
  const bound = answer.movedLowerBound ?? 0;
  return bound >= repair.moved ? "best found" : `best found, at least ${count(bound, "move")} needed`;
}

/** One sentence over the list of repairs. */
export function answerText(answer: AnswerWire): string {
  switch (answer.status) {
    case "nothing_to_repair":
      return "Nothing is broken.";
    case "infeasible":
      return "No repair exists. This cannot hold together:";
    case "unknown":
      return `No repair was found in ${seconds(answer.seconds)}; there may still be one.`;
    default:
      return `${count(answer.repairs.length, "repair")} found in ${seconds(answer.seconds)}.`;
  }
}

/** Whether a save that came too late would still do. */
export function worthText({ stillValid, notValidBecause }: SaveWire): string {
  if (stillValid === undefined) return "";
  return stillValid ? "Your edit would still do." : `Your edit would not do any more: ${notValidBecause ?? "see below"}.`;
}

const HELP = "This would help: ";

/** The reasons why there is no repair, without what would help, which the answer tells by itself. */
export function factsOf(reasons: readonly string[]): string[] {
  return reasons.filter((reason) => !reason.startsWith(HELP));
}

/** What the repair would be that a change of a fact makes possible. */
export function relaxationText({ moved, price }: RelaxationWire): string {
  return moved === 0 ? "then nothing is broken" : `then ${count(moved, "move")} · ${durationText(price)}`;
}

export function seconds(value: number): string {
  return value < 1 ? `${Math.max(1, Math.round(value * 1000))} ms` : `${value.toFixed(1)} s`;
}

/** `in 5 min`, `in 2 h 10 min` */
export function durationText(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return `${rest} min`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}
