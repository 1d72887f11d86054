"""The relay: every event reaches every handler, whatever fails, whoever is killed, and whoever else is at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.webapp.small import Caller, move
from webapp.events.relay import Event, Handler, Relay, Write
from webapp.events.troubles import Patience
from webapp.events.types import TYPES
from webapp.store import Store
from webapp.store.rows import EventCursorRow, EventTroubleRow

AT_ONCE = Patience(attempts=3, first=timedelta(0))


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


class Writer(Handler):
    """Writes down each event that it is told of, in the database; fails on those that it is told to fail on."""

    says = "writes everything down"
    types = frozenset(TYPES)

    def __init__(self, name: str = "writer") -> None:
        self.name = name
        self.poison: set[int] = set()
        self.told: list[int] = []

    def handle(self, session: Session, events: Sequence[Event]) -> None:
        for event in events:
            self.told.append(event["seq"])
            session.execute(
                text("INSERT INTO written (handler, schedule_id, seq) VALUES (:handler, :schedule_id, :seq)"),
                {"handler": self.name, "schedule_id": event["scheduleId"], "seq": event["seq"]},
            )
            if event["seq"] in self.poison:
                raise RuntimeError(f"{self.name} cannot stand {event['seq']}")


class Slow(Writer):
    """The same, but thinks outside of any transaction first."""

    def prepare(self, events: Sequence[Event]) -> Write:
        if events[0]["seq"] in self.poison:
            raise RuntimeError(f"{self.name} cannot think of {events[0]['seq']}")
        return super().prepare(events)


@pytest.fixture(autouse=True)
def written(store: Store, schedule_id: str) -> Callable[..., list[int]]:
    """What has been written down, in order; nothing is written twice, or the table refuses."""
    make = "CREATE TABLE written (handler TEXT, schedule_id TEXT, seq INTEGER, PRIMARY KEY (handler, schedule_id, seq))"
    store.write(lambda session: session.execute(text(make)) and None)

    def read(handler: str = "writer") -> list[int]:
        query = text("SELECT seq FROM written WHERE handler = :handler ORDER BY seq")
        return store.read(lambda session: list(session.execute(query, {"handler": handler}).scalars()))

    return read


def troubles(store: Store) -> list[tuple[str, int, str, int]]:
    query = select(EventTroubleRow.handler, EventTroubleRow.seq, EventTroubleRow.state, EventTroubleRow.attempts)
    rows = store.read(lambda session: session.execute(query.order_by(EventTroubleRow.seq)).all())
    return [(row.handler, row.seq, row.state, row.attempts) for row in rows]


def cursor(store: Store, handler: str = "writer") -> int:
    return store.read(lambda session: session.scalars(select(EventCursorRow.seq).filter_by(handler=handler)).one())


@pytest.mark.parametrize("kind", [Writer, Slow])
def test_every_event_is_handled_once_and_in_order(
    editor: Caller, store: Store, written: Callable[..., list[int]], kind: type[Writer]
) -> None:
    handler = kind()
    for start in ("12:00", "12:30", "13:00"):
        editor.save(move("knots", start))
    Relay(store, [handler]).run()
    editor.save(move("knots", "13:30"))
    Relay(store, [handler]).run()
    Relay(store, [handler]).run()
    last = editor.draft()["lastSeq"]
    assert handler.told == written() == list(range(1, last + 1))
    assert cursor(store) == last
    assert troubles(store) == []


@pytest.mark.parametrize("kind", [Writer, Slow])
def test_a_poisoned_event_is_tried_again_parked_and_in_nobodys_way(
    editor: Caller, store: Store, written: Callable[..., list[int]], kind: type[Writer]
) -> None:
    sick, well = kind("sick"), kind("well")
    sick.poison = {2}
    editor.save(move("knots", "12:00"))
    relay = Relay(store, [sick, well], AT_ONCE)
    relay.run()
    assert (written("sick"), written("well")) == ([1, 3, 4], [1, 2, 3, 4])
    assert troubles(store) == [("sick", 2, "retrying", 2)], "the same run tries again what is due"
    relay.run()
    assert troubles(store) == [("sick", 2, "parked", 3)]
    editor.save(move("knots", "12:30"))
    relay.run()
    assert (written("sick"), cursor(store, "sick")) == ([1, 3, 4, 5, 6, 7], 7)
    assert troubles(store) == [("sick", 2, "parked", 3)]


@pytest.mark.parametrize("kind", [Writer, Slow])
def test_what_failed_for_a_while_succeeds_in_the_end(
    editor: Caller, store: Store, written: Callable[..., list[int]], kind: type[Writer]
) -> None:
    handler = kind()
    handler.poison = {2, 3}
    editor.save(move("knots", "12:00"))
    relay = Relay(store, [handler], AT_ONCE)
    relay.run()
    handler.poison = set()
    relay.run()
    assert written() == [1, 2, 3, 4]
    assert troubles(store) == []


def test_it_waits_longer_each_time() -> None:
    waits = [Patience().after(attempts) for attempts in range(1, 7)]
    assert waits == [timedelta(seconds=seconds) for seconds in (0.5, 2, 8, 32, 128)] + [None]


def test_nothing_is_tried_before_its_time(editor: Caller, store: Store) -> None:
    handler = Writer()
    handler.poison = {1}
    relay = Relay(store, [handler], Patience(first=timedelta(hours=1)))
    relay.run()
    relay.run()
    assert troubles(store) == [("writer", 1, "retrying", 1)]


def test_a_relay_that_is_killed_in_the_middle_has_done_nothing(
    editor: Caller, store: Store, written: Callable[..., list[int]]
) -> None:
    class Killed(BaseException):
        pass

    class Dying(Writer):
        def handle(self, session: Session, events: Sequence[Event]) -> None:
            super().handle(session, events)
            raise Killed

    editor.save(move("knots", "12:00"))
    with pytest.raises(Killed):
        Relay(store, [Dying()]).run()
    assert written() == []
    Relay(store, [Writer()]).run()
    assert written() == [1, 2, 3, 4]


def test_several_relays_at_once_do_not_do_it_twice(
    editor: Caller, store: Store, written: Callable[..., list[int]]
) -> None:
    handlers = [Slow() if number % 2 else Writer() for number in range(4)]
    relays = [Relay(store, [handler], AT_ONCE) for handler in handlers]
    for relay in relays:
        relay.start()
    for start in ("12:00", "12:30", "13:00", "13:30"):
        editor.save(move("knots", start))
        for relay in relays:
            relay.ring(editor.schedule_id, 0)
    last = editor.draft()["lastSeq"]
    deadline = time.monotonic() + 20
    while written() != list(range(1, last + 1)):
        assert time.monotonic() < deadline, written()
        time.sleep(0.02)
    for relay in relays:
        relay.stop()
    assert troubles(store) == []


def test_the_bell_brings_an_event_at_once_and_a_lost_bell_only_later(editor: Caller, store: Store) -> None:
    handled = threading.Event()
    relay = Relay(store, [Writer()])
    relay.caught_up = lambda schedule_id, seq: handled.set() if seq > 1 else None
    store.bell = relay.ring
    relay.start()
    editor.save(move("knots", "12:00"))
    assert handled.wait(10)
    handled.clear()
    store.bell = lambda schedule_id, seq: None
    editor.save(move("knots", "12:30"))
    assert handled.wait(10)
    relay.stop()


def test_types_that_a_handler_does_not_want_only_move_its_cursor(editor: Caller, store: Store) -> None:
    class Choosy(Writer):
        types = frozenset({"session.moved"})

    handler = Choosy()
    editor.save(move("knots", "12:00"))
    Relay(store, [handler]).run()
    assert (handler.told, cursor(store)) == ([2], 4)


def test_a_database_that_is_away_stops_nothing_for_good(editor: Caller, store: Store, monkeypatch: Any) -> None:
    handler = Writer()
    relay = Relay(store, [handler])
    failing = {"left": 2}
    real = store.write

    def write(work: Any) -> Any:
        if failing["left"]:
            failing["left"] -= 1
            raise OSError("the database is away")
        return real(work)

    monkeypatch.setattr(store, "write", write)
    monkeypatch.setattr("webapp.events.relay.LOOK_SECONDS", 0.05)
    relay.start()
    deadline = time.monotonic() + 10
    while handler.told != [1]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    relay.stop()
