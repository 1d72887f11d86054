"""The relay: brings each event to each handler, in order, and never lets one that fails hold up the rest.

A handler has a cursor for each schedule, moved on in the transaction in which it writes: what it did and that it did
it are committed together, so a process that is killed in between has done nothing.  An event that a handler fails on
is set aside and tried again, later and later; after that it is parked until somebody looks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from webapp.events import log
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import EventCursorRow, EventTroubleRow, ScheduleRow

LOOK_SECONDS = 1.5
"""How often the log is looked at although no bell has rung: other processes write to it too."""
BATCH = 500
RETRYING, PARKED = "retrying", "parked"
ERROR_LENGTH = 500

Event = dict[str, Any]
Write = Callable[[Session], None]

logger = logging.getLogger(__name__)


class Handler:
    """What is to be done about events of some types.

    It is told every event once, and again where it failed or was killed; then perhaps after later ones.  So it looks at
    how things stand now and does not count on the order: the event says where to look.
    """

    name: str
    says: str
    """What it does, for people."""
    types: frozenset[str]

    def prepare(self, events: Sequence[Event]) -> Write:
        """What to write for these events of one schedule.  May take long: no transaction is open."""
        return lambda session: self.handle(session, events)

    def handle(self, session: Session, events: Sequence[Event]) -> None:
        """Write it, in the transaction that moves the cursor on."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often, and after how long, an event is tried again on which a handler failed."""

    attempts: int = 6
    first: timedelta = timedelta(seconds=0.5)
    factor: int = 4

    def after(self, attempts: int) -> timedelta | None:
        """How long to wait after so many attempts; None when it is enough."""
        return None if attempts >= self.attempts else self.first * self.factor ** (attempts - 1)


