/** This page among those of the other editors: says what is looked at and carried, holds locks, and hears the rest. */

import {
  heard,
  nameOf,
  NOBODY,
  silent,
  watchers,
  type Carried,
  type Circle,
  type CompanyWire,
  type Lock,
  type PreviewWire,
} from "../core/company.ts";
import type { Held } from "../core/drag.ts";
import type { Clock } from "../core/clock.ts";
import type { EditWire, ViolationWire } from "../core/wire.ts";
import { uuid } from "../core/uuid.ts";

/** Between two steps of a drag that others see. */
const DRAG_PAUSE = 100;
const LOOK_PAUSE = 200;
const ANSWER_PATIENCE = 4_000;
const NOTICE_PATIENCE = 15_000;
const NOTICES = 3;
/** How many chosen sessions others are told of. */
const SELECTED = 50;
/** How many sessions are locked at once: the server has its limits, and who edits a whole day needs no locks to be seen. */
const IN_HAND = 40;

export interface Notice {
  id: number;
  text: string;
}

type Say = (message: object) => void;

export class Company {
  readonly clientId = uuid();
  circle: Circle = $state.raw(NOBODY);
  notices: readonly Notice[] = $state.raw([]);
  /** A repair of somebody else's that we asked to see. */
  shown: PreviewWire | null = $state.raw(null);
  /** What would be broken if what is carried were put down here, once that is known. */
  probed: readonly ViolationWire[] | null = $state.raw(null);
  /** Moves on when a lock may have lapsed. */
  now = $state(Date.now());
  /** Answers those who ask to see our repair. */
  onAsked: (clientId: string) => void = () => {};
  /** What a session is called. */
  title: (session: string) => string = (session) => session;

  others = $derived([...this.circle.others.values()].filter(({ clientId }) => clientId !== this.clientId));
  watched = $derived(watchers(this.others));
  carried: readonly Carried[] = $derived([...this.circle.carried.values()]);

  #say: Say = () => {};
  #look: object = {};
  #wanted = new Set<string>();
  #tokens = new Map<string, number>();
  #step: object | null = null;
  #pausing = false;
  #unanswered: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setTimeout> | undefined;
  #notice = 0;

