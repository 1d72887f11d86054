"""What happened to a schedule since a version, from the audit."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.services.views import instant
from webapp.store.rows import AuditRow, ScheduleRow


def changed_since(session: Session, schedule: ScheduleRow, version: int) -> list[dict[str, Any]]:
    """Each change after `version`, oldest first: what it touched, which fields, by whom and when."""
    entries = session.scalars(
        select(AuditRow)
        .where(AuditRow.schedule_id == schedule.id, AuditRow.version > version)
        .order_by(AuditRow.number)
    )
    return [
        {
            "resource": change["resource"],
            f"{change['resource']}Id": change["resourceId"],
            "updatedFields": change["updatedFields"],
            "previousValues": change["previousValues"],
            "values": change["values"],
            "version": entry.version,
            "editorId": entry.editor_id,
            "changedAt": instant(entry.created_at),
        }
        for entry in entries
        for change in json.loads(entry.details).get("changes", [])
    ]
