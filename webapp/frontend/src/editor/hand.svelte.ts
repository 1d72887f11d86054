/** The organiser's hand on the grid: turns pointers and keys into drags, walks and drops. */

import { command, walk, type Command, type Direction, type Spot } from "../core/keys.ts";
import { IDLE, reduce, stepped, trembled, type Drag, type Held } from "../core/drag.ts";
import { costText } from "../core/costs.ts";
import { edgeSpeed, placeAt } from "../core/grid.ts";
import { roomText, spanText } from "../core/model.ts";
import type { Clerk } from "./clerk.ts";
import type { Desk } from "./desk.svelte.ts";
import type { Probe } from "./probe.svelte.ts";

/** How long a finger rests on a card before it picks it up instead of scrolling. */
const LONG_PRESS = 350;

export class Hand {
  drag: Drag = $state.raw(IDLE);
  held: Held | null = $derived(this.drag.state === "moving" ? this.drag.held : null);

  /** The plane that cards lie on and the window onto it; set by the grid once they exist. */
  plane: HTMLElement | null = null;
  scroller: HTMLElement | null = null;

  readonly #desk: Desk;
  readonly #clerk: Clerk;
  #pointer = { id: -1, x: 0, y: 0, grab: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #dragged = false;

  /** What each place would cost while something is carried. */
  readonly probe: Probe;

  constructor(desk: Desk, clerk: Clerk, probe: Probe) {
    this.#desk = desk;
    this.#clerk = clerk;
    this.probe = probe;
  }

  get byPointer(): boolean {
    return this.drag.state === "moving" && this.drag.by === "pointer";
  }

