"""The conflict ledger: violations of the saved schedule, on record with an identity and a status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from solver.rules.violation import Violation
from webapp.events.types import Event
from webapp.services.views import instant
from webapp.store.rows import ConflictRow

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

    def json(self) -> dict[str, Any]:
        return {
            "conflictId": self.id,
            "conflictType": TYPES.get(self.violation.rule, "other"),
            "rule": self.violation.rule,
            "sessionIds": list(self.violation.sessions),
            "message": self.violation.message,
        }


def identify(schedule_id: str, violations: Iterable[Violation]) -> list[Found]:
    """The violations with their conflict ids: the same violation always gets the same one."""
    return [Found(_identity(schedule_id, violation), violation) for violation in violations]


def settle(session: Session, schedule_id: str, found: Sequence[Found], *, now: datetime) -> list[Event]:
    """Bring the ledger in line with what is violated now; the events say what that opened and resolved."""
    rows = {row.id: row for row in session.scalars(select(ConflictRow).where(ConflictRow.schedule_id == schedule_id))}
    events: list[Event] = []
    for one in found:
        row = rows.pop(one.id, None)
        if row is None:
            session.add(_opened(schedule_id, one, now))
            events.append(Event("conflict.detected", one.json()))
            continue
        if row.status == RESOLVED:
            row.status, row.last_updated_at = UNRESOLVED, now
            events.append(Event("conflict.detected", {**one.json(), "reopened": True}))
        if row.message != one.violation.message:
            row.message, row.last_updated_at = one.violation.message, now
    for row in rows.values():
        if row.status == UNRESOLVED:
            row.status, row.last_updated_at = RESOLVED, now
            events.append(Event("conflict.resolved", _brief(row)))
    return events


def conflict_json(row: ConflictRow) -> dict[str, Any]:
    """A conflict on record as the API tells it."""
    return {
        **_brief(row),
        "personId": row.person,
        "roomId": row.room,
        "status": row.status,
        "detectedAt": instant(row.detected_at),
        "lastUpdatedAt": instant(row.last_updated_at),
    }


def _brief(row: ConflictRow) -> dict[str, Any]:
    return {
        "conflictId": row.id,
        "conflictType": row.conflict_type,
        "rule": row.rule,
        "sessionIds": row.sessions,
        "message": row.message,
    }


def _opened(schedule_id: str, one: Found, now: datetime) -> ConflictRow:
    violation = one.violation
    return ConflictRow(
        id=one.id,
        schedule_id=schedule_id,
        conflict_type=TYPES.get(violation.rule, "other"),
        rule=violation.rule,
        sessions=list(violation.sessions),
        person=violation.person,
        room=violation.room,
        message=violation.message,
        status=UNRESOLVED,
        detected_at=now,
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
