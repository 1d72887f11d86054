"""The handlers of events: what follows from a change, and is not part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from webapp.events import log, retention, types
from webapp.events.relay import Event, Handler, Relay, Write
from webapp.services import availability, consequences
from webapp.services.clock import now_utc
from webapp.services.repairing import Solver
from webapp.store import Store
from webapp.store.rows import ScheduleRow

OLD_NEWS = timedelta(minutes=10)
"""After that long, whoever changed somebody's availability has seen to it in other ways."""


PAUSE = 0.03
"""Seconds that slow handlers leave to quick ones: what follows takes them ten times as long."""


def relays(store: Store, solver: Callable[[], Solver], *, event_days: int) -> tuple[Relay, ...]:
    """The handlers, those that take long apart: nobody waits for them.  Old events are trimmed beside them."""

    def trim() -> None:
        if event_days:
            retention.trim(store, before=now_utc() - timedelta(days=event_days))

    return Relay(store, [Availability(store)]), Relay(store, [Consequences(store, solver)], pause=PAUSE, hourly=trim)


class Availability(Handler):
    """Keeps the free windows of those whom events affect."""

    name = availability.HANDLER
    says = "keeps when rooms and people are free"
    types = availability.TYPES

    def __init__(self, store: Store) -> None:
        self._store = store

    def handle(self, session: Session, events: Sequence[Event]) -> None:
        # Saves wait until we are done: facts that changed while they are read would be of no version.
        facts = self._store.facts_now(session, events[0]["scheduleId"])
        availability.recalculate(session, facts, availability.affected(facts, events))


class Consequences(Handler):
    """Tells editors which sessions a change of availability or of hours breaks, and the best repairs."""

    name = "consequences"
    says = "finds what a change of availability or of hours breaks, and the repairs"
    types = frozenset({"person.availability_changed", "room.closed", "schedule.settings_changed"})

    def __init__(self, store: Store, solver: Callable[[], Solver]) -> None:
        self._store = store
        self._solver = solver

    def wanted(self, events: Iterable[Event]) -> list[Event]:
        return [event for event in super().wanted(events) if "previous" in event]

    def prepare(self, events: Sequence[Event]) -> Write:
        (event,) = events
        if now_utc() - datetime.fromisoformat(event["time"]) > OLD_NEWS:
            return lambda session: None
        found = consequences.assess(self._store, self._solver(), event)

        def write(session: Session) -> None:
            if found is not None:
                row = session.get_one(ScheduleRow, event["scheduleId"], with_for_update=True)
                log.append(session, row, [types.Event("availability.assessed", found)], now=now_utc())

        return write


EVERY: tuple[type[Handler], ...] = (Availability, Consequences)
"""The handlers, for those who look after them."""
