"""The shapes of answers, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from webapp.events import shapes
from webapp.events.types import TYPES
from webapp.services.severities import Severity


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(alias_generator=AliasGenerator(alias=to_camel), extra="allow")


class JobProgress(Answer):
    """How far a job is: points or moves, none of which can be fewer than the bound; null before there is any."""

    objective: int | None
    bound: int | None
    moved: int | None
    seconds: float


class Job(Answer):
    """A batch job; `changes` is what to save under its id, `again` what to send to have it solved from now."""

    job_id: str
    schedule_id: str
    kind: str
    state: Literal["requested", "running", "proposed", "applied", "stale", "failed", "cancelled"]
    parameters: dict[str, Any]
    time_limit: float
    seed: int
    base_version: int
    version: int
    versions: dict[str, str]
    editor_id: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    attempt: int
    progress: JobProgress
    result: dict[str, Any] | None
    error: str | None
    again: dict[str, Any] | None = None
    history: list[list[float | None]] | None = None
    changes: list[dict[str, Any]] | None = None


class Claims(Answer):
    """What an answer of the solver claims: the status, and how far count and price are proved."""

    version: int
    status: Literal["nothing_to_repair", "proved_minimal", "proved_moved", "best_found", "infeasible", "unknown"]
    moved: int | None
    moved_lower_bound: int | None
    price: int | None
    price_lower_bound: int | None


class Delayed(Claims):
    """What makes up for a delay: the changes, what became of saving them, or the job that goes on looking."""

    reasons: list[str]
    changes: list[dict[str, Any]]
    seconds: float
    save: SaveAttempt | None
    job: Job | None


class JobList(Answer):
    """Jobs of a schedule, the newest first."""

    items: list[Job]
    next: str | None


class Interval(Answer):
    """A half-open stretch of time."""

    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")]


class Day(Answer):
    """A conference day's opening hours."""

    date: str
    start: str
    end: str


class Conference(Answer):
    """The conference itself."""

    name: str
    timezone: str
    grid_minutes: int
    speaker_gap_minutes: int
    days: list[Day]


class Room(Answer):
    """A room; `closed` and `turnoverMinutes` for editors only."""

    room_id: str
    name: str
    building: str | None
    capacity: int | None
    features: list[str]
    turnover_minutes: int | None = None
    closed: list[Interval] | None = None


class Person(Answer):
    """A person; `unavailable` for editors only."""

    person_id: str
    name: str
    unavailable: list[Interval] | None = None


class Session(Answer):
    """A session and where and when it is; the last three are null while it is unplaced."""

    session_id: str
    title: str
    minutes: int
    track: str | None
    speaker_ids: list[str]
    pinned: bool
    needs: list[str] | None = None
    audience: int | None = None
    room_id: str | None
    start_time: str | None
    end_time: str | None


class ScheduleHead(Answer):
    """How a schedule stands."""

    schedule_id: str
    slug: str
    version: int
    published_version: int | None
    status: str
    updated_at: str
    updated_by: str | None
    last_seq: int
    last_broadcast_at: str | None
    last_sync_at: str | None


class Refreshed(ScheduleHead):
    """How a schedule stands whose readers were asked to read it afresh."""

    spread_seconds: int


class ScheduleItem(ScheduleHead):
    """A schedule in a list."""

    name: str


class ScheduleList(Answer):
    """A page of schedules."""

    items: list[ScheduleItem]
    next: str | None


class Schedule(ScheduleHead):
    """A schedule, whole."""

    conference: Conference
    rooms: list[Room]
    people: list[Person]
    sessions: list[Session]


class Violation(Answer):
    """One rule broken."""

    rule: str
    sessions: list[str]
    person: str | None = None
    room: str | None = None
    group: int | None = None
    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")]
    message: str


class CheckedViolation(Violation):
    """A violation, and how grave the conference takes its rule."""

    severity: Severity


class Checked(Answer):
    """What a schedule breaks."""

    version: int
    sessions: int
    rooms: int
    violations: list[CheckedViolation]
    notes: list[CheckedViolation]
    warnings: list[str]
    edits: list[dict[str, Any]]
    seconds: float


class Place(Answer):
    """A room and a start."""

    room: str
    start: str


class RepairMove(Answer):
    """One move of a repair."""

    session: str
    start: Annotated[Place | None, Field(alias="from")]
    end: Annotated[Place, Field(alias="to")]


