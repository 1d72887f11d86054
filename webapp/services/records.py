"""What is on record besides the audit itself: overrides, and how each conflict came and went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.services import ledger
from webapp.services.errors import NotFound
from webapp.services.reading import find, is_uuid
from webapp.services.views import instant
from webapp.store import Store
from webapp.store.rows import AuditRow, ConflictRow, EditorRow, OverrideRow, ScheduleRow


def overrides(store: Store, reference: str, *, after: int, limit: int) -> list[dict[str, Any]]:
    """A page of the acceptances of conflicts, the oldest first: who, why, which and at which version."""

    def work(session: Session) -> list[dict[str, Any]]:
        row = find(session, reference)
        found = session.execute(
            select(OverrideRow, AuditRow.number, EditorRow.name)
            .join(AuditRow, AuditRow.id == OverrideRow.audit_entry_id)
            .outerjoin(EditorRow, EditorRow.id == OverrideRow.editor_id)
            .where(AuditRow.schedule_id == row.id, AuditRow.number > after)
            .order_by(AuditRow.number)
            .limit(limit)
        )
        return [
            {
                **ledger.override_json(entry, name),
                "number": number,
                "affectedConflictIds": entry.affected_conflict_ids,
            }
            for entry, number, name in found
        ]

    return store.read(work)


def conflict(store: Store, reference: str, conflict_id: str) -> dict[str, Any]:
    """One conflict on record, with its history.  Raises `NotFound`."""

    def work(session: Session) -> dict[str, Any]:
        row = find(session, reference)
        found = session.get(ConflictRow, conflict_id.lower()) if is_uuid(conflict_id) else None
        if found is None or found.schedule_id != row.id:
            raise NotFound(f"there is no conflict '{conflict_id}'")
        [told] = ledger.told(session, row, [found])
        return {**told, "history": _history(session, row, found.id)}

    return store.read(work)


def _history(session: Session, row: ScheduleRow, conflict_id: str) -> Sequence[dict[str, Any]]:
    """When the conflict was detected, accepted and resolved, and by whose change: the audit says how each left it."""
    # Whether an entry names it is asked of the database: the entries themselves may be large.
    entries = session.execute(
        select(
            AuditRow.id,
            AuditRow.action,
            AuditRow.version,
            AuditRow.editor_id,
            AuditRow.reason,
            AuditRow.created_at,
            EditorRow.name,
            AuditRow.details.contains(conflict_id).label("stands"),
        )
        .outerjoin(EditorRow, EditorRow.id == AuditRow.editor_id)
        .where(AuditRow.schedule_id == row.id, AuditRow.details.contains('"conflicts":'))
        .order_by(AuditRow.number)
    )
    history: list[dict[str, Any]] = []
    stood = seen = False
    for entry in entries:
        happened = []
        if entry.stands and not stood:
            happened.append("reopened" if seen else "detected")
        if entry.stands and entry.reason is not None:
            happened.append("accepted")
        if stood and not entry.stands:
            happened.append("resolved")
        stood, seen = entry.stands, seen or entry.stands
        history += [
            {
                "happened": what,
                "at": instant(entry.created_at),
                "version": entry.version,
                "auditEntryId": entry.id,
                "action": entry.action,
                "editorId": entry.editor_id,
                "editorName": entry.name,
                "reason": entry.reason if what == "accepted" else None,
            }
            for what in happened
        ]
    return history
