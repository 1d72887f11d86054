"""The tables.  Only `webapp.store` and the services' transactions know rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from webapp.sealing import NOTHING

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """An aware time, kept in UTC; databases that drop the offset get it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored time needs an offset")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Row(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON, list[Any]: JSON, datetime: Moment}


ID = String(36)


class ScheduleRow(Row):
    """One schedule: its head, and the facts that belong to no room, person or session."""

    __tablename__ = "schedule"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    version: Mapped[int] = mapped_column(default=1)
    published_version: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    updated_by: Mapped[str | None] = mapped_column(ID)
    last_seq: Mapped[int] = mapped_column(default=0)
    last_public_seq: Mapped[int] = mapped_column(default=0)
    trimmed_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    """The last event that the log no longer holds."""
    log_hash: Mapped[str] = mapped_column(String(64), default=NOTHING, server_default=NOTHING)
    trimmed_hash: Mapped[str] = mapped_column(String(64), default=NOTHING, server_default=NOTHING)
    """The hashes of the log's last event and of the last one that was trimmed, between which its chain hangs."""
    attempts_digest: Mapped[str] = mapped_column(String(64), default=NOTHING, server_default=NOTHING)
    """The sum of the digests of its save attempts."""
    last_broadcast_at: Mapped[datetime | None]
    """When attendees were last told something."""
    last_sync_at: Mapped[datetime | None]
    """When the conflicts were last brought in line with the placements."""
    audit_number: Mapped[int] = mapped_column(default=0, server_default="0")
    audit_hash: Mapped[str] = mapped_column(String(64), default=NOTHING, server_default=NOTHING)
    """The number and the hash of the audit's last entry, so that it cannot be cut off unnoticed."""
    name: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(String(64))
    frame: Mapped[dict[str, Any]]
    """The grid, the speaker gap, the days, and the apart, order and travel entries."""
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """The severities, the lock policy and the preferences, as far as they are not the usual ones."""


class RoomRow(Row):
    """A room's facts; `position` keeps the file's order."""

    __tablename__ = "room"

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    building: Mapped[str | None] = mapped_column(Text)
    capacity: Mapped[int | None]
    features: Mapped[list[Any]]
    turnover: Mapped[int]
    closed: Mapped[list[Any]]


class PersonRow(Row):
    """A person's facts."""

    __tablename__ = "person"

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    unavailable: Mapped[list[Any]]


class SessionRow(Row):
    """A session's facts and its assignment: room, start and, by its length, end; all null while unplaced."""

    __tablename__ = "session"
    __table_args__ = (ForeignKeyConstraint(["schedule_id", "room_id"], ["room.schedule_id", "room.id"]),)

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    track: Mapped[str | None] = mapped_column(Text)
    speakers: Mapped[list[Any]]
    needs: Mapped[list[Any]]
    audience: Mapped[int | None]
    pinned: Mapped[bool]
    room_id: Mapped[str | None] = mapped_column(Text)
    start: Mapped[int | None]
    """Minutes since 1970-01-01T00:00Z."""


class CarriedRow(Row):
    """What the imported format held and the facts do not model, for the way back."""

    __tablename__ = "carried"

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    format: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]]


class PublishedRow(Row):
    """What attendees see: the whole programme as it was published last."""

    __tablename__ = "published"

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    seq: Mapped[int]
    """The event that made it public."""
    published_at: Mapped[datetime]
    document: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    """A Callboard file."""
    revised: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """The version at which attendees last saw each session change; those that never did are left out."""


class ConflictRow(Row):
    """A violation on record: it keeps its identity while it lasts, and reopens as itself."""

    __tablename__ = "conflict"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), index=True)
    conflict_type: Mapped[str] = mapped_column(String(20))
    rule: Mapped[str] = mapped_column(String(40))
    sessions: Mapped[list[Any]]
    person: Mapped[str | None] = mapped_column(Text)
    room: Mapped[str | None] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20))
    detected_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    """When it was last detected: at first, or when it came back."""
    last_updated_at: Mapped[datetime]


