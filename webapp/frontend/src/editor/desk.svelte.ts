/** The organiser's desk: what is looked at, what is wished, what it would break and how it could be mended. */

import { Company } from "./company.svelte.ts";
import { Cells } from "../core/cells.svelte.ts";
import { differences, type Difference } from "../core/differences.ts";
import { granted, NO_WISHES, wished, type Wish, type Wishes } from "../core/edits.ts";
import { keep, recall } from "../core/device.ts";
import { axisOf, bandsOf, byBuilding, TURNED, ZOOMS } from "../core/grid.ts";
import { ordered, repairOf, type JobKind, type Order } from "../core/jobs.ts";
import { lanes, type Lane } from "../core/lanes.ts";
import { NOTHING, type LeftOut } from "../core/parts.ts";
import { Choice } from "./choice.svelte.ts";
import { dayIndex, placementOf, type Frame, type Interval, type Placement, type Session, type Standing } from "../core/model.ts";
import { count } from "../core/words.ts";
import type { FeedState } from "../core/feed.ts";
import type { Store } from "../core/store.ts";
import type {
  AnswerWire,
  ChangedSinceWire,
  ConflictWire,
  Direction,
  EditWire,
  JobWire,
  LedgerConflictWire,
  OverrideWire,
  ProblemWire,
  RelaxationWire,
  RepairWire,
  ReviewWire,
  UndoableWire,
  ViolationWire,
} from "../core/wire.ts";

/** Where an edit is on its way: it is never lost before it is saved or discarded. */
export type Step = "idle" | "checking" | "unchecked" | "checked" | "saving" | "pending" | "stale";

const KEPT_TURNED = "callboard.rows";

/** A stretch of time in which somebody cannot come. */
export interface Away extends Interval {
  name: string;
}

export class Desk {
  readonly store: Store;
  readonly cells: Cells;
  readonly company = new Company();

  day = $state(0);
  zoom = $state(2);
  /** Whether rooms are rows instead of columns. */
  turned = $state(recall<boolean>(KEPT_TURNED) === true);
  selected = $state<string | null>(null);
  /** The card that the arrow keys stand on. */
  active = $state<string | null>(null);

  wishes: Wishes = $state.raw(NO_WISHES);
  /** Facts about rooms and people that were agreed to give way, to be saved with the wishes. */
  conceded: readonly RelaxationWire[] = $state.raw([]);
  step = $state<Step>("idle");
  /** Violations of the draft as saved, and of the draft with the wishes. */
  standingViolations: readonly ViolationWire[] = $state.raw([]);
  editedViolations: readonly ViolationWire[] | null = $state.raw(null);
  searching = $state(false);
  answer: AnswerWire | null = $state.raw(null);
  /** Index of the repair that is shown on the grid. */
  previewed = $state<number | null>(null);
  /** Its moves that are not wanted, and what that leaves broken, once it is known. */
  leftOut: LeftOut = $state.raw(NOTHING);
  review: ReviewWire | null = $state.raw(null);
  /** What became of the repair that was shown when somebody else saved. */
  overtaken: ReviewWire | null = $state.raw(null);
  /** The conflicts that a save without repair would leave, until they are accepted with a reason. */
  warning: readonly ConflictWire[] | null = $state.raw(null);
  /** What somebody else changed under an edit that could not be saved. */
  changedSince: readonly ChangedSinceWire[] = $state.raw([]);
  /** Whether that edit would still do now, in a sentence; empty where nobody has said. */
  worthNow = $state("");
  /** The conflicts on record that stand. */
  ledger: readonly LedgerConflictWire[] = $state.raw([]);
  /** What undo and redo would put back, which of them is being looked at, and why it was refused. */
  undoable: UndoableWire | null = $state.raw(null);
  reversing = $state<Direction | null>(null);
  refusal: ProblemWire | null = $state.raw(null);
  /** Sessions under edit that others have changed meanwhile, each with who did it. */
  touched: ReadonlyMap<string, string> = $state.raw(new Map());
  publishing = $state(false);
  /** Whether the draft is being held against what attendees see, and what that is, once it is known. */
  comparing = $state(false);
  published: readonly Session[] | null = $state.raw(null);
  moving = $state<string | null>(null);
  /** Whether the palette is open. */
  finding = $state(false);
  /** The form of a batch job that is open, and the job that is followed or reviewed. */
  order: Order | null = $state.raw(null);
  job: JobWire | null = $state.raw(null);
  /** The room whose panel is open. */
  room = $state<string | null>(null);
  feed = $state<FeedState>("connecting");
  announcement = $state("");
  trouble = $state<string | null>(null);