class RepairFound(Answer):
    """A repair, and the changes to save if it is accepted."""

    moves: list[RepairMove]
    moved: int
    price: int
    proved: Literal["moved+price", "moved", "no"]
    changes: list[dict[str, Any]]


class Relaxation(Answer):
    """A change of one fact that would make a repair possible, and what that repair would be; `edits` beside those that
    were asked about come to the same, and are none where it takes another setting."""

    message: str
    moved: int
    price: int
    edits: list[dict[str, Any]]


class Evidence(Answer):
    """What a proof rests on: the engines, and how a refutation by CP-SAT was confirmed."""

    by: str
    confirmed: Literal["presolve_off"] | None


class Certificate(Answer):
    """What the claims of an answer rest on; null for what is not claimed."""

    moved: Evidence | None
    price: Evidence | None
    infeasible: Evidence | None


class Repaired(Claims):
    """The answer to a request for repairs."""

    violations_before: int
    repairs: list[RepairFound]
    reasons: list[str]
    relaxations: list[Relaxation]
    edits: list[dict[str, Any]]
    certificate: Certificate
    seconds: float


class Stretch(Answer):
    """Cells for which the same holds: the starts on the grid from `from` until before `to`."""

    room: str
    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")]
    verdict: Literal["proved", "more_than", "no_repair", "barred"]
    others: int | None
    reasons: list[Violation]


class CostMap(Answer):
    """What every place would cost the others, the best first; `complete` unless the time was too short."""

    version: int
    session: str
    depth: int
    grid_minutes: int
    stretches: list[Stretch]
    complete: bool
    seconds: float


class Remaining(Violation):
    """A violation that the edits and the chosen moves leave, and the moves left out that would each mend it."""

    mended_by: list[str]
    tolerated: bool


class Reviewed(Answer):
    """What a repair, or a part of it, is worth at the version of now."""

    version: int
    base_version: int
    verdict: Literal["still_valid", "rebased", "incomplete", "no_longer_valid"]
    moves: list[RepairMove]
    changes: list[dict[str, Any]]
    violations: list[Remaining]
    completed_by: list[str] | None
    done: list[str]
    needless: list[str]
    reasons: list[str]
    changed_since: list[dict[str, Any]]


class Conflict(Answer):
    """A conflict in the answer to a save."""

    conflict_id: str
    conflict_type: Literal["room_collision", "speaker_overlap", "time_overlap", "other"]
    rule: str
    severity: Severity
    session_ids: list[str]
    person_id: str | None
    room_id: str | None
    message: str


class Override(Answer):
    """Who accepted a conflict, why and when."""

    audit_entry_id: str
    save_attempt_id: str
    editor_id: str
    editor_name: str | None
    reason: str
    saved_version: int
    created_at: str


class LedgerConflict(Conflict):
    """A conflict on record; `acknowledged` once it was accepted since it was last detected."""

    status: Literal["unresolved", "resolved"]
    detected_at: str
    last_updated_at: str
    acknowledged: bool
    overrides: list[Override]


class ConflictStep(Answer):
    """Something that happened to a conflict, and the change that did it."""

    happened: Literal["detected", "accepted", "resolved", "reopened"]
    at: str
    version: int
    audit_entry_id: str
    action: str
    editor_id: str | None
    editor_name: str | None
    reason: str | None


class ConflictOnRecord(LedgerConflict):
    """A conflict with all that happened to it, the oldest first."""

    history: list[ConflictStep]


class OverrideEntry(Override):
    """An acceptance of conflicts, immutable: which ones, who, why, when and at which version."""

    number: int
    affected_conflict_ids: list[str]


class OverrideList(Answer):
    """A page of overrides."""

    items: list[OverrideEntry]
    next: str | None


class ConflictList(Answer):
    """A page of conflicts."""

    items: list[LedgerConflict]
    next: str | None


class LockPolicy(Answer):
    """How locks are taken: `advisory` ones warn others, `required` ones keep others from moving the session."""

    mode: Literal["advisory", "required", "off"]
    lease_seconds: int


class Settings(Answer):
    """A conference's settings; every rule has its severity."""

    schedule_id: str
    version: int
    schedule_status: str
    severities: dict[str, Severity]
    lock_policy: LockPolicy
    hours: list[Day]
    preferences: dict[str, int]


