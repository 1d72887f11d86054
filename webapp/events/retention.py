"""How long events are kept.  Only the log is trimmed: the audit is for ever."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.store import Store
from webapp.store.rows import EventCursorRow, EventRow, ScheduleRow

AT_ONCE = 5000
"""How many events one transaction deletes: saves wait behind it."""


def trim(store: Store, *, before: datetime) -> int:
    """Delete the events of all schedules that are older than `before`; how many there were.

    What a handler that has begun has still to do stays.
    """
    ids = store.read(lambda session: list(session.scalars(select(ScheduleRow.id))))
    return sum(_trim_whole(store, schedule_id, before) for schedule_id in ids)


def _trim_whole(store: Store, schedule_id: str, before: datetime) -> int:
    total = 0
    while count := store.write(lambda session: _trim(session, schedule_id, before)):
        total += count
    return total


def _trim(session: Session, schedule_id: str, before: datetime) -> int:
    row = session.get_one(ScheduleRow, schedule_id, with_for_update=True)
    old = select(func.max(EventRow.seq)).where(EventRow.schedule_id == schedule_id, EventRow.time < before)
    cursors = session.scalars(select(EventCursorRow.seq).where(EventCursorRow.schedule_id == schedule_id)).all()
    last = min([session.scalar(old) or 0, row.trimmed_seq + AT_ONCE, *cursors])
    if last <= row.trimmed_seq:
        return 0
    gone = last - row.trimmed_seq
    row.trimmed_hash = session.get_one(EventRow, (schedule_id, last)).hash
    session.execute(delete(EventRow).where(EventRow.schedule_id == schedule_id, EventRow.seq <= last))
    row.trimmed_seq = last
    return gone
