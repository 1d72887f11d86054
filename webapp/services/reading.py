"""Reading: schedules as editors and as attendees see them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.auth.identity import Identity
from webapp.events import log
from webapp.events.types import public_view
from webapp.sealing import canonical
from webapp.services import auditing, ledger
from webapp.services.errors import Gone, NotFound
from webapp.services.views import facts_json, head_json, instant
from webapp.store import Facts, Store
from webapp.store.rows import (
    AuditRow,
    CarriedRow,
    ConflictRow,
    EditorRow,
    PublishedRow,
    SaveAttemptRow,
    ScheduleRow,
    SessionRow,
)


def find(session: Session, reference: str, *, lock: bool = False) -> ScheduleRow:
    """The schedule with this id or slug; `lock` keeps it for the rest of the transaction."""
    column = ScheduleRow.id if is_uuid(reference) else ScheduleRow.slug
    query = select(ScheduleRow).where(column == reference.lower())
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"there is no schedule '{reference}'")
    return row


def find_visible(session: Session, reference: str, identity: Identity) -> ScheduleRow:
    """The schedule, if the caller may know of it: attendees know of published ones only."""
    row = find(session, reference)
    if row.published_version is None and not identity.sees_drafts:
        raise NotFound(f"there is no schedule '{reference}'")
    return row


def draft_facts(store: Store, session: Session, reference: str) -> tuple[ScheduleRow, Facts]:
    """A schedule's head and its draft."""
    row = find(session, reference)
    return row, store.facts(session, row)


def draft(store: Store, reference: str) -> Facts:
    """A schedule's draft."""
    return store.read(lambda session: draft_facts(store, session, reference)[1])


def draft_json(store: Store, reference: str) -> dict[str, Any]:
    """The draft, whole, for editors."""

    def work(session: Session) -> dict[str, Any]:
        row, facts = draft_facts(store, session, reference)
        return {**head_json(row), **facts_json(facts, public=False)}

    return store.read(work)


def head(store: Store, reference: str) -> dict[str, Any]:
    """How a schedule stands, without its contents."""
    return store.read(lambda session: head_json(find(session, reference)))


def published_document(store: Store, reference: str) -> tuple[bytes, int]:
    """What attendees see, as JSON, and its version.  It changes by publishing alone, so it is written once."""

    def work(session: Session) -> tuple[bytes, int]:
        row = find(session, reference)
        version = row.published_version or 0
        told = store.rendered.get(row.id, version)
        if told is None:
            facts, published = published_facts(store, session, row)
            whole = {**_public_head(row, published), **facts_json(facts, public=True)}
            told = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
            store.rendered.remember(row.id, version, told)
        return told, version

    return store.read(work)


def published_version(store: Store, reference: str) -> int:
    """The version that attendees see; `NotFound` if it was never published."""

    def work(session: Session) -> int:
        row = find(session, reference)
        if row.published_version is None:
            raise NotFound(f"there is no schedule '{reference}'")
        return row.published_version

    return store.read(work)


def published_facts(store: Store, session: Session, row: ScheduleRow) -> tuple[Facts, PublishedRow]:
    """The facts as they were published last, and the publication."""
    from webapp.schemas import read_callboard

    published = session.get(PublishedRow, row.id)
    if published is None:
        raise NotFound(f"there is no schedule '{row.slug}'")
    facts = store.published.get(row.id, published.version)
    if facts is None:
        conference, schedule = read_callboard(published.document, f"{row.slug}, as published")
        facts = Facts(row.id, published.version, conference, schedule)
        store.published.remember(row.id, published.version, facts)
    return facts, published


def carried(session: Session, schedule_id: str) -> dict[str, Any]:
    """What the imported file held and the facts do not model."""
    row = session.get(CarriedRow, schedule_id)
    return {} if row is None else row.data


def events(store: Store, reference: str, identity: Identity, *, after: int | None, limit: int) -> list[dict[str, Any]]:
    """A page of the event log: whole for editors, the public events for anybody else; None: from the oldest kept.

    Raises `Gone` where events after `after` are not kept any more.
    """

    def work(session: Session) -> list[dict[str, Any]]:
        row = find_visible(session, reference, identity)
        if after is not None and after < row.trimmed_seq:
            raise Gone(
                f"events up to {row.trimmed_seq} are not kept any more: read the schedule and go on from its lastSeq",
                oldestSeq=row.trimmed_seq + 1,
                lastSeq=row.last_seq if identity.sees_drafts else row.last_public_seq,
            )
        seen = row.trimmed_seq if after is None else after
        if identity.sees_drafts:
            return log.read(session, row.id, seen, limit)
        public = log.read(session, row.id, seen, limit, public_only=True)
        return [view for event in public if (view := public_view(event)) is not None]

    return store.read(work)


