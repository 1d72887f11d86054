/** What travels over HTTP and the sockets, as the server spells it. */

export type Status = "draft" | "conflicted" | "ready_to_publish" | "published";

export interface DayWire {
  date: string;
  start: string;
  end: string;
}

export interface ConferenceWire {
  name: string;
  timezone: string;
  gridMinutes: number;
  days: DayWire[];
}

export interface IntervalWire {
  from: string;
  to: string;
}

export interface RoomWire {
  id: string;
  name?: string | null;
  building?: string | null;
  capacity?: number | null;
  features?: string[];
  turnoverMinutes?: number;
  closed?: IntervalWire[];
}

export interface PersonWire {
  id: string;
  name?: string | null;
  /** For editors only. */
  unavailable?: IntervalWire[];
}

export interface SessionWire {
  sessionId: string;
  title: string;
  minutes: number;
  track?: string | null;
  speakerIds: string[];
  roomId: string | null;
  startTime: string | null;
  endTime: string | null;
  pinned?: boolean;
  audience?: number | null;
  needs?: string[];
}

export interface ScheduleWire {
  scheduleId: string;
  slug: string;
  version: number;
  publishedVersion: number | null;
  status: Status;
  updatedAt?: string | null;
  lastSeq: number;
  lastBroadcastAt?: string | null;
  lastSyncAt?: string | null;
  conference: ConferenceWire;
  rooms: RoomWire[];
  people: PersonWire[];
  sessions: SessionWire[];
}

export interface PlaceWire {
  roomId: string | null;
  startTime: string | null;
  endTime: string | null;
}

/** What attendees see change: `schedule.published` lists these. */
export interface ChangeWire extends PlaceWire {
  sessionId: string;
  previous: PlaceWire;
}

/** The values of a resource that differ after a save. */
export interface ValuesWire extends Partial<PlaceWire> {
  minutes?: number;
  pinned?: boolean;
  audience?: number | null;
  closed?: IntervalWire[];
  unavailable?: IntervalWire[];
}

/** One event of the log; which further keys it has depends on its type. */
export interface EventWire {
  seq: number;
  previousSeq?: number;
  type: string;
  time: string;
  scheduleId: string;
  version: number;
  saveAttemptId?: string | null;
  editorId?: string | null;
  /** `save.blocked` */
  result?: SaveResult;
  sessionIds?: string[];
  /** `schedule.saved` */
  status?: Status;
  /** `schedule.published` */
  publishedVersion?: number;
  changes?: ChangeWire[] | number;
  /** `schedule.updated`, once for each resource that a save changes */
  resource?: string;
  resourceId?: string;
  values?: ValuesWire;
}

/** What somebody else changed since the version that a save expected. */
export interface ChangedSinceWire {
  resource: string;
  sessionId?: string;
  roomId?: string;
  personId?: string;
  updatedFields: string[];
  version: number;
  editorName?: string | null;
}

/** How grave a conference takes a rule. */
export type Severity = "block" | "warn" | "ignore";

export interface ViolationWire {
  rule: string;
  severity?: Severity;
  sessions: string[];
  person?: string;
  room?: string;
  from: string;
  to: string;
  message: string;
}

export interface ChecksWire {
  violations: ViolationWire[];
  notes: ViolationWire[];
}

export type EditWire =
  | { op: "move"; session: string; room?: string; start?: string }
  | { op: "resize"; session: string; minutes: number }
  | { op: "swap"; sessions: [string, string] }
  | { op: "unplace" | "pin" | "unpin"; session: string }
  | { op: "close_room" | "open_room"; room: string; from: string; to: string }
  | { op: "person_unavailable" | "person_available"; person: string; from: string; to: string }
  | { op: "set_audience"; session: string; audience: number | null };

/** Cells of the cost map for which the same holds: starts from one until before another. */
export interface StretchWire {
  room: string;
  from: string;
  to: string;
  verdict: "proved" | "more_than" | "no_repair" | "barred";
  others: number | null;
  reasons: ViolationWire[];
}

export interface CostsRequest {
  session: string;
  edits: EditWire[];
  day: string;
  depth: number;
  expectedVersion: number;
  timeLimit: number;
}

export interface RepairMoveWire {
  session: string;
  from: { room: string; start: string } | null;
  to: { room: string; start: string };
}

export interface RepairWire {
  moves: RepairMoveWire[];
  moved: number;
  price: number;
  proved: "moved+price" | "moved" | "no";
  changes: EditWire[];
}

