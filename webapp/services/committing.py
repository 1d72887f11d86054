"""Committing: what a save, an undo and a redo write alike, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from solver.conference import Conference, Schedule
from webapp.events import log
from webapp.events.types import Event
from webapp.services import auditing, differences, ledger, locking
from webapp.services.publishing import make_public
from webapp.services.views import instant
from webapp.store import Facts, Store
from webapp.store.facts import update_facts
from webapp.store.rows import OverrideRow, ScheduleRow


@dataclass(frozen=True, kw_only=True)
class Intent:
    """Who changes a schedule, by which attempt, when, and how the audit is to call it."""

    editor_id: str
    attempt_id: str
    now: datetime
    action: str = "save"
    """`override` takes its place where blocking conflicts are accepted by a save."""
    reason: str | None = None
    """Why conflicts are accepted; there must be one if any remain that block."""
    publish: bool = False
    details: Mapping[str, Any] | None = None
    """What the audit entry says besides changes and conflicts."""
    told_as: str = "schedule.saved"
    """The event that closes the change."""


def commit(
    store: Store,
    session: Session,
    row: ScheduleRow,
    before: Facts,
    conference: Conference,
    schedule: Schedule,
    found: Sequence[ledger.Found],
    intent: Intent,
) -> str | None:
    """Write version, placements, conflicts, audit, events, and the publication if asked for; the audit entry's id.

    `before` are the draft's facts, `conference` and `schedule` what they become, `found` the conflicts that this has.
    None, with nothing written, if somebody else has changed the schedule since `before`.
    Raises `Locked` where locks are required and somebody else has one.
    """
    if not _advance(session, row, before.version):
        return None
    after = Facts(row.id, row.version, conference, schedule)
    changes = differences.between(before.conference, before.schedule, conference, schedule)
    locking.respect(store, session, row, conference, changes, intent.editor_id)
    update_facts(session, after, (change.key for change in changes))
    told = [one.json() for one in found]
    conflicts = ledger.settle(session, row, told, now=intent.now)
    row.updated_at, row.updated_by = intent.now, intent.editor_id
    audit_entry_id = _record(session, row, changes, told, intent)
    log.append(session, row, _events(row, changes, conflicts, intent), now=intent.now)
    if intent.publish:
        make_public(
            session,
            store,
            row,
            after,
            editor_id=intent.editor_id,
            now=intent.now,
            save_attempt_id=intent.attempt_id,
        )
    store.remember_draft(session, after)
    return audit_entry_id


def _advance(session: Session, row: ScheduleRow, expected: int) -> bool:
    """Count the version up: the comparison that decides who of several writers has won."""
    won = session.execute(
        update(ScheduleRow)
        .where(ScheduleRow.id == row.id, ScheduleRow.version == expected)
        .values(version=expected + 1)
        .returning(ScheduleRow.version)
        .execution_options(synchronize_session=False)
    ).first()
    if won is not None:
        session.refresh(row)
    return won is not None


def _record(
    session: Session,
    row: ScheduleRow,
    changes: Sequence[differences.Change],
    conflicts: Sequence[Mapping[str, Any]],
    intent: Intent,
) -> str:
    """Write the audit entry, and the override beside it if blocking conflicts were accepted."""
    overrides = ledger.standing(conflicts) == "conflicted"
    entry = auditing.record(
        session,
        row,
        "override" if overrides and intent.action == "save" else intent.action,
        {
            "changes": [change.json() for change in changes],
            "conflicts": conflicts,
            **(intent.details or {}),
        },
        editor_id=intent.editor_id,
        now=intent.now,
        save_attempt_id=intent.attempt_id,
        reason=intent.reason if overrides else None,
    )
    if overrides and intent.reason is not None:
        session.flush()
        session.add(
            OverrideRow(
                audit_entry_id=entry.id,
                save_attempt_id=intent.attempt_id,
                editor_id=intent.editor_id,
                reason=intent.reason,
                affected_conflict_ids=[one["conflictId"] for one in conflicts],
                saved_version=row.version,
                created_at=intent.now,
            )
        )
    return entry.id


def _events(
    row: ScheduleRow, changes: Sequence[differences.Change], conflicts: Sequence[Event], intent: Intent
) -> list[Event]:
    by = {"editorId": intent.editor_id, "saveAttemptId": intent.attempt_id}
    events = [Event(event.type, {**event.body, **by}) for change in changes for event in differences.events_of(change)]
    timestamp = instant(intent.now)
    events += [Event("schedule.updated", {**change.json(), "timestamp": timestamp, **by}) for change in changes]
    events += [Event(event.type, {**event.body, **by}) for event in conflicts]
    done = {"status": row.status, "updatedAt": timestamp, "changes": len(changes), **by}
    return [*events, Event(intent.told_as, {**done, **(intent.details or {})})]