  /** A pointer goes down on a session, on the grid or in the list of unplaced ones. */
  press(event: PointerEvent, session: string, card: DOMRect): void {
    if (event.button !== 0 || this.drag.state !== "idle" || this.#desk.busy || this.#isKept(session)) return;
    this.#dragged = false;
    const grab = this.#desk.turned ? event.clientX - card.left : event.clientY - card.top;
    this.#pointer = { id: event.pointerId, x: event.clientX, y: event.clientY, grab };
    this.drag = reduce(this.drag, { type: "press", session, x: event.clientX, y: event.clientY });
    if (event.pointerType === "touch") this.#timer = setTimeout(() => this.#lift(), LONG_PRESS);
    window.addEventListener("pointermove", this.#moved);
    window.addEventListener("pointerup", this.#released);
    window.addEventListener("pointercancel", this.#cancelled);
  }

  /** Whether another editor has it in hand and the conference wants that heeded; says so. */
  #isKept(session: string): boolean {
    const obstacle = this.#desk.company.obstacle(session);
    if (obstacle !== null) this.#desk.company.notice(obstacle);
    return obstacle !== null;
  }

  /** True if the click that is being handled only ended a drag. */
  swallowsClick(): boolean {
    const dragged = this.#dragged;
    this.#dragged = false;
    return dragged;
  }

  /** Pick a session up without a pointer; the arrows carry it, a click on the grid puts it down. */
  take(session: string): void {
    const shown = this.#desk.shown.get(session);
    if (!shown || this.#desk.busy || this.#isKept(session)) return;
    const { frame, axis } = this.#desk;
    const place = shown.place ?? { room: frame.rooms[0]?.id ?? "", start: axis.start };
    this.drag = reduce(this.drag, { type: "lift", by: "keys", held: { session, place, minutes: shown.minutes } });
    this.probe.begin(session, shown.minutes);
    this.#desk.say(`${shown.title} picked up. Arrows move it, Enter puts it down, Escape leaves it.`);
    this.plane?.querySelector<HTMLElement>("[role=listbox]")?.focus();
  }

  /** A click on the plane while something is carried puts it there. */
  placeAtClick(event: MouseEvent): void {
    if (this.drag.state !== "moving" || this.drag.by !== "keys") return;
    this.#over(event.clientX, event.clientY, 0);
    this.#drop();
  }

  key(event: KeyboardEvent): void {
    const meant = command(event, this.drag.state === "moving", this.#desk.turned);
    if (!meant) return;
    event.preventDefault();
    event.stopPropagation();
    this.#obey(meant);
  }

  #obey(meant: Command): void {
    const desk = this.#desk;
    switch (meant.type) {
      case "walk":
        desk.active = walk(this.#spots(), desk.active, meant.to as Direction) ?? desk.active;
        return;
      case "select":
        desk.select(desk.active);
        return;
      case "choose":
        if (desk.active) desk.choice.toggle(desk.active);
        return;
      case "lift":
        if (desk.active) this.take(desk.active);
        return;
      case "move-to":
        desk.moving = desk.active;
        return;
      case "unplace":
        if (desk.active) this.#commit(() => desk.wish(desk.active!, { place: null }));
        return;
      case "step":
        this.#step(meant.rooms, meant.minutes);
        return;
      case "stretch":
        this.#stretch(meant.by);
        return;
      case "drop":
        this.#drop();
        return;
      case "cancel":
        if (this.drag.state !== "idle") return this.cancel();
        desk.select(null);
        desk.choice.clear();
    }
  }

  cancel(): void {
    if (this.drag.state === "moving") this.#desk.say("Left where it was.");
    this.#let();
  }

  #step(rooms: number, minutes: number): void {
    if (!this.held) return;
    const { frame, axis } = this.#desk;
    const bounds = { rooms: frame.rooms.map((room) => room.id), start: axis.start, end: axis.end };
    const place = stepped(this.held, { rooms, minutes: minutes * frame.grid }, bounds);
    this.drag = reduce(this.drag, { type: "over", place });
    this.#sayHeld();
  }

  #stretch(by: number): void {
    if (!this.held) return;
    const minutes = this.held.minutes + by * this.#desk.frame.grid;
    this.drag = reduce(this.drag, { type: "stretch", minutes });
    this.probe.begin(this.held.session, this.held.minutes);
    this.#sayHeld();
  }

  #sayHeld(): void {
    if (!this.held) return;
    const { frame } = this.#desk;
    const { place, minutes } = this.held;
    const cost = this.probe.at(place);
    this.#desk.say(`${roomText(frame, place.room)}, ${spanText(frame, place, minutes)}${cost ? `. ${costText(cost)}` : ""}`);
  }

  #lift(): void {
    if (this.drag.state !== "armed") return;
    const shown = this.#desk.shown.get(this.drag.session);
    if (!shown) return;
    const place = shown.place ?? this.#under(this.#pointer.x, this.#pointer.y, this.#pointer.grab, shown.minutes);
    if (!place) return;
    this.#desk.select(shown.id);
    this.probe.begin(shown.id, shown.minutes);
    this.drag = reduce(this.drag, {
      type: "lift",
      by: "pointer",
      held: { session: shown.id, place, minutes: shown.minutes },
    });
    this.#frame = requestAnimationFrame(this.#scroll);
  }

  readonly #moved = (event: PointerEvent): void => {
    if (event.pointerId !== this.#pointer.id) return;
    this.#pointer = { ...this.#pointer, x: event.clientX, y: event.clientY };
    if (this.drag.state === "armed" && !trembled(this.drag, event.clientX, event.clientY)) {
      if (event.pointerType === "touch") this.#let();
      else this.#lift();
    }
    this.#over(event.clientX, event.clientY, this.#pointer.grab);
  };

  readonly #released = (event: PointerEvent): void => {
    if (event.pointerId !== this.#pointer.id) return;
    this.#dragged = this.drag.state === "moving";
    if (this.drag.state === "moving" && this.#inside(event.clientX, event.clientY)) this.#drop();
    else this.#let();
  };

  readonly #cancelled = (): void => this.cancel();

  /** While something is carried near an edge, the window moves on. */
  readonly #scroll = (): void => {
    if (!this.byPointer || !this.scroller) return;
    const window = this.scroller.getBoundingClientRect();
    const { x, y } = this.#pointer;
    this.scroller.scrollBy(edgeSpeed(x, window.left, window.right), edgeSpeed(y, window.top, window.bottom));
    this.#over(x, y, this.#pointer.grab);
    this.#frame = requestAnimationFrame(this.#scroll);
  };

  #over(x: number, y: number, grab: number): void {
    if (!this.held) return;
    const place = this.#under(x, y, grab, this.held.minutes);
    if (place) this.drag = reduce(this.drag, { type: "over", place });
  }

  #under(x: number, y: number, grab: number, minutes: number) {
    if (!this.plane) return null;
    const { left, top } = this.plane.getBoundingClientRect();
    const { frame, axis, scale } = this.#desk;
    return placeAt(frame, axis, scale, { x: x - left, y: y - top, grab, minutes });
  }

  #inside(x: number, y: number): boolean {
    const window = this.scroller?.getBoundingClientRect();
    return !!window && x >= window.left && x <= window.right && y >= window.top && y <= window.bottom;
  }

  #drop(): void {
    const { held } = this;
    this.#let();
    if (held) this.#commit(() => this.#desk.wish(held.session, { place: held.place, minutes: held.minutes }));
  }

  #commit(wish: () => void): void {
    if (this.#desk.busy) return;
    wish();
    void this.#clerk.check();
  }

  #let(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    window.removeEventListener("pointermove", this.#moved);
    window.removeEventListener("pointerup", this.#released);
    window.removeEventListener("pointercancel", this.#cancelled);
    this.probe.end();
    this.drag = IDLE;
  }

  #spots(): Spot[] {
    const { frame, today } = this.#desk;
    const column = new Map(frame.rooms.map((room, index) => [room.id, index]));
    return today.flatMap(({ id, place, minutes }) =>
      place
        ? [{ id, column: column.get(place.room) ?? 0, start: place.start, end: place.start + minutes }]
        : [],
    );
  }
}