  readonly choice: Choice;

  constructor(store: Store) {
    this.store = store;
    this.cells = new Cells(store);
    this.company.title = (session) => this.title(session);
    this.choice = new Choice(this);
  }

  frame: Frame = $derived.by(() => byBuilding(this.cells.frame));

  standing: Standing = $derived.by(() => this.cells.standing);

  scale = $derived((this.turned ? TURNED : ZOOMS)[this.zoom] ?? ZOOMS[0]!);

  bands = $derived(bandsOf(this.frame));

  /** Every session with the wishes granted. */
  shown: ReadonlyMap<string, Session> = $derived.by(() => {
    const shown = new Map<string, Session>();
    for (const [id, session] of this.cells.sessions) shown.set(id, granted(session, this.wishes.get(id)));
    return shown;
  });

  axis = $derived(axisOf(this.frame, this.day, this.shown.values()));

  /** From where cards and ghosts are placed: not the axis' start, which every session may stretch. */
  origin = $derived(this.frame.days[this.day]?.start ?? 0);

  unplaced: readonly Session[] = $derived([...this.shown.values()].filter((session) => session.place === null));

  /** The sessions of the day that is looked at, room by room in order of time. */
  today: readonly Session[] = $derived.by(() => {
    const column = new Map(this.frame.rooms.map((room, index) => [room.id, index]));
    const found = [...this.shown.values()].filter(
      ({ place }) => place && dayIndex(this.frame.days, place.start) === this.day,
    );
    const key = ({ place }: Session) => (place ? (column.get(place.room) ?? 0) * 1e9 + place.start : 0);
    return found.sort((a, b) => key(a) - key(b));
  });

  lanes: ReadonlyMap<string, Lane> = $derived.by(() => {
    const rooms = new Map<string, { id: string; start: number; end: number }[]>();
    const stand = (id: string, place: Placement, minutes: number) => {
      const spans = rooms.get(place.room) ?? [];
      rooms.set(place.room, spans);
      spans.push({ id, start: place.start, end: place.start + minutes });
    };
    for (const { id, place, minutes } of this.today) if (place) stand(id, place, minutes);
    for (const { session, to, minutes } of this.ghosts) stand(ghostId(session), to, minutes);
    return new Map([...rooms.values()].flatMap((spans) => [...lanes(spans)]));
  });

  /** Whether there is anything to be saved. */
  edited = $derived(this.wishes.size > 0 || this.conceded.length > 0);

  /** While a save is on its way no new edit begins: it would be swept away with the saved one. */
  busy = $derived(this.step === "saving" || this.step === "pending");

  /** Those that publishing waits for. */
  blocking: readonly ViolationWire[] = $derived(this.standingViolations.filter(blocks));

  /** Whether attendees do not yet see the draft as it is saved. */
  unpublished = $derived.by(() => {
    const { publishedVersion, version, status } = this.standing;
    return publishedVersion !== version || status !== "published";
  });

  /** Why publishing has to wait, in one short line; null if it need not. */
  obstacle = $derived.by(() => {
    if (this.edited) return "Save or discard your edit first";
    if (this.blocking.length > 0) return `${count(this.blocking.length, "conflict")} in the way`;
    return this.unpublished ? null : "Everything is published";
  });