class SaveAttemptRow(Row):
    """One request to save, and the answer it got."""

    __tablename__ = "save_attempt"
    __table_args__ = (Index("ix_save_attempt_schedule", "schedule_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"))
    editor_id: Mapped[str] = mapped_column(ID)
    expected_version: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    changes: Mapped[list[Any]]
    result: Mapped[str] = mapped_column(String(20))
    status_code: Mapped[int]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class AuditRow(Row):
    """One change of a schedule.  Never updated, never deleted: triggers see to it."""

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("schedule_id", "number"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id"))
    number: Mapped[int]
    action: Mapped[str] = mapped_column(String(40))
    editor_id: Mapped[str | None] = mapped_column(ID)
    save_attempt_id: Mapped[str | None] = mapped_column(String(100))
    version: Mapped[int]
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    details: Mapped[str] = mapped_column(Text)
    """JSON, as it was hashed."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class OverrideRow(Row):
    """Conflicts that somebody accepted, and why.  Immutable like the audit."""

    __tablename__ = "override_entry"

    audit_entry_id: Mapped[str] = mapped_column(ID, ForeignKey("audit_entry.id"), primary_key=True)
    save_attempt_id: Mapped[str] = mapped_column(String(100))
    editor_id: Mapped[str] = mapped_column(ID)
    reason: Mapped[str] = mapped_column(String(500))
    affected_conflict_ids: Mapped[list[Any]]
    saved_version: Mapped[int]
    created_at: Mapped[datetime]


class EventRow(Row):
    """The event log and outbox: per schedule numbered without gaps."""

    __tablename__ = "event"

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(60))
    public: Mapped[bool]
    time: Mapped[datetime]
    body: Mapped[dict[str, Any]]
    """The event as everybody gets it who may see all of it."""
    hash: Mapped[str] = mapped_column(String(64))
    """Over all of it and the hash of the event before."""


class EventCursorRow(Row):
    """How far a handler has come in a schedule's log."""

    __tablename__ = "event_cursor"

    handler: Mapped[str] = mapped_column(String(40), primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int]


class EventTroubleRow(Row):
    """An event that a handler failed on: tried again later, and at last parked until somebody looks."""

    __tablename__ = "event_trouble"
    __table_args__ = (UniqueConstraint("handler", "schedule_id", "seq"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    handler: Mapped[str] = mapped_column(String(40))
    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"))
    seq: Mapped[int]
    event: Mapped[dict[str, Any]]
    """A copy: the log may have let go of it by then."""
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    error: Mapped[str] = mapped_column(Text)
    failed_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]


class AvailabilityRow(Row):
    """When a room or a person is free, and the version that this stands on."""

    __tablename__ = "availability"

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int]
    free: Mapped[list[Any]]


class LeaseRow(Row):
    """A lock on a session: whose it is and until when; the row outlives its lock, so that `token` goes on rising."""

    __tablename__ = "session_lock"

    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True)
    session_id: Mapped[str] = mapped_column(Text, primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64))
    editor_id: Mapped[str] = mapped_column(ID)
    name: Mapped[str] = mapped_column(Text)
    token: Mapped[int]
    until: Mapped[datetime]


class EditorRow(Row):
    """Somebody, or some program, that may act."""

    __tablename__ = "editor"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    sign_in_name: Mapped[str | None] = mapped_column(Text, index=True, unique=True)
    """The name in small letters, of people who may sign in by it."""
    password_hash: Mapped[str | None] = mapped_column(Text)
    removed_at: Mapped[datetime | None]
    """Since when they may do nothing any more; the row stays for what they have done."""


class SignInRow(Row):
    """A browser that is signed in; the cookie itself is not kept, only its hash."""

    __tablename__ = "sign_in"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    editor_id: Mapped[str] = mapped_column(ID, ForeignKey("editor.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class TokenRow(Row):
    """A bearer token, hashed."""

    __tablename__ = "token"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    editor_id: Mapped[str] = mapped_column(ID, ForeignKey("editor.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    scopes: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """What it is confined to; null where it may do all that its role may."""
    expires_at: Mapped[datetime | None]


class LinkRow(Row):
    """A one-time sign-in link, hashed: for a person, or for whoever comes with it, who then gets its role."""

    __tablename__ = "link"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    editor_id: Mapped[str | None] = mapped_column(ID, ForeignKey("editor.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AccessRow(Row):
    """A change of who may do what.  Immutable like the audit, and chained like it; not of any schedule."""

    __tablename__ = "access_entry"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(String(40))
    editor_id: Mapped[str | None] = mapped_column(ID)
    """Whom it is about."""
    by_id: Mapped[str | None] = mapped_column(ID)
    created_at: Mapped[datetime]
    details: Mapped[str] = mapped_column(Text)
    """JSON, as it was hashed: role, scopes, and the digests of the rows that were changed."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AccessHeadRow(Row):
    """The number and the hash of the last change of who may do what, in a single row; whoever makes one holds it."""

    __tablename__ = "access_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class JobRow(Row):
    """A batch job: what was asked, who works on it, and the best so far."""

    __tablename__ = "solve_job"
    __table_args__ = (
        Index(
            "ix_solve_job_running",
            "schedule_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ID, ForeignKey("schedule.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    parameters: Mapped[dict[str, Any]]
    base_version: Mapped[int]
    time_limit: Mapped[float] = mapped_column(Float)
    seed: Mapped[int]
    versions: Mapped[dict[str, Any]]
    """Of what was it solved with: to run it again."""
    editor_id: Mapped[str | None] = mapped_column(ID)
    state: Mapped[str] = mapped_column(String(20), index=True)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    """How often a worker has begun it: the number by which one that was thought dead is known to be late."""
    crashes: Mapped[int] = mapped_column(default=0)
    """How often its solver ended without an answer."""
    worker: Mapped[str | None] = mapped_column(ID)
    beat: Mapped[int] = mapped_column(default=0)
    """Counted up by the worker for as long as it lives."""
    heartbeat_at: Mapped[datetime | None]
    progress: Mapped[dict[str, Any]]
    history: Mapped[list[Any]]
    """Seconds, objective, bound: what the chart shows."""
    best: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The places of the best so far, to go on from, and the changes that lead there."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    changes: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str] = mapped_column(Text, default="")


class RequestKeyRow(Row):
    """A request that made something and may come again: what it made, by its `Idempotency-Key` and its sender."""

    __tablename__ = "request_key"

    editor_id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    made: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
