"""The plug is pulled: every save that was acknowledged is on the disk, and what is there holds together."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.reliability import busy
from tests.reliability.disk import Disk, Synced, Written, after_power_cut, watched
from tests.reliability.soak import Figure, amount
from webapp.services import verifying
from webapp.settings import DATABASE_FILE
from webapp.store import Store, databases, open_store, upgrade
from webapp.store.failures import FullError
from webapp.store.rows import SaveAttemptRow

SAVES = amount(quick=80, long=305)
CUTS = amount(quick=25, long=200)


def url(folder: Path) -> str:
    return f"sqlite:///{folder / DATABASE_FILE}"


def lived_through(folder: Path) -> tuple[Disk, int]:
    """A disk on which saves were made and noted when they were acknowledged; and when the first of them began."""
    chance = random.Random(1)
    with watched(folder) as disk:
        upgrade(url(folder))
        store = open_store(url(folder))
        conference = busy.add_conference(store, "kept")
        people = busy.editors(store, 2)
        begin = len(disk.done)
        for number in range(SAVES):
            # Some saves are large, so that the log is checkpointed and written over within the run.
            some = conference.sessions if number % 7 == 0 else chance.sample(conference.sessions, 1)
            changes = [{"op": "set_audience", "session": one.id, "audience": number} for one in some]
            answer = busy.save(store, "kept", chance.choice(people), changes, override={"reason": "it is so"})
            assert answer.result == "saved"
            disk.note((answer.attempt["saveAttemptId"], answer.attempt["version"]))
        store.close()
    return disk, begin


def lost_in_cuts(disk: Disk, begin: int, folder: Path) -> tuple[int, int]:
    """Of how many acknowledged saves how many were not there after the cuts."""
    chance = random.Random(2)
    lost = promised = 0
    for number in range(CUTS):
        moment = chance.randrange(begin, len(disk.done) + 1)
        there = folder / f"after-{number}"
        there.mkdir()
        for name, content in after_power_cut(disk.done[:moment], chance).items():
            if not name.endswith("-shm"):
                (there / name).write_bytes(content)
        acknowledged = {one for one in disk.done[:moment] if isinstance(one, tuple)}
        store = open_store(url(there))
        try:
            found = saved(store)
            assert verifying.verify(store).findings == []
        except OperationalError:
            found = set()  # not even the tables are there
        store.close()
        promised += len(acknowledged)
        lost += len(acknowledged - found)
    return lost, promised


def saved(store: Store) -> set[tuple[str, int]]:
    query = select(SaveAttemptRow.id, SaveAttemptRow.answer).where(SaveAttemptRow.result == "saved")
    return store.read(lambda session: {(one.id, one.answer["attempt"]["version"]) for one in session.execute(query)})


def test_no_acknowledged_save_is_lost(tmp_path: Path, figure: Figure) -> None:
    live = tmp_path / "live"
    live.mkdir()
    disk, begin = lived_through(live)
    lost, promised = lost_in_cuts(disk, begin, tmp_path)
    figure(f"acknowledged saves lost in {CUTS} power cuts", lost, promised)
    assert promised > CUTS
    assert lost == 0


def test_with_less_syncing_some_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure) -> None:
    """The cut is real: `synchronous=NORMAL`, which many take for enough, does not survive it."""
    thorough = databases._prepare_writer

    def lax(connection: Any, record: object) -> None:
        thorough(connection, record)
        connection.execute("PRAGMA synchronous = NORMAL")

    monkeypatch.setattr(databases, "_prepare_writer", lax)
    live = tmp_path / "live"
    live.mkdir()
    disk, begin = lived_through(live)
    lost, promised = lost_in_cuts(disk, begin, tmp_path)
    figure(f"with synchronous=NORMAL, acknowledged saves lost in {CUTS} power cuts", lost, promised)
    assert lost > 0


def test_what_was_not_synced_may_be_there_in_any_part() -> None:
    """The shim itself: synced is there, the rest is there, or not, or in part."""
    done = [Written("a", 0, b"x" * 1024), Synced("a"), Written("a", 512, b"y" * 1024)]
    outcomes = {after_power_cut(done, random.Random(seed))["a"] for seed in range(200)}
    assert {len(one) for one in outcomes} == {1024, 1536}
    assert all(one[:512] == b"x" * 512 for one in outcomes)
    assert {one[512:1024] for one in outcomes} == {b"x" * 512, b"y" * 512}


# --- a disk that is full ---------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with watched(tmp_path) as found:
        yield found


def test_a_full_disk_refuses_whole_saves_and_nothing_else(tmp_path: Path, disk: Disk, figure: Figure) -> None:
    upgrade(url(tmp_path))
    store = open_store(url(tmp_path))
    conference = busy.add_conference(store, "full")
    [who] = busy.editors(store, 1)
    changes = [{"op": "set_audience", "session": one.id, "audience": 1} for one in conference.sessions]
    refused = half_done = 0
    room = 0
    while True:
        before = saved(store)
        disk.room = room
        try:
            answer = busy.save(store, "full", who, changes, override={"reason": "it is so"})
        except FullError:
            disk.room = None
            refused += 1
            half_done += saved(store) != before
            room += amount(quick=5000, long=700)
            continue
        disk.room = None
        assert answer.result == "saved"
        break
    figure("saves half done on a full disk", half_done, refused)
    assert refused > 3
    assert (half_done, verifying.verify(store).findings) == (0, [])
    assert busy.save(store, "full", who, changes[:1], override={"reason": "again"}).result == "saved"
    store.close()
