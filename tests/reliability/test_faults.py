"""A fault at every step of a bulk save: it is there whole or not at all, and asked again it is there once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from sqlalchemy import event

from tests.reliability import busy
from tests.reliability.soak import Figure, amount
from webapp.services import reading, saving, verifying
from webapp.store import Store
from webapp.store.rows import Row

SESSIONS = amount(quick=12, long=150)


class FaultError(Exception):
    """What breaks at a step; nobody expects it."""


@contextmanager
def breaking(store: Store, at: int) -> Iterator[list[str]]:
    """Let the step of this number fail: each statement before it runs, each after it ran, and the commit are steps."""
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        if len(steps) == at:
            raise FaultError(name)

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        step(f"before {statement}")

    def after(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        step(f"after {statement}")

    def commit(_connection: Any) -> None:
        step("commit")

    engine = store.database.writer
    listeners = (("before_cursor_execute", before), ("after_cursor_execute", after), ("commit", commit))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield steps
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def everything(store: Store) -> dict[str, list[Any]]:
    """Every row of every table."""
    tables = Row.metadata.sorted_tables
    return store.read(
        lambda session: {table.name: sorted(session.execute(table.select()).all(), key=repr) for table in tables}
    )


def test_a_bulk_save_is_whole_or_not_there(store: Store, figure: Figure) -> None:
    conference = busy.add_conference(store, "faulty", sessions=SESSIONS)
    [who] = busy.editors(store, 1)
    request = saving.SaveRequest(
        attempt_id=str(uuid4()),
        expected_version=1,
        changes=[
            *({"op": "set_audience", "session": one.id, "audience": 3} for one in conference.sessions),
            {"op": "shift", "select": {"room": conference.rooms[0].id}, "minutes": 5},
        ],
        override={"reason": "it is late"},
        publish=False,
    )
    before = everything(store)
    half_done, at = 0, 0
    while True:
        at += 1
        with breaking(store, at) as steps:
            try:
                saving.save(store, "faulty", request, editor_id=who)
            except FaultError:
                half_done += everything(store) != before
                continue
        break
    figure("bulk saves half done after a fault", half_done, at - 1)
    assert at - 1 == len(steps) > 20
    assert half_done == 0
    assert reading.head(store, "faulty")["version"] == 2
    again = saving.save(store, "faulty", request, editor_id=who)
    assert (again.result, reading.head(store, "faulty")["version"]) == ("saved", 2)
    assert verifying.verify(store).findings == []