class Relay:
    """Takes some handlers through the logs of all schedules, woken by the bell and looking by itself.

    `hourly` is called at the start and every hour, on the relay's thread.
    """

    def __init__(
        self,
        store: Store,
        handlers: Iterable[Handler],
        patience: Patience | None = None,
        *,
        hourly: Callable[[], object] = lambda: None,
    ) -> None:
        self.handlers = {handler.name: handler for handler in handlers}
        self.caught_up: Callable[[str, int], None] = lambda schedule_id, seq: None
        """Called with each schedule and the last event that all handlers are done with."""
        self._store = store
        self._patience = patience or Patience()
        self._hourly = hourly
        self._bell = threading.Event()
        self._rung: set[str] = set()
        self._thread: threading.Thread | None = None
        self._ended = False

    def ring(self, schedule_id: str, seq: int) -> None:
        """Say that the log of a schedule has grown to `seq`.  May be called from any thread."""
        self._rung.add(schedule_id)
        self._bell.set()

    def start(self) -> None:
        """Follow the logs on a thread of its own, or what stands for one under gevent."""
        self._thread = threading.Thread(target=self._follow, name="relay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End that thread, and wait for it."""
        self._ended = True
        self._bell.set()
        if self._thread is not None:
            self._thread.join()

    def run(self) -> None:
        """Bring every handler up to date on every schedule, and try again what is due."""
        for schedule_id in self._behind():
            self._catch_up(schedule_id)
        self._retry_due()

    def _follow(self) -> None:
        self._rung.clear()
        next_hour = 0.0
        while not self._ended:
            try:
                if time.monotonic() >= next_hour:
                    next_hour = time.monotonic() + 3600
                    self._hourly()
                rung = [self._rung.pop() for _ in range(len(self._rung))]
                for schedule_id in rung:
                    self._catch_up(schedule_id)
                if not rung:
                    self.run()
            except Exception:
                # The database is away, say: nothing is lost, because no cursor has moved.
                logger.exception("events could not be handled; trying again")
            self._bell.wait(LOOK_SECONDS)
            self._bell.clear()

    def _behind(self) -> list[str]:
        """The schedules with events that some handler has not seen."""

        def work(session: Session) -> list[str]:
            cursors = session.scalars(select(EventCursorRow).where(EventCursorRow.handler.in_(self.handlers)))
            seen = {(one.handler, one.schedule_id): one.seq for one in cursors}
            return [
                schedule_id
                for schedule_id, seq in session.execute(select(ScheduleRow.id, ScheduleRow.last_seq))
                if any(seen.get((handler, schedule_id), 0) < seq for handler in self.handlers)
            ]

        return self._store.read(work)

    def _catch_up(self, schedule_id: str) -> None:
        for handler in self.handlers.values():
            while self._step(handler, schedule_id) == BATCH:
                pass

    def _step(self, handler: Handler, schedule_id: str) -> int:
        """Let a handler have its next events; how many there were."""
        if type(handler).prepare is not Handler.prepare:
            return self._step_apart(handler, schedule_id)

        def work(session: Session) -> int:
            seq = _locked_cursor(session, handler.name, schedule_id)
            events = log.read(session, schedule_id, seq, BATCH)
            wanted = [event for event in events if event["type"] in handler.types]
            if wanted:
                self._let_handle(session, handler, wanted)
            self._move_on(session, handler, schedule_id, events)
            return len(events)

        return self._store.write(work)

    def _step_apart(self, handler: Handler, schedule_id: str) -> int:
        """The same for a handler that takes long: what it prepares is done between two transactions."""

        def look(session: Session) -> tuple[int, list[Event]]:
            cursor = session.get(EventCursorRow, (handler.name, schedule_id))
            seq = cursor.seq if cursor else 0
            return seq, log.read(session, schedule_id, seq, BATCH)

        seq, events = self._store.read(look)
        writes: list[tuple[Event, Write | Exception]] = []
        for event in events:
            if event["type"] in handler.types:
                try:
                    writes.append((event, handler.prepare([event])))
                except Exception as error:
                    writes.append((event, error))

        def finish(session: Session) -> int:
            if _locked_cursor(session, handler.name, schedule_id) != seq:
                # Another process was faster; what we prepared is what it has written.
                return BATCH
            for event, write in writes:
                if isinstance(write, Exception):
                    self._set_aside(session, handler, event, write)
                else:
                    self._try(session, handler, event, write)
            self._move_on(session, handler, schedule_id, events)
            return len(events)

        return self._store.write(finish) if events else 0

    def _let_handle(self, session: Session, handler: Handler, events: list[Event]) -> None:
        """All at once; where that fails, one by one, to find the one that it fails on."""
        try:
            with session.begin_nested():
                handler.handle(session, events)
        except Exception as error:
            if len(events) == 1:
                self._set_aside(session, handler, events[0], error)
                return
            for event in events:
                self._try(session, handler, event, handler.prepare([event]))

    def _try(self, session: Session, handler: Handler, event: Event, write: Write) -> None:
        try:
            with session.begin_nested():
                write(session)
        except Exception as error:
            self._set_aside(session, handler, event, error)

    def _move_on(self, session: Session, handler: Handler, schedule_id: str, events: list[Event]) -> None:
        if not events:
            return
        seq = events[-1]["seq"]
        cursor = session.get_one(EventCursorRow, (handler.name, schedule_id))
        cursor.seq = seq
        session.info.setdefault("after_commit", []).append(lambda: self.caught_up(schedule_id, seq))

    def _set_aside(self, session: Session, handler: Handler, event: Event, error: Exception) -> None:
        logger.warning(
            "%s failed on event %s of schedule %s: %s", handler.name, event["seq"], event["scheduleId"], error
        )
        trouble = session.scalar(
            select(EventTroubleRow).where(
                EventTroubleRow.handler == handler.name,
                EventTroubleRow.schedule_id == event["scheduleId"],
                EventTroubleRow.seq == event["seq"],
            )
        )
        if trouble is None:
            trouble = EventTroubleRow(
                id=str(uuid4()),
                handler=handler.name,
                schedule_id=event["scheduleId"],
                seq=event["seq"],
                event=event,
                attempts=0,
            )
            session.add(trouble)
        now = now_utc()
        trouble.attempts += 1
        wait = self._patience.after(trouble.attempts)
        trouble.state = PARKED if wait is None else RETRYING
        trouble.retry_at = None if wait is None else now + wait
        trouble.failed_at = now
        trouble.error = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
        session.flush()

    def _retry_due(self) -> None:
        """Try again each event whose time has come."""
        query = (
            select(EventTroubleRow.id)
            .where(EventTroubleRow.state == RETRYING, EventTroubleRow.retry_at <= now_utc())
            .where(EventTroubleRow.handler.in_(self.handlers))
            .order_by(EventTroubleRow.retry_at)
        )
        for trouble_id in self._store.read(lambda session: list(session.scalars(query))):
            self._retry(trouble_id)

    def _retry(self, trouble_id: str) -> None:
        told = self._store.read(lambda session: _brief(session.get(EventTroubleRow, trouble_id)))
        if told is None:
            return
        name, event = told
        handler = self.handlers[name]
        write: Write | Exception
        try:
            write = handler.prepare([event])
        except Exception as error:
            write = error

        def work(session: Session) -> None:
            query = select(EventTroubleRow).where(EventTroubleRow.id == trouble_id, EventTroubleRow.state == RETRYING)
            trouble = session.scalar(query.with_for_update())
            if trouble is None:
                return
            if isinstance(write, Exception):
                self._set_aside(session, handler, event, write)
                return
            try:
                with session.begin_nested():
                    write(session)
                    session.delete(trouble)
            except Exception as error:
                self._set_aside(session, handler, event, error)

        self._store.write(work)


def _locked_cursor(session: Session, handler: str, schedule_id: str) -> int:
    """The handler's cursor, kept from other processes until the transaction ends."""
    query = (
        select(EventCursorRow)
        .where(EventCursorRow.handler == handler, EventCursorRow.schedule_id == schedule_id)
        .with_for_update()
    )
    cursor = session.scalar(query)
    if cursor is None:
        made = text(
            "INSERT INTO event_cursor (handler, schedule_id, seq) VALUES (:handler, :schedule_id, 0) "
            "ON CONFLICT DO NOTHING"
        )
        session.execute(made, {"handler": handler, "schedule_id": schedule_id})
        cursor = session.scalars(query).one()
    return cursor.seq


def _brief(trouble: EventTroubleRow | None) -> tuple[str, Event] | None:
    return None if trouble is None else (trouble.handler, trouble.event)
