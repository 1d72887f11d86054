"""How long the oldest event waits for each handler."""

from __future__ import annotations

from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.events import cursors
from webapp.events.handlers import EVERY
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EventRow, ScheduleRow


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
                aware = written if written.tzinfo else written.replace(tzinfo=UTC)
                ages[handler] = max(ages[handler], (now_utc() - aware).total_seconds())
        return ages

    return store.read(work)
