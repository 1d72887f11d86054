"""How long the oldest event waits for each handler, and the oldest job in each state."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.events import cursors
from webapp.events.handlers import EVERY
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EventRow, JobRow, ScheduleRow

WAITING = ("requested", "running", "proposed")
"""States of a job in which something is still to be done."""


def of_handlers(store: Store) -> dict[str, float]:
    """Handler → seconds since the oldest event that it has still to see was written; 0 where there is none."""

    def work(session: Session) -> dict[str, float]:
        ages = dict.fromkeys((handler.name for handler in EVERY), 0.0)
        for (handler, schedule_id), left in cursors.behind(session, ages).items():
            last = session.scalar(select(ScheduleRow.last_seq).where(ScheduleRow.id == schedule_id)) or 0
            written = session.scalar(
                select(EventRow.time)
                .where(EventRow.schedule_id == schedule_id, EventRow.seq > last - left)
                .order_by(EventRow.seq)
                .limit(1)
            )
            if written is not None:
                ages[handler] = max(ages[handler], _since(written))
        return ages

    return store.read(work)


def of_jobs(store: Store) -> dict[str, float]:
    """State → seconds since the oldest job in it was asked for; 0 where there is none."""
    query = select(JobRow.state, func.min(JobRow.created_at)).where(JobRow.state.in_(WAITING)).group_by(JobRow.state)

    def work(session: Session) -> dict[str, float]:
        return dict.fromkeys(WAITING, 0.0) | {state: _since(oldest) for state, oldest in session.execute(query)}

    return store.read(work)


def _since(moment: datetime) -> float:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (now_utc() - aware).total_seconds()
