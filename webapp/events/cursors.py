"""How far each handler has come in each schedule's log.  Written in the transaction of what the handler does."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session

from webapp.store.rows import EventCursorRow, ScheduleRow

# Made once: to put a statement together takes longer than to run it, and these run after every save.
_HERE = (EventCursorRow.handler == bindparam("of_handler")) & (EventCursorRow.schedule_id == bindparam("of_schedule"))
_READ = select(EventCursorRow.seq).where(_HERE)
_LOCK = _READ.with_for_update()
_MOVE = update(EventCursorRow.__table__).where(_HERE).values(seq=bindparam("to_seq"))  # type: ignore[arg-type]
_BEGIN = text(
    "INSERT INTO event_cursor (handler, schedule_id, seq) VALUES (:of_handler, :of_schedule, 0) ON CONFLICT DO NOTHING"
)


def seen(session: Session, handler: str, schedule_id: str) -> int:
    """The last event that the handler is done with."""
    return session.execute(_READ, _names(handler, schedule_id)).scalar() or 0


def locked(session: Session, handler: str, schedule_id: str) -> int:
    """The same, kept from other processes until the transaction ends."""
    names = _names(handler, schedule_id)
    seq = session.execute(_LOCK, names).scalar()
    if seq is None:
        session.execute(_BEGIN, names)
        seq = session.execute(_LOCK, names).scalar_one()
    return seq


def move(session: Session, handler: str, schedule_id: str, seq: int) -> None:
    """Note that the handler is done with everything up to `seq`."""
    session.connection().execute(_MOVE, {**_names(handler, schedule_id), "to_seq": seq})


def behind(session: Session, handlers: Iterable[str]) -> dict[tuple[str, str], int]:
    """Handler and schedule → how many events the handler has still to see, where there are any."""
    names = list(handlers)
    rows = session.execute(
        select(EventCursorRow.handler, EventCursorRow.schedule_id, EventCursorRow.seq).where(
            EventCursorRow.handler.in_(names)
        )
    )
    done = {(row.handler, row.schedule_id): row.seq for row in rows}
    return {
        (handler, row.id): left
        for row in session.execute(select(ScheduleRow.id, ScheduleRow.last_seq))
        for handler in names
        if (left := row.last_seq - done.get((handler, row.id), 0)) > 0
    }


def _names(handler: str, schedule_id: str) -> dict[str, str]:
    return {"of_handler": handler, "of_schedule": schedule_id}
