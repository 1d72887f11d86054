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
from typing import Any

from sqlalchemy.orm import Session

from webapp.events import cursors, log, troubles
from webapp.events.troubles import Patience
from webapp.store import Store

LOOK_SECONDS = 1.5
"""How often the log is looked at although no bell has rung: other processes write to it too."""
BATCH = 500
HOUR = 3600

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

    @property
    def takes_long(self) -> bool:
        return type(self).prepare is not Handler.prepare

    def wanted(self, events: Iterable[Event]) -> list[Event]:
        """Those of the events that are its business."""
        return [event for event in events if event["type"] in self.types]


class Relay:
    """Takes some handlers through the logs of all schedules, woken by the bell and looking by itself.

    `pause` are seconds that it lets pass after the bell, to leave the first moments to others.  `hourly` is called at
    the start and every hour, on the relay's thread.
    """

    def __init__(
        self,
        store: Store,
        handlers: Iterable[Handler],
        patience: Patience | None = None,
        *,
        pause: float = 0.0,
        hourly: Callable[[], object] = lambda: None,
    ) -> None:
        self.handlers = {handler.name: handler for handler in handlers}
        self.caught_up: Callable[[str, int], None] = lambda schedule_id, seq: None
        """Called with each schedule and the last event that a handler is done with."""
        self._store = store
        self._patience = patience or Patience()
        self._pause = pause
        self._hourly = hourly
        self._bell = threading.Event()
        self._rung: set[str] = set()
        self._passed: dict[tuple[str, str], int] = {}
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
        for name, schedule_id in self._store.read(lambda session: cursors.behind(session, self.handlers)):
            self._catch_up(self.handlers[name], schedule_id, looking=True)
        for trouble_id in self._store.read(lambda session: troubles.due(session, self.handlers)):
            self._retry(trouble_id)

    def _follow(self) -> None:
        next_hour = next_look = 0.0
        while not self._ended:
            try:
                if time.monotonic() >= next_hour:
                    next_hour = time.monotonic() + HOUR
                    self._hourly()
                for schedule_id in [self._rung.pop() for _ in range(len(self._rung))]:
                    for handler in self.handlers.values():
                        self._catch_up(handler, schedule_id)
                # However often the bell rings, there may be something that it does not ring for.
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + LOOK_SECONDS
                    self.run()
            except Exception:
                # The database is away, say: nothing is lost, because no cursor has moved.
                logger.exception("events could not be handled; trying again")
            if self._bell.wait(LOOK_SECONDS) and self._pause:
                time.sleep(self._pause)
            self._bell.clear()

    def _catch_up(self, handler: Handler, schedule_id: str, *, looking: bool = False) -> None:
        more = True
        while more:
            more = (
                self._step_apart(handler, schedule_id, looking)
                if handler.takes_long
                else self._step(handler, schedule_id)
            )

    def _step(self, handler: Handler, schedule_id: str) -> bool:
        """Let a handler have its next events; whether there may be more."""

        def work(session: Session, *, one_by_one: bool = False) -> bool:
            events = log.read(session, schedule_id, cursors.locked(session, handler.name, schedule_id), BATCH)
            if one_by_one:
                for event in handler.wanted(events):
                    self._try(session, handler, event, handler.prepare([event]))
            elif wanted := handler.wanted(events):
                _handle(handler, session, wanted)
            self._move_on(session, handler, schedule_id, events)
            return len(events) == BATCH

        try:
            return self._store.write(work)
        except _FailedError:
            # Nothing was written.  One by one, to find the event that it fails on.
            return self._store.write(lambda session: work(session, one_by_one=True))

    def _step_apart(self, handler: Handler, schedule_id: str, looking: bool) -> bool:
        """The same for a handler that takes long: what it prepares is done between two transactions.

        Most events are none of its business.  They are passed over in memory, and its cursor follows at the next look.
        """
        key = handler.name, schedule_id

        def look(session: Session) -> tuple[int, list[Event]]:
            seq = cursors.seen(session, *key)
            return seq, log.read(session, schedule_id, seq if looking else max(seq, self._passed.get(key, 0)), BATCH)

        seq, events = self._store.read(look)
        if not events:
            return False
        more = len(events) == BATCH
        if not looking and not handler.wanted(events):
            self._passed[key] = events[-1]["seq"]
            return more
        writes = [(event, _prepared(handler, event)) for event in handler.wanted(events)]

        def finish(session: Session) -> bool:
            if cursors.locked(session, *key) != seq:
                # Another process was faster: what we have prepared is what it has written.
                return True
            for event, write in writes:
                self._try(session, handler, event, write)
            self._move_on(session, handler, schedule_id, events)
            return more

        return self._store.write(finish)

    def _try(self, session: Session, handler: Handler, event: Event, write: Write) -> bool:
        """Whether that was written; if it fails, the event is set aside."""
        try:
            with session.begin_nested():
                write(session)
        except Exception as error:
            troubles.set_aside(session, handler.name, event, error, self._patience)
            return False
        return True

    def _move_on(self, session: Session, handler: Handler, schedule_id: str, events: list[Event]) -> None:
        if events:
            seq = events[-1]["seq"]
            cursors.move(session, handler.name, schedule_id, seq)
            session.info.setdefault("after_commit", []).append(lambda: self.caught_up(schedule_id, seq))

    def _retry(self, trouble_id: str) -> None:
        event = self._store.read(lambda session: troubles.event_of(session, trouble_id))
        if event is None:
            return
        name, body = event
        write = _prepared(self.handlers[name], body)

        def work(session: Session) -> None:
            if troubles.still_there(session, trouble_id) and self._try(session, self.handlers[name], body, write):
                troubles.remove(session, trouble_id)

        self._store.write(work)


class _FailedError(Exception):
    """A handler failed, and nothing of what it did stays."""


def _handle(handler: Handler, session: Session, events: list[Event]) -> None:
    try:
        handler.handle(session, events)
    except Exception as error:
        raise _FailedError from error


def _prepared(handler: Handler, event: Event) -> Write:
    """What the handler wants to write; where it fails already, something that fails likewise."""
    try:
        return handler.prepare([event])
    except Exception as error:
        failure = error

    def fail(session: Session) -> None:
        raise failure

    return fail