class BrokenSession(Answer):
    """A session that a change breaks."""

    session_id: str
    title: str
    room_id: str | None
    start_time: str | None
    end_time: str | None
    violations: list[Violation]


class Assessed(Answer):
    """The sessions that a change breaks, and ranked repairs, whose `changes` are to be saved at `baseVersion`."""

    cause: int
    base_version: int
    resource: Literal["schedule", "room", "person"]
    resource_id: str
    sessions: list[BrokenSession]
    state: str
    repairs: list[RepairFound]
    reasons: list[str]


class Configured(Settings):
    """The settings after a change, and what other opening hours break; null where they break nothing."""

    consequences: Assessed | None


class SaveAttempt(Answer):
    """What became of a request to save."""

    save_attempt_id: str
    schedule_id: str
    expected_version: int
    result: Literal["saved", "warning_required", "cancelled", "stale_blocked", "validation_failed"]
    version: int
    created_at: str
    editor_id: str
    conflicts: list[Conflict]
    audit_entry_id: str | None = None
    changed_since: list[dict[str, Any]] | None = None
    changes_left_out: int | None = None
    still_valid: bool | None = None
    not_valid_because: str | None = None
    new_conflicts: list[Conflict] | None = None


class Reversed(Answer):
    """An audit entry whose changes were put back, or could be."""

    audit_entry_id: str
    number: int
    action: Literal["save", "override", "undo", "redo"]
    version: int
    changed_at: str
    changes: list[dict[str, Any]]


class Undone(ScheduleHead):
    """How the schedule stands after an undo or a redo, which is a save like others."""

    save_attempt_id: str
    expected_version: int
    result: Literal["saved"]
    schedule_status: str
    created_at: str
    editor_id: str
    conflicts: list[Conflict]
    audit_entry_id: str
    reversed: Reversed


class Undoable(Answer):
    """What undo and redo would put back."""

    version: int
    undo: Reversed | None
    redo: Reversed | None


class SaveAttemptOnRecord(SaveAttempt):
    """A save attempt with the changes that it asked for."""

    changes: list[dict[str, Any]]


class SaveList(Answer):
    """A page of save attempts."""

    items: list[SaveAttemptOnRecord]
    next: str | None


class Event(Answer):
    """An event; what else it holds depends on its type."""

    model_config = ConfigDict(json_schema_extra={"allOf": shapes.by_type()})

    seq: int
    type: Annotated[str, WithJsonSchema({"type": "string", "enum": list(TYPES)})]
    time: str
    schedule_id: str
    version: int


class EventList(Answer):
    """A page of events."""

    items: list[Event]
    next: str | None


class AuditEntry(Answer):
    """A change on record."""

    audit_entry_id: str
    number: int
    action: str
    editor_id: str | None
    editor_name: str | None
    save_attempt_id: str | None
    version: int
    reason: str | None
    created_at: str
    previous_hash: str
    hash: str
    changes: list[dict[str, Any]] = []


class AuditList(Answer):
    """A page of the audit."""

    items: list[AuditEntry]
    next: str | None


class FreeTime(Answer):
    """When a room or a person is free, as of the version that was looked at."""

    key: str
    kind: Literal["person", "room"]
    id: str
    name: str
    version: int
    free: list[Interval]


class FreeTimeList(Answer):
    """A page of free windows; they hold at `version`."""

    version: int
    items: list[FreeTime]
    next: str | None


class Foreseen(Answer):
    """What a change of availability or of hours would break, and how to mend it."""

    version: int
    sessions: list[BrokenSession]
    repair: Repaired


class Handler(Answer):
    """A handler of events, how many events it is behind, and how many it failed on."""

    name: str
    does: str
    behind: int
    retrying: int
    parked: int


class HandlerList(Answer):
    """The handlers of events."""

    items: list[Handler]
    next: str | None


class Trouble(Answer):
    """An event that a handler failed on."""

    trouble_id: str
    handler: str
    schedule_id: str
    slug: str
    seq: int
    event_type: str
    state: Literal["retrying", "parked"]
    attempts: int
    error: str
    failed_at: str
    retry_at: str | None
    event: dict[str, Any]


class TroubleList(Answer):
    """A page of troubles."""

    items: list[Trouble]
    next: str | None


class RoomNow(Answer):
    """What is on in a room, and what follows."""

    room_id: str
    now: Session | None
    next: Session | None


class Now(Answer):
    """Now and next in every room."""

    at: str
    rooms: list[RoomNow]


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