  /** What publishing would change for attendees: the edit that is not saved is no part of it. */
  differences: readonly Difference[] | null = $derived.by(() => {
    if (this.published === null) return null;
    return differences(this.published, this.cells.sessions);
  });

  /** Sameness of a conflict on record → who accepted it. */
  accepted: ReadonlyMap<string, readonly OverrideWire[]> = $derived(
    new Map(this.ledger.map(({ rule, personId, sessionIds, overrides }) => [key(rule, personId, sessionIds), overrides])),
  );

  violations: readonly ViolationWire[] = $derived(this.editedViolations ?? this.standingViolations);

  violationsOf: ReadonlyMap<string, readonly ViolationWire[]> = $derived.by(() => {
    const found = new Map<string, ViolationWire[]>();
    for (const violation of this.violations) {
      for (const id of violation.sessions) found.set(id, [...(found.get(id) ?? []), violation]);
    }
    return found;
  });

  /** What the wishes break, without what was broken before. */
  broken: readonly ViolationWire[] = $derived.by(() => {
    const known = new Set(this.standingViolations.map(sameness));
    return (this.editedViolations ?? []).filter((violation) => !known.has(sameness(violation)));
  });

  /** What would newly break if what is carried were put down; null while that is not known. */
  probed: number | null = $derived.by(() => {
    const found = this.company.probed;
    if (found === null) return null;
    const known = new Set(this.standingViolations.map(sameness));
    return found.filter((violation) => !known.has(sameness(violation))).length;
  });

  /** What a job proposes, as a repair. */
  proposal: RepairWire | null = $derived.by(() => this.job && repairOf(this.job, this.shown, this.frame.clock));

  repair: RepairWire | null = $derived(
    this.previewed === null ? (this.edited ? null : this.proposal) : (this.answer?.repairs[this.previewed] ?? null),
  );

  /** The moves of the repair that is shown, as far as they are wanted. */
  shifts: readonly RepairShift[] = $derived(
    this.repair ? shiftsOf(this.repair).filter(({ session }) => !this.leftOut.has(session)) : [],
  );

  /** Those of its moves that end on the day that is looked at. */
  ghosts: readonly Ghost[] = $derived(
    this.shifts
      .filter(({ to }) => dayIndex(this.frame.days, to.start) === this.day)
      .map((shift) => ({ ...shift, minutes: this.shown.get(shift.session)?.minutes ?? 0 })),
  );

  wish(session: string, wish: Wish): void {
    const cell = this.cells.all.get(session);
    if (cell) this.wishes = wished(this.wishes, cell.session, wish);
    this.overtaken = null;
  }

  /** Drop what is true by now, because somebody else did it or a save went through unnoticed. */
  refold(): void {
    let wishes = NO_WISHES;
    for (const [id, wish] of this.wishes) {
      const cell = this.cells.all.get(id);
      if (cell) wishes = wished(wishes, cell.session, wish);
    }
    if (wishes.size === 0 && this.wishes.size > 0 && this.conceded.length === 0) this.discard();
    else this.wishes = wishes;
  }

  unwish(session: string): void {
    const next = new Map(this.wishes);
    next.delete(session);
    this.wishes = next;
  }

  /** Leave out what others have changed, and keep the rest of the edit. */
  keepUntouched(sessions: Iterable<string>): void {
    for (const session of sessions) this.unwish(session);
    this.touched = new Map();
  }

  /** Agree to what would make a repair possible: what concerns a session becomes a wish, anything else a fact to save. */
  concede(relaxation: RelaxationWire): void {
    const facts: EditWire[] = [];
    for (const edit of relaxation.edits) {
      if (edit.op === "unpin") this.wish(edit.session, { pinned: false });
      else if (edit.op === "resize") this.wish(edit.session, { minutes: edit.minutes });
      else facts.push(edit);
    }
    if (facts.length > 0) this.conceded = [...this.conceded, { ...relaxation, edits: facts }];
  }

