/** The other editors, as the server tells of them: who is here, what each has in hand, and where they carry it. */

import { minuteOf } from "./clock.ts";
import type { Placement } from "./model.ts";
import type { EditWire, RepairMoveWire, ViolationWire } from "./wire.ts";

export interface Person {
  clientId: string;
  editorId: string;
  name: string;
}

/** Somebody who is here, and what they look at. */
export interface Present extends Person {
  day?: string;
  sessionId?: string;
  selected?: string[];
}

export interface LockWire extends Person {
  sessionId: string;
  token: number;
  seconds: number;
}

/** A session in somebody's hand; `until` is when that lapses unless it is renewed, in milliseconds since 1970. */
export interface Lock extends LockWire {
  until: number;
}

/** Where somebody carries a session just now. */
export interface Carried {
  person: Person;
  session: string;
  place: Placement;
  minutes: number;
  broken: number;
}

export interface LockPolicy {
  mode: "advisory" | "required" | "off";
  leaseSeconds: number;
}

interface DragWire extends Person {
  sessionId: string;
  roomId: string;
  startTime: string;
  minutes: number;
  broken?: number;
}

/** Somebody's repair, shown because we asked. */
export interface PreviewWire extends Person {
  baseVersion: number;
  edits: EditWire[];
  moves: RepairMoveWire[];
}

/** What the server says on the editors' channel besides events. */
export type CompanyWire =
  | ({ type: "collab.welcome"; editors: Present[]; locks: LockWire[]; lockPolicy: LockPolicy } & Person)
  | ({ type: "presence.here" } & Present)
  | { type: "presence.gone"; clientId: string }
  | ({ type: "lock.granted" | "lock.refused" | "lock.held" } & LockWire)
  | { type: "lock.freed"; sessionId: string; token: number }
  | ({ type: "drag.moved" } & DragWire)
  | ({ type: "drag.ended"; sessionId: string } & Person)
  | { type: "check.result"; ref: string; version: number; violations: ViolationWire[] }
  | ({ type: "preview.asked" } & Person)
  | ({ type: "preview.shown" } & PreviewWire)
  | { type: "collab.error"; about: string; code: string; detail: string };

export interface Circle {
  others: ReadonlyMap<string, Present>;
  /** By session; those of our own page, too. */
  locks: ReadonlyMap<string, Lock>;
  /** By the page that carries. */
  carried: ReadonlyMap<string, Carried>;
  policy: LockPolicy;
}

export const NOBODY: Circle = {
  others: new Map(),
  locks: new Map(),
  carried: new Map(),
  policy: { mode: "advisory", leaseSeconds: 30 },
};

/** The circle after a message. */
export function heard(circle: Circle, message: CompanyWire, now: number): Circle {
  switch (message.type) {
    case "collab.welcome":
      return {
        others: new Map(message.editors.map((one) => [one.clientId, one])),
        locks: new Map(message.locks.map((one) => [one.sessionId, lockOf(one, now)])),
        carried: new Map(),
        policy: message.lockPolicy,
      };
    case "presence.here":
      return { ...circle, others: put(circle.others, message.clientId, message) };
    case "presence.gone":
      return {
        ...circle,
        others: without(circle.others, message.clientId),
        carried: without(circle.carried, message.clientId),
      };
    case "lock.granted":
    case "lock.refused":
    case "lock.held":
      return { ...circle, locks: put(circle.locks, message.sessionId, lockOf(message, now)) };
    case "lock.freed":
      // An older lock that is let go says nothing about the one that has come after it.
      if ((circle.locks.get(message.sessionId)?.token ?? 0) > message.token) return circle;
      return { ...circle, locks: without(circle.locks, message.sessionId) };
    case "drag.moved":
      return { ...circle, carried: put(circle.carried, message.clientId, carriedOf(message)) };
    case "drag.ended":
      return { ...circle, carried: without(circle.carried, message.clientId) };
    default:
      return circle;
  }
}

/** Whether a lock's holder has said nothing for so long that anybody may take over. */
export function silent(lock: Lock, now: number): boolean {
  return lock.until <= now;
}

/** Who looks at each session, or has chosen it among others. */
export function watchers(others: Iterable<Present>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const one of others) {
    for (const id of new Set([...(one.selected ?? []), ...(one.sessionId ? [one.sessionId] : [])])) {
      found.set(id, [...(found.get(id) ?? []), nameOf(one)]);
    }
  }
  return found;
}

export function nameOf(person: Pick<Person, "name">): string {
  return person.name || "Another editor";
}

function lockOf(lock: LockWire, now: number): Lock {
  return { ...lock, until: now + lock.seconds * 1000 };
}

function carriedOf({ sessionId, roomId, startTime, minutes, broken, clientId, editorId, name }: DragWire): Carried {
  const place = { room: roomId, start: minuteOf(startTime) };
  return { person: { clientId, editorId, name }, session: sessionId, place, minutes, broken: broken ?? 0 };
}

function put<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const next = new Map(map);
  next.delete(key);
  return next;
}
