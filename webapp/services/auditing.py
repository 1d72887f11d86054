"""The audit: one entry per change, each chained to the one before by its hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from webapp.sealing import canonical, digest
from webapp.services.views import instant
from webapp.store.rows import AuditRow, ScheduleRow


def record(
    session: Session,
    schedule: ScheduleRow,
    action: str,
    details: Mapping[str, Any],
    *,
    editor_id: str | None,
    now: datetime,
    save_attempt_id: str | None = None,
    reason: str | None = None,
) -> AuditRow:
    """Write what was done to a schedule at its present version; the caller holds the schedule's row."""
    entry = AuditRow(
        id=str(uuid4()),
        schedule_id=schedule.id,
        number=schedule.audit_number + 1,
        action=action,
        editor_id=editor_id,
        save_attempt_id=save_attempt_id,
        version=schedule.version,
        reason=reason,
        created_at=now,
        details=canonical(details),
        previous_hash=schedule.audit_hash,
    )
    entry.hash = hash_of(entry)
    session.add(entry)
    schedule.audit_number, schedule.audit_hash = entry.number, entry.hash
    return entry


def hash_of(entry: AuditRow) -> str:
    """The hash that an entry must have: over everything in it and the hash before."""
    return digest(
        (
            entry.previous_hash,
            entry.id,
            entry.schedule_id,
            entry.number,
            entry.action,
            entry.editor_id,
            entry.save_attempt_id,
            entry.version,
            entry.reason,
            entry.created_at,
            entry.details,
        )
    )


def entry_json(entry: AuditRow, *, of_session: str | None = None) -> dict[str, Any]:
    """An audit entry as the API tells it; an import's whole file is not repeated.

    With `of_session`, only what the entry says of that session.
    """
    details = json.loads(entry.details)
    details.pop("document", None)
    if of_session is not None:
        mine = ("session", of_session)
        details["changes"] = [one for one in details["changes"] if (one["resource"], one["resourceId"]) == mine]
        named = details.get("conflicts", ())
        details["conflicts"] = [one for one in named if of_session in one["sessionIds"]]
    return {
        "auditEntryId": entry.id,
        "number": entry.number,
        "action": entry.action,
        "editorId": entry.editor_id,
        "saveAttemptId": entry.save_attempt_id,
        "version": entry.version,
        "reason": entry.reason,
        "createdAt": instant(entry.created_at),
        "previousHash": entry.previous_hash,
        "hash": entry.hash,
        **details,
    }
