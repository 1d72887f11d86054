"""The event log: written in the transaction that makes the change, read by everybody who follows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, insert, select
from sqlalchemy.orm import Session

from webapp.events.types import Event
from webapp.sealing import digest
from webapp.store.rows import EventRow, ScheduleRow

PAGE = 1000
"""How many events are read at once at most."""


# Made once: to put a statement together takes longer than to run it.
_ALL = (
    select(EventRow.body)
    .where(EventRow.schedule_id == bindparam("of_schedule"), EventRow.seq > bindparam("after"))
    .order_by(EventRow.seq)
    .limit(bindparam("at_most", type_=Integer))
)
_PUBLIC = _ALL.where(EventRow.public)


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
        row = {
            "schedule_id": schedule.id,
            "seq": schedule.last_seq,
            "type": event.type,
            "public": event.public,
            "time": now,
            "body": body,
        }
        schedule.log_hash = row["hash"] = digest((schedule.log_hash, *row.values()))
        rows.append(row)
    if rows:
        session.execute(insert(EventRow), rows)
        session.info.setdefault("news", {})[schedule.id] = schedule.last_seq


def first_broken(session: Session, schedule: ScheduleRow) -> int | None:
    """The seq of the first event that is missing or was tampered with; None if the chain of those kept holds."""
    expected, before = schedule.trimmed_seq + 1, schedule.trimmed_hash
    columns = (EventRow.schedule_id, EventRow.seq, EventRow.type, EventRow.public, EventRow.time, EventRow.body)
    query = select(*columns, EventRow.hash).where(EventRow.schedule_id == schedule.id).order_by(EventRow.seq)
    with session.execute(query.execution_options(yield_per=PAGE)) as rows:
        for *values, told in rows:
            if values[1] != expected or told != digest((before, *values)):
                return expected
            expected, before = expected + 1, told
    return None if (expected - 1, before) == (schedule.last_seq, schedule.log_hash) else expected


def read(
    session: Session, schedule_id: str, after: int, limit: int = PAGE, *, public_only: bool = False
) -> list[dict[str, Any]]:
    """The events after `after`, oldest first, each as the one object that goes out everywhere."""
    given = {"of_schedule": schedule_id, "after": after, "at_most": min(limit, PAGE)}
    return list(session.execute(_PUBLIC if public_only else _ALL, given).scalars())