export type AnswerStatus =
  | "nothing_to_repair"
  | "proved_minimal"
  | "proved_moved"
  | "best_found"
  | "infeasible"
  | "unknown";

export interface AnswerWire {
  version: number;
  status: AnswerStatus;
  moved: number | null;
  movedLowerBound: number | null;
  price: number | null;
  priceLowerBound: number | null;
  violationsBefore: number;
  repairs: RepairWire[];
  reasons: string[];
  relaxations: RelaxationWire[];
  seconds: number;
}

/** One fact less, or a weaker one, and there is a repair; as edits, unless it takes another setting. */
export interface RelaxationWire {
  message: string;
  moved: number;
  price: number;
  edits: EditWire[];
}

export interface JobRequest {
  kind: string;
  expectedVersion: number | null;
  parameters: Record<string, unknown>;
  timeLimit: number;
  seed?: number;
}

/** A batch job; `progress` counts moves while repairing, points while planning. */
export interface JobWire {
  jobId: string;
  kind: string;
  state: "requested" | "running" | "proposed" | "applied" | "cancelled" | "failed" | "stale";
  parameters: Record<string, unknown>;
  timeLimit: number;
  baseVersion: number;
  progress: { engine?: string; objective: number | null; bound: number | null; moved: number | null; seconds: number };
  result?: { status: string; reasons: string[]; unplaced: string[] } | null;
  error?: string | null;
  changes?: EditWire[];
  /** What to ask for to have the same solved from the schedule of now. */
  again?: JobRequest;
}

/** What a part of a repair is worth: at the version of now, and beside the edits it was computed for. */
export interface ReviewWire {
  version: number;
  verdict: "still_valid" | "rebased" | "incomplete" | "no_longer_valid";
  changes: EditWire[];
  violations: (ViolationWire & { mendedBy: string[] })[];
  /** Moves to choose as well, after which nothing would be broken; null if there are none such. */
  completedBy: string[] | null;
  reasons: string[];
}

export interface ReviewRequest {
  baseVersion: number;
  edits: EditWire[];
  moves: RepairMoveWire[];
  chosen: string[];
}

export interface ConflictWire {
  conflictId: string;
  rule: string;
  sessionIds: string[];
  message: string;
}

/** Who accepted a conflict, why and when. */
export interface OverrideWire {
  auditEntryId: string;
  editorName: string | null;
  reason: string;
  savedVersion: number;
  createdAt: string;
}

/** A conflict on record. */
export interface LedgerConflictWire extends ConflictWire {
  personId: string | null;
  overrides: OverrideWire[];
}

/** A change that could be put back, with the values that it replaced. */
export interface ReversedChangeWire {
  resource: string;
  sessionId?: string;
  roomId?: string;
  personId?: string;
  previousValues: ValuesWire;
}

/** A step of the caller's that undo or redo would put back. */
export interface ReversedWire {
  auditEntryId: string;
  action: string;
  version: number;
  changedAt: string;
  changes: ReversedChangeWire[];
}

export interface UndoableWire {
  version: number;
  undo: ReversedWire | null;
  redo: ReversedWire | null;
}

export type Direction = "undo" | "redo";

export interface ReverseRequest {
  saveAttemptId: string;
  expectedVersion: number;
  override?: { reason: string };
}

export type SaveResult = "saved" | "warning_required" | "stale_blocked" | "validation_failed" | "cancelled";

export interface SaveRequest {
  saveAttemptId: string;
  expectedVersion: number;
  changes: EditWire[];
  override?: { reason: string };
  publish?: true;
  cancel?: true;
}

export interface SaveWire {
  saveAttemptId: string;
  result: SaveResult;
  version: number;
  conflicts: ConflictWire[];
  changedSince?: ChangedSinceWire[];
  /** `stale_blocked`: whether the changes could still be made now, and if not, why. */
  stillValid?: boolean;
  notValidBecause?: string | null;
  title?: string;
  detail?: string;
}

/** RFC 9457, as every refusal answers. */
export interface ProblemWire {
  type: string;
  title: string;
  status: number;
  detail?: string;
  conflicts?: ConflictWire[];
  changedSince?: ChangedSinceWire[];
  /** `later-work`: a way to put a change back all the same. */
  repair?: AnswerWire | null;
}

/** What the page's shell tells its island. */
export interface Boot {
  scheduleId: string;
  slug: string;
  api: string;
  role: "anonymous" | "viewer" | "editor" | "admin";
  editorId: string | null;
  name: string;
  /** False where sockets are turned off. */
  live: boolean;
}