  constructor() {
    setInterval(() => this.#tick(), 1_000);
  }

  /** The socket is open: say who we are, and take again what we have in hand. */
  arrive(say: Say): void {
    this.#say = say;
    this.#appear();
    for (const session of this.#wanted) this.#take(session);
  }

  /** The socket is gone. */
  depart(): void {
    this.#say = () => {};
    this.#tokens.clear();
    this.circle = { ...NOBODY, policy: this.circle.policy };
  }

  /** The page is left for good: nobody shall wait for what it had in hand. */
  leave(): void {
    this.hold(new Set());
  }

  hear(message: CompanyWire): void {
    const before = this.circle;
    this.circle = heard(before, message, Date.now());
    switch (message.type) {
      case "lock.granted":
        this.#tokens.set(message.sessionId, message.token);
        if (!this.#wanted.has(message.sessionId)) this.#release(message.sessionId);
        return;
      case "lock.refused":
        this.notice(`${nameOf(message)} has “${this.title(message.sessionId)}” in hand just now.`);
        this.#tokens.delete(message.sessionId);
        return;
      case "lock.held":
        if (this.#tokens.delete(message.sessionId)) {
          this.notice(`${nameOf(message)} has taken over “${this.title(message.sessionId)}”.`);
        }
        return;
      case "check.result":
        this.probed = message.violations;
        return;
      case "preview.asked":
        this.onAsked(message.clientId);
        return;
      case "preview.shown":
        clearTimeout(this.#unanswered);
        if (message.moves.length > 0) this.shown = message;
        else this.notice(`${nameOf(message)} looks at no repair just now.`);
    }
  }

  /** Whose hand a session is in, if not in ours. */
  lockOf(session: string): Lock | null {
    const lock = this.circle.locks.get(session);
    return lock && lock.clientId !== this.clientId ? lock : null;
  }

  isSilent(lock: Lock): boolean {
    return silent(lock, this.now);
  }

  /** Why a session may not be picked up; null if it may. */
  obstacle(session: string): string | null {
    const lock = this.lockOf(session);
    if (this.circle.policy.mode !== "required" || !lock || silent(lock, Date.now())) return null;
    return `${nameOf(lock)} has “${this.title(session)}” in hand. Once nothing is heard of them, you can take it over.`;
  }

  /** Say what is looked at. */
  look(at: { day: string | undefined; sessionId: string | undefined; selected: readonly string[] }): void {
    this.#look = { ...at, selected: at.selected.slice(0, SELECTED) };
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => this.#appear(), LOOK_PAUSE);
  }

  /** Have exactly these sessions in hand, or the first of them where they are very many. */
  hold(sessions: ReadonlySet<string>): void {
    const before = this.#wanted;
    this.#wanted = new Set([...sessions].slice(0, IN_HAND));
    for (const session of this.#wanted) if (!before.has(session)) this.#take(session);
    for (const session of before) if (!this.#wanted.has(session)) this.#release(session);
  }

  /** Show the others where something is carried; null when it has been put down. */
  carry(held: Held | null, broken: number, clock: Clock): void {
    if (held === null) {
      if (this.#step) this.#say({ type: "drag.end", sessionId: (this.#step as { sessionId: string }).sessionId });
      this.#step = this.probed = null;
      return;
    }
    const { session: sessionId, place, minutes } = held;
    const startTime = clock.iso(place.start);
    this.#step = { type: "drag.move", sessionId, roomId: place.room, startTime, minutes, broken };
    if (this.#pausing) return;
    this.#pausing = true;
    this.#sayStep();
  }

  #sayStep(): void {
    const said = this.#step;
    if (said === null) return;
    this.#say(said);
    setTimeout(() => {
      this.#pausing = false;
      if (this.#step !== said) {
        this.#pausing = this.#step !== null;
        this.#sayStep();
      }
    }, DRAG_PAUSE);
  }

  /** Ask what edits would break, without waiting for the answer. */
  probe(edits: readonly EditWire[]): void {
    this.#say({ type: "check.ask", ref: "probe", edits });
  }

  askForRepair(clientId: string): void {
    this.#say({ type: "preview.ask", clientId });
    clearTimeout(this.#unanswered);
    const text = "Their repair could not be shown: it is too large for that, or they have just left.";
    this.#unanswered = setTimeout(() => this.notice(text), ANSWER_PATIENCE);
  }

  showRepair(clientId: string, repair: Pick<PreviewWire, "baseVersion" | "edits" | "moves">): void {
    this.#say({ type: "preview.show", clientId, ...repair });
  }

  nameOfEditor(editorId: string | null | undefined): string {
    return nameOf(this.others.find((one) => one.editorId === editorId) ?? { name: "" });
  }

  notice(text: string): void {
    const id = (this.#notice += 1);
    this.notices = [...this.notices.filter((one) => one.text !== text), { id, text }].slice(-NOTICES);
    setTimeout(() => this.dismiss(id), NOTICE_PATIENCE);
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((one) => one.id !== id);
  }

  #appear(): void {
    this.#say({ type: "presence.set", clientId: this.clientId, ...this.#look });
  }

  #take(session: string): void {
    if (this.circle.policy.mode !== "off") this.#say({ type: "lock.take", sessionId: session });
  }

  #release(session: string): void {
    const token = this.#tokens.get(session);
    if (token !== undefined) this.#say({ type: "lock.release", sessionId: session, token });
    this.#tokens.delete(session);
  }

  /** Renew in good time what is in hand, and notice what has lapsed. */
  #tick(): void {
    this.now = Date.now();
    const early = (this.circle.policy.leaseSeconds * 1000 * 2) / 3;
    for (const session of this.#wanted) {
      const lock = this.circle.locks.get(session);
      if (!lock || lock.until - this.now < (this.#tokens.has(session) ? early : 0)) this.#take(session);
    }
  }
}
