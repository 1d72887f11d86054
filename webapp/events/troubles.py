"""What handlers are at, and the events that they failed on: seen, tried again, or let go of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.events.relay import PARKED, RETRYING, Handler
from webapp.services.clock import now_utc
from webapp.services.errors import NotFound
from webapp.services.views import instant
from webapp.store import Store
from webapp.store.rows import EventCursorRow, EventTroubleRow, ScheduleRow


def standing(store: Store, handlers: Iterable[type[Handler] | Handler]) -> list[dict[str, Any]]:
    """Of each handler: what it does, how many events it is behind over all schedules, and how many troubles it has."""

    def work(session: Session) -> list[dict[str, Any]]:
        last = {row.id: row.last_seq for row in session.execute(select(ScheduleRow.id, ScheduleRow.last_seq))}
        seen: dict[tuple[str, str], int] = {
            (row.handler, row.schedule_id): row.seq for row in session.scalars(select(EventCursorRow))
        }
        counted = session.execute(
            select(EventTroubleRow.handler, EventTroubleRow.state, func.count()).group_by(
                EventTroubleRow.handler, EventTroubleRow.state
            )
        )
        troubles = {(handler, state): count for handler, state, count in counted}
        return [
            {
                "name": handler.name,
                "does": handler.says,
                "behind": sum(seq - seen.get((handler.name, one), 0) for one, seq in last.items()),
                "retrying": troubles.get((handler.name, RETRYING), 0),
                "parked": troubles.get((handler.name, PARKED), 0),
            }
            for handler in handlers
        ]

    return store.read(work)


def listed(store: Store, *, after: str = "", limit: int = 100) -> list[dict[str, Any]]:
    """The events that handlers failed on, by id."""
    query = (
        select(EventTroubleRow, ScheduleRow.slug)
        .join(ScheduleRow, ScheduleRow.id == EventTroubleRow.schedule_id)
        .where(EventTroubleRow.id > after)
        .order_by(EventTroubleRow.id)
        .limit(limit)
    )
    return store.read(lambda session: [_told(row, slug) for row, slug in session.execute(query)])


def retry(store: Store, trouble_id: str) -> dict[str, Any]:
    """Have a handler try an event again now, as often as at first.  Raises `NotFound`."""

    def work(session: Session) -> dict[str, Any]:
        trouble, slug = _found(session, trouble_id)
        trouble.state, trouble.attempts, trouble.retry_at = RETRYING, 0, now_utc()
        return _told(trouble, slug)

    return store.write(work)


def discard(store: Store, trouble_id: str) -> None:
    """Let go of an event that a handler failed on: it will not be handled.  Raises `NotFound`."""
    store.write(lambda session: session.delete(_found(session, trouble_id)[0]))


def _found(session: Session, trouble_id: str) -> tuple[EventTroubleRow, str]:
    trouble = session.get(EventTroubleRow, trouble_id, with_for_update=True)
    if trouble is None:
        raise NotFound(f"no handler has trouble '{trouble_id}'")
    return trouble, session.get_one(ScheduleRow, trouble.schedule_id).slug


def _told(trouble: EventTroubleRow, slug: str) -> dict[str, Any]:
    return {
        "troubleId": trouble.id,
        "handler": trouble.handler,
        "scheduleId": trouble.schedule_id,
        "slug": slug,
        "seq": trouble.seq,
        "eventType": trouble.event["type"],
        "state": trouble.state,
        "attempts": trouble.attempts,
        "error": trouble.error,
        "failedAt": instant(trouble.failed_at),
        "retryAt": instant(trouble.retry_at),
        "event": trouble.event,
    }
