"""The event log as the feed reads it: short reads beside the hub, on the store's reading threads."""

from __future__ import annotations

from sqlalchemy import select

from webapp.events import log
from webapp.events.types import public_view
from webapp.live.feed import Event, Head
from webapp.services import now
from webapp.store import Store
from webapp.store.rows import ScheduleRow


class StoreLog:
    """The log in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def head(self, schedule_id: str) -> Head:
        """Where the log of a schedule ends."""
        query = select(ScheduleRow.last_seq, ScheduleRow.last_public_seq).where(ScheduleRow.id == schedule_id)
        row = self._store.read(lambda session: session.execute(query).one_or_none())
        return Head(0, 0) if row is None else Head(row.last_seq, row.last_public_seq)

    def read(self, schedule_id: str, after: int, limit: int) -> list[Event]:
        """The events after `after`, oldest first."""
        return self._store.read(lambda session: log.read(session, schedule_id, after, limit))

    def now(self, schedule_id: str) -> Event | None:
        """What is on now and next in every room, by id; None if nothing is."""
        return now.pushed(self._store, schedule_id)

    def public_view(self, event: Event) -> Event | None:
        """The event as attendees get it, or None."""
        return public_view(event)