  /** Forget the edit and everything that was found out about it. */
  discard(): void {
    this.wishes = NO_WISHES;
    this.conceded = [];
    this.step = "idle";
    this.editedViolations = null;
    this.forgetAnswer();
    this.overtaken = null;
    this.warning = null;
    this.changedSince = [];
    this.touched = new Map();
  }

  /** Show a repair on the grid, whole; null shows none. */
  preview(index: number | null): void {
    this.previewed = index;
    this.leftOut = NOTHING;
    this.review = null;
  }

  forgetAnswer(): void {
    this.answer = null;
    this.preview(null);
    this.searching = false;
  }

  select(session: string | null): void {
    this.selected = session;
    this.room = null;
    if (session !== null) this.active = session;
  }

  /** Turn to the day that the session is on and select it. */
  show(session: string): void {
    const place = this.shown.get(session)?.place;
    if (place) this.day = dayIndex(this.frame.days, place.start);
    this.select(session);
  }

  /** Let rooms be rows, or columns again. */
  turn(): void {
    this.turned = !this.turned;
    keep(KEPT_TURNED, this.turned);
  }

  /** Open the panel of a room. */
  enter(room: string): void {
    this.select(null);
    this.choice.clear();
    this.room = room;
  }

  /** Open the form of a batch job, filled in. */
  openOrder(said: Partial<Order> & { kind: JobKind }): void {
    this.order = ordered(this.frame, this.day, Math.floor(Date.now() / 60_000), said);
  }

  say(text: string): void {
    this.announcement = text;
  }

  /** Who accepted the violation, as far as it is one of the draft as saved. */
  overridesOf(violation: ViolationWire): readonly OverrideWire[] {
    return this.accepted.get(key(violation.rule, violation.person ?? null, violation.sessions)) ?? [];
  }

  /** Whether there is a change of one's own to put back, and no unsaved edit that it would meet. */
  canReverse(direction: Direction): boolean {
    return this.undoable?.[direction] != null && !this.edited && !this.busy;
  }

  /** When speakers of a session cannot come on the day that is looked at, each with whose time it is. */
  awayFrom(session: string): Away[] {
    return (this.shown.get(session)?.speakers ?? []).flatMap((person) =>
      (this.frame.unavailable.get(person) ?? [])
        .map(({ start, end }) => ({ start: Math.max(start, this.axis.start), end: Math.min(end, this.axis.end) }))
        .filter(({ start, end }) => start < end)
        .map((span) => ({ ...span, name: this.frame.person.get(person) ?? person })),
    );
  }

  title(session: string): string {
    return this.cells.all.get(session)?.session.title ?? session;
  }
}

export interface RepairShift {
  session: string;
  from: Placement | null;
  to: Placement;
}

/** A move of a repair as it is drawn. */
export interface Ghost extends RepairShift {
  minutes: number;
}

/** What keeps a ghost apart from its session among the lanes. */
export function ghostId(session: string): string {
  return `ghost:${session}`;
}

/** Two violations are the same if they break the same rule for the same sessions and person. */
function sameness(violation: ViolationWire): string {
  return [violation.rule, violation.person ?? "", violation.room ?? "", ...[...violation.sessions].sort()].join("\n");
}

function key(rule: string, person: string | null, sessions: readonly string[]): string {
  return [rule, person ?? "", ...[...sessions].sort()].join("\n");
}

/** Whether the conference lets nothing be published with it. */
export function blocks(violation: ViolationWire): boolean {
  return (violation.severity ?? "block") === "block";
}

function shiftsOf(repair: RepairWire): RepairShift[] {
  return repair.moves.map(({ session, from, to }) => ({
    session,
    from: from && placementOf(from),
    to: placementOf(to),
  }));
}
