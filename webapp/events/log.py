"""The event log: written in the transaction that makes the change, read by everybody who follows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from webapp.events.types import Event
from webapp.store.rows import EventRow, ScheduleRow

PAGE = 1000
"""How many events are read at once at most."""


def append(session: Session, schedule: ScheduleRow, events: Iterable[Event], *, now: datetime) -> None:
    """Number the events on from the schedule's last and write them.

    The caller holds the schedule's row, so the numbers have no gaps and come in the order of the commits.
    """
    rows: list[dict[str, Any]] = []
    for event in events:
        schedule.last_seq += 1
        body: dict[str, Any] = {
            "seq": schedule.last_seq,
            "type": event.type,
            "time": now.isoformat(timespec="milliseconds"),
            "scheduleId": schedule.id,
            "version": schedule.version,
            **event.body,
        }
        if event.public:
            body["previousSeq"] = schedule.last_public_seq
            schedule.last_public_seq = schedule.last_seq
            schedule.last_broadcast_at = now
        rows.append(
            {
                "schedule_id": schedule.id,
                "seq": schedule.last_seq,
                "type": event.type,
                "public": event.public,
                "time": now,
                "body": body,
            }
        )
    if rows:
        session.execute(insert(EventRow), rows)
        session.info.setdefault("news", {})[schedule.id] = schedule.last_seq


def read(
    session: Session, schedule_id: str, after: int, limit: int = PAGE, *, public_only: bool = False
) -> list[dict[str, Any]]:
    """The events after `after`, oldest first, each as the one object that goes out everywhere."""
    query = select(EventRow.body).where(EventRow.schedule_id == schedule_id, EventRow.seq > after)
    if public_only:
        query = query.where(EventRow.public)
    return list(session.scalars(query.order_by(EventRow.seq).limit(min(limit, PAGE))))