def conflicts(store: Store, reference: str, *, status: str | None, after: str, limit: int) -> list[dict[str, Any]]:
    """A page of the conflict ledger, by id."""

    def work(session: Session) -> list[dict[str, Any]]:
        row = find(session, reference)
        query = select(ConflictRow).where(ConflictRow.schedule_id == row.id, ConflictRow.id > after)
        if status is not None:
            query = query.where(ConflictRow.status == status)
        return ledger.told(session, row, session.scalars(query.order_by(ConflictRow.id).limit(limit)).all())

    return store.read(work)


def all_conflicts(store: Store, reference: str) -> list[dict[str, Any]]:
    """The whole conflict ledger, what was touched last first."""

    def work(session: Session) -> list[dict[str, Any]]:
        row = find(session, reference)
        found = ledger.on_record(session, row).values()
        latest = sorted(found, key=lambda one: (one.last_updated_at, one.id), reverse=True)
        return ledger.told(session, row, latest)

    return store.read(work)


def saves(store: Store, reference: str, *, after: str, limit: int) -> list[dict[str, Any]]:
    """A page of the save attempts and what became of them, by id."""

    def work(session: Session) -> list[dict[str, Any]]:
        row = find(session, reference)
        query = select(SaveAttemptRow).where(SaveAttemptRow.schedule_id == row.id, SaveAttemptRow.id > after)
        found = session.scalars(query.order_by(SaveAttemptRow.id).limit(limit))
        return [{**one.answer["attempt"], "changes": one.changes} for one in found]

    return store.read(work)


def audit(
    store: Store, reference: str, *, after: int = 0, limit: int | None = None, of_session: str | None = None
) -> list[dict[str, Any]]:
    """A page of the audit, or all of it, oldest first; or the history of one session: its changes alone."""

    def work(session: Session) -> list[dict[str, Any]]:
        query = _audit(session, reference, of_session).where(AuditRow.number > after)
        found = session.execute(query.order_by(AuditRow.number).limit(limit))
        return [_entry_json(entry, name, of_session) for entry, name in found]

    return store.read(work)


def latest_audit(
    store: Store, reference: str, *, before: int, limit: int, of_session: str | None = None
) -> list[dict[str, Any]]:
    """The same before an entry's number, newest first."""

    def work(session: Session) -> list[dict[str, Any]]:
        query = _audit(session, reference, of_session).where(AuditRow.number < before)
        found = session.execute(query.order_by(AuditRow.number.desc()).limit(limit))
        return [_entry_json(entry, name, of_session) for entry, name in found]

    return store.read(work)


def _audit(session: Session, reference: str, of_session: str | None) -> Select[AuditRow, str]:
    row = find(session, reference)
    query = (
        select(AuditRow, EditorRow.name)
        .outerjoin(EditorRow, EditorRow.id == AuditRow.editor_id)
        .where(AuditRow.schedule_id == row.id)
    )
    if of_session is None:
        return query
    if session.get(SessionRow, (row.id, of_session)) is None:
        raise NotFound(f"there is no session '{of_session}'")
    # Details are kept as they were hashed, in one spelling, so this finds what it should.
    spelt = canonical({"resource": "session", "resourceId": of_session})[1:-1]
    return query.where(AuditRow.details.contains(spelt, autoescape=True))


def _entry_json(entry: AuditRow, editor_name: str | None, of_session: str | None) -> dict[str, Any]:
    return {**auditing.entry_json(entry, of_session=of_session), "editorName": editor_name}


def listing(store: Store, identity: Identity, *, after: str, limit: int) -> list[dict[str, Any]]:
    """The heads of the schedules that the caller may see, by slug."""

    def work(session: Session) -> list[dict[str, Any]]:
        query = select(ScheduleRow).where(ScheduleRow.slug > after).order_by(ScheduleRow.slug).limit(limit)
        if identity.sees_drafts:
            return [{**head_json(row), "name": row.name} for row in session.scalars(query)]
        public = query.add_columns(PublishedRow).join(PublishedRow, PublishedRow.schedule_id == ScheduleRow.id)
        return [{**_public_head(row, published), "name": row.name} for row, published in session.execute(public)]

    return store.read(work)


def _public_head(row: ScheduleRow, published: PublishedRow) -> dict[str, Any]:
    return {
        "scheduleId": row.id,
        "slug": row.slug,
        "version": published.version,
        "publishedVersion": published.version,
        "status": "published",
        "updatedAt": instant(published.published_at),
        "updatedBy": None,
        "lastSeq": published.seq,
        "lastBroadcastAt": instant(published.published_at),
        "lastSyncAt": instant(published.published_at),
    }


def is_uuid(reference: str) -> bool:
    """Whether it is spelt as an id of ours."""
    try:
        UUID(reference)
    except ValueError:
        return False
    return len(reference) == 36
