"""The conflict ledger: violations of the saved schedule, on record with an identity and a status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from solver.conference import Conference, Schedule
from solver.rules.violation import Violation
from webapp.events.types import Event
from webapp.services.severities import Severity, counting, severity
from webapp.services.views import instant
from webapp.store.rows import AuditRow, ConflictRow, EditorRow, OverrideRow, ScheduleRow

TYPES: Mapping[str, str] = {
    "room_overlap": "room_collision",
    "turnover": "room_collision",
    "speaker_overlap": "speaker_overlap",
    "travel": "speaker_overlap",
    "apart_overlap": "time_overlap",
    "order": "time_overlap",
}
"""Rule → conflict type; the rest are `other`."""

UNRESOLVED, RESOLVED = "unresolved", "resolved"


@dataclass(frozen=True)
class Found:
    """A violation under the name that it has, or would have, in the ledger."""

    id: str
    violation: Violation
    severity: Severity = "block"

    @property
    def blocks(self) -> bool:
        return self.severity == "block"

    def json(self) -> dict[str, Any]:
        return {
            "conflictId": self.id,
            "conflictType": TYPES.get(self.violation.rule, "other"),
            "rule": self.violation.rule,
            "severity": self.severity,
            "sessionIds": list(self.violation.sessions),
            "personId": self.violation.person,
            "roomId": self.violation.room,
            "message": self.violation.message,
        }


def find(row: ScheduleRow, conference: Conference, schedule: Schedule) -> list[Found]:
    """What the schedule breaks, under its conflict ids: the same violation always gets the same one.

    What the conference's settings let pass is no conflict.
    """
    severities = row.settings.get("severities", {})
    found = counting(conference, schedule, severities)
    return [Found(_identity(row.id, one), one, severity(severities, one.rule)) for one in found]


def standing(told: Iterable[Mapping[str, Any]]) -> str:
    """The status that a schedule has with these conflicts, as `Found.json` tells them."""
    return "conflicted" if any(one["severity"] == "block" for one in told) else "ready_to_publish"


def settle(session: Session, schedule: ScheduleRow, told: Sequence[Mapping[str, Any]], *, now: datetime) -> list[Event]:
    """Bring ledger and status in line with the conflicts of now; the events say what that opened and resolved."""
    rows = on_record(session, schedule)
    known = set(rows)
    events = bring_in_line(rows, schedule.id, told, now=now)
    session.add_all(row for identifier, row in rows.items() if identifier not in known)
    schedule.status, schedule.last_sync_at = standing(told), now
    return events


def on_record(session: Session, schedule: ScheduleRow) -> dict[str, ConflictRow]:
    """Every conflict that a schedule has or had, by id."""
    rows = session.scalars(select(ConflictRow).where(ConflictRow.schedule_id == schedule.id))
    return {row.id: row for row in rows}


def bring_in_line(
    rows: dict[str, ConflictRow], schedule_id: str, told: Sequence[Mapping[str, Any]], *, now: datetime
) -> list[Event]:
    """The same on rows alone, for whoever replays the audit."""
    events: list[Event] = []
    for one in told:
        row = rows.get(one["conflictId"])
        if row is None:
            rows[one["conflictId"]] = _opened(schedule_id, one, now)
            events.append(Event("conflict.detected", one))
            continue
        if row.status == RESOLVED:
            row.status, row.opened_at, row.last_updated_at = UNRESOLVED, now, now
            events.append(Event("conflict.detected", {**one, "reopened": True}))
        if row.message != one["message"]:
            row.message, row.last_updated_at = one["message"], now
    found = {one["conflictId"] for one in told}
    for row in rows.values():
        if row.status == UNRESOLVED and row.id not in found:
            row.status, row.last_updated_at = RESOLVED, now
            events.append(Event("conflict.resolved", _brief(row)))
    return events


def unresolved(session: Session, schedule: ScheduleRow, *, blocking: bool = False) -> list[ConflictRow]:
    """The conflicts that stand open, the oldest first; only those that block, if wanted."""
    rows = session.scalars(
        select(ConflictRow)
        .where(ConflictRow.schedule_id == schedule.id, ConflictRow.status == UNRESOLVED)
        .order_by(ConflictRow.detected_at, ConflictRow.id)
    )
    severities = schedule.settings.get("severities", {})
    return [row for row in rows if not blocking or severity(severities, row.rule) == "block"]


def told(session: Session, schedule: ScheduleRow, rows: Sequence[ConflictRow]) -> list[dict[str, Any]]:
    """Conflicts on record as the API tells them, each with the overrides that accepted it, the oldest first."""
    severities = schedule.settings.get("severities", {})
    accepted = _overrides(session, schedule, {row.id for row in rows})
    return [
        {
            **_brief(row),
            "severity": severity(severities, row.rule),
            "status": row.status,
            "detectedAt": instant(row.detected_at),
            "lastUpdatedAt": instant(row.last_updated_at),
            "acknowledged": any(created >= (row.opened_at or row.detected_at) for created, _ in accepted[row.id]),
            "overrides": [override for _, override in accepted[row.id]],
        }
        for row in rows
    ]


def _overrides(
    session: Session, schedule: ScheduleRow, conflicts: set[str]
) -> dict[str, list[tuple[datetime, dict[str, Any]]]]:
    """Conflict id → the overrides that name it: when, and who, why and at which version."""
    found: dict[str, list[tuple[datetime, dict[str, Any]]]] = {conflict: [] for conflict in conflicts}
    if not conflicts:
        return found
    entries = session.execute(
        select(OverrideRow, EditorRow.name)
        .join(AuditRow, AuditRow.id == OverrideRow.audit_entry_id)
        .outerjoin(EditorRow, EditorRow.id == OverrideRow.editor_id)
        .where(AuditRow.schedule_id == schedule.id)
        .order_by(AuditRow.number)
    )
    for entry, editor_name in entries:
        override = override_json(entry, editor_name)
        for conflict in conflicts.intersection(entry.affected_conflict_ids):
            found[conflict].append((entry.created_at, override))
    return found


def override_json(entry: OverrideRow, editor_name: str | None) -> dict[str, Any]:
    """Who accepted conflicts, why and when."""
    return {
        "auditEntryId": entry.audit_entry_id,
        "saveAttemptId": entry.save_attempt_id,
        "editorId": entry.editor_id,
        "editorName": editor_name,
        "reason": entry.reason,
        "savedVersion": entry.saved_version,
        "createdAt": instant(entry.created_at),
    }


def _brief(row: ConflictRow) -> dict[str, Any]:
    return {
        "conflictId": row.id,
        "conflictType": row.conflict_type,
        "rule": row.rule,
        "sessionIds": row.sessions,
        "personId": row.person,
        "roomId": row.room,
        "message": row.message,
    }


def _opened(schedule_id: str, one: Mapping[str, Any], now: datetime) -> ConflictRow:
    return ConflictRow(
        id=one["conflictId"],
        schedule_id=schedule_id,
        conflict_type=one["conflictType"],
        rule=one["rule"],
        sessions=one["sessionIds"],
        person=one["personId"],
        room=one["roomId"],
        message=one["message"],
        status=UNRESOLVED,
        detected_at=now,
        opened_at=now,
        last_updated_at=now,
    )


def _identity(schedule_id: str, violation: Violation) -> str:
    parts = [
        violation.rule,
        *sorted(violation.sessions),
        violation.person or "",
        *("" if number is None else str(number) for number in (violation.group, violation.entry)),
    ]
    return str(uuid5(UUID(schedule_id), "\x1f".join(parts)))
