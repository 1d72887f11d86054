"""The events that handlers failed on: set aside, tried again, parked; seen, and settled by somebody who looks."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.events import cursors
from webapp.services.clock import now_utc
from webapp.services.errors import NotFound
from webapp.services.views import instant
from webapp.store import Store
from webapp.store.rows import EventTroubleRow, ScheduleRow

if TYPE_CHECKING:
    from webapp.events.relay import Handler

RETRYING, PARKED = "retrying", "parked"
ERROR_LENGTH = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often, and after how long, an event is tried again on which a handler failed."""

    attempts: int = 6
    first: timedelta = timedelta(seconds=0.5)
    factor: int = 4

    def after(self, attempts: int) -> timedelta | None:
        """How long to wait after so many attempts; None when it is enough."""
        return None if attempts >= self.attempts else self.first * self.factor ** (attempts - 1)


# --- for the relay ---------------------------------------------------------------------------------------------------


def set_aside(session: Session, handler: str, event: dict[str, Any], error: Exception, patience: Patience) -> None:
    """Note that the handler failed on the event, and when it is to try again."""
    logger.warning("%s failed on event %s of schedule %s: %s", handler, event["seq"], event["scheduleId"], error)
    trouble = session.scalar(
        select(EventTroubleRow).where(
            EventTroubleRow.handler == handler,
            EventTroubleRow.schedule_id == event["scheduleId"],
            EventTroubleRow.seq == event["seq"],
        )
    )
    if trouble is None:
        trouble = EventTroubleRow(
            id=str(uuid4()),
            handler=handler,
            schedule_id=event["scheduleId"],
            seq=event["seq"],
            event=event,
            attempts=0,
        )
        session.add(trouble)
    trouble.attempts += 1
    trouble.failed_at = now_utc()
    wait = patience.after(trouble.attempts)
    trouble.state = PARKED if wait is None else RETRYING
    trouble.retry_at = None if wait is None else trouble.failed_at + wait
    trouble.error = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
    session.flush()


def due(session: Session, handlers: Iterable[str]) -> list[str]:
    """The troubles whose time to be tried again has come."""
    query = (
        select(EventTroubleRow.id)
        .where(EventTroubleRow.state == RETRYING, EventTroubleRow.retry_at <= now_utc())
        .where(EventTroubleRow.handler.in_(list(handlers)))
        .order_by(EventTroubleRow.retry_at)
    )
    return list(session.scalars(query))


def event_of(session: Session, trouble_id: str) -> tuple[str, dict[str, Any]] | None:
    """The handler and the event of a trouble; None if it is settled by now."""
    trouble = session.get(EventTroubleRow, trouble_id)
    return None if trouble is None else (trouble.handler, trouble.event)


def still_there(session: Session, trouble_id: str) -> bool:
    """Whether the event is to be tried again, kept from other processes until the transaction ends."""
    query = select(EventTroubleRow.state).where(EventTroubleRow.id == trouble_id).with_for_update()
    return session.scalar(query) == RETRYING


def remove(session: Session, trouble_id: str) -> None:
    """The handler is done with the event."""
    session.execute(delete(EventTroubleRow).where(EventTroubleRow.id == trouble_id))


# --- for people ------------------------------------------------------------------------------------------------------


def standing(store: Store, handlers: Iterable[type[Handler] | Handler]) -> list[dict[str, Any]]:
    """Of each handler: what it does, how many events it is behind over all schedules, and how many troubles it has."""
    named = {handler.name: handler for handler in handlers}

    def work(session: Session) -> list[dict[str, Any]]:
        left = cursors.behind(session, named)
        counted = session.execute(
            select(EventTroubleRow.handler, EventTroubleRow.state, func.count()).group_by(
                EventTroubleRow.handler, EventTroubleRow.state
            )
        )
        troubles = {(handler, state): count for handler, state, count in counted}
        return [
            {
                "name": name,
                "does": handler.says,
                "behind": sum(count for (mine, _), count in left.items() if mine == name),
                "retrying": troubles.get((name, RETRYING), 0),
                "parked": troubles.get((name, PARKED), 0),
            }
            for name, handler in named.items()
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
