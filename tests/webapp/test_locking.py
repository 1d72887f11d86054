"""Locks on sessions, in both databases and in a real Redis: whose they are, how they lapse, when they are required."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.conftest import ON_POSTGRESQL
from tests.webapp.small import Caller, move
from webapp.live.locks_redis import RedisLocks
from webapp.services.errors import Unavailable
from webapp.store import Store
from webapp.store.leases import Holder, Locks

ADA = Holder("page-1", "editor-a", "Ada")
BEN = Holder("page-2", "editor-b", "Ben")


IN_REDIS = pytest.param("redis", marks=[pytest.mark.redis, pytest.mark.slow])


@pytest.fixture(params=["sqlite", ON_POSTGRESQL, IN_REDIS])
def place(request: pytest.FixtureRequest) -> str:
    """Where locks are kept: in a database of each kind, or in Redis."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    in_postgresql = "place" in request.fixturenames and request.getfixturevalue("place") == "postgresql"
    return str(request.getfixturevalue("postgres_url")) if in_postgresql else ""


@pytest.fixture
def locks(place: str, request: pytest.FixtureRequest, store: Store) -> Locks:
    """The application's locks."""
    if place == "redis":
        store.locks = RedisLocks(request.getfixturevalue("redis_url"))
    return store.locks


def held(store: Store, schedule_id: str) -> dict[str, str]:
    return {
        one.session_id: one.holder.name for one in store.read(lambda session: store.locks.held(session, schedule_id))
    }


def test_a_lock_is_its_holders_until_it_lapses_or_is_let_go(locks: Locks, store: Store, schedule_id: str) -> None:
    first = locks.take(schedule_id, "knots", ADA, 30)
    assert (first.holder, 29 < first.seconds <= 30) == (ADA, True)
    assert locks.take(schedule_id, "knots", BEN, 30).holder == ADA
    assert locks.take(schedule_id, "knots", ADA, 60).token == first.token
    assert locks.take(schedule_id, "looms", BEN, 30).holder == BEN
    assert held(store, schedule_id) == {"knots": "Ada", "looms": "Ben"}
    assert not locks.release(schedule_id, "knots", BEN, first.token)
    assert not locks.release(schedule_id, "knots", ADA, first.token - 1)
    assert locks.release(schedule_id, "knots", ADA, first.token)
    assert held(store, schedule_id) == {"looms": "Ben"}
    again = locks.take(schedule_id, "knots", ADA, 30)
    assert again.token > first.token
    assert not locks.release(schedule_id, "knots", ADA, first.token)


def test_a_silent_holder_is_taken_over_from_and_cannot_come_back(locks: Locks, store: Store, schedule_id: str) -> None:
    first = locks.take(schedule_id, "knots", ADA, 0.05)
    time.sleep(0.1)
    assert held(store, schedule_id) == {}
    second = locks.take(schedule_id, "knots", BEN, 30)
    assert second.holder == BEN
    assert second.token > first.token
    assert locks.take(schedule_id, "knots", ADA, 30).holder == BEN
    assert not locks.release(schedule_id, "knots", ADA, second.token)


def test_a_silent_holder_whom_nobody_has_taken_over_from_goes_on(locks: Locks, schedule_id: str) -> None:
    first = locks.take(schedule_id, "knots", ADA, 0.05)
    time.sleep(0.1)
    assert locks.take(schedule_id, "knots", ADA, 30).token == first.token


def test_of_many_who_reach_for_a_session_one_gets_it(locks: Locks, schedule_id: str) -> None:
    people = [Holder(f"page-{number}", f"editor-{number}", f"N{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda who: locks.take(schedule_id, "knots", who, 30), people))
    assert len({(one.holder, one.token) for one in answers}) == 1


def test_a_redis_that_is_away_says_so() -> None:
    with pytest.raises(Unavailable, match="saving works all the same"):
        RedisLocks("redis://127.0.0.1:1/0").take("s", "knots", ADA, 30)


@pytest.fixture
def two(caller: Callable[[str], Caller]) -> tuple[Caller, Caller]:
    return caller("editor"), caller("editor")


def require(caller: Callable[[str], Caller]) -> None:
    admin = caller("admin")
    body = {"lockPolicy": {"mode": "required"}}
    answer = admin.client.put(f"{admin.base}/settings", json=body, headers=admin.headers)
    assert answer.status_code == 200, answer.json


def test_where_locks_are_required_nobody_moves_what_another_has_in_hand(
    locks: Locks, schedule_id: str, caller: Callable[[str], Caller], two: tuple[Caller, Caller]
) -> None:
    mine, theirs = two
    saved = mine.save(move("looms", start="14:30"))
    ada = Holder("page-1", saved.json["editorId"], "Ada")
    lock = locks.take(schedule_id, "knots", ada, 30)
    assert theirs.save(move("knots", start="12:00")).json["result"] == "saved"
    require(caller)
    refused = theirs.save(move("knots", start="13:00"))
    assert refused.status_code == 409
    assert refused.json["type"] == "urn:callboard:problem:session-locked"
    assert refused.json["detail"] == "Ada has 'Knots' in hand: wait, or ask"
    assert [one["sessionId"] for one in refused.json["locks"]] == ["knots"]
    # What the lock is not about goes on: other sessions, and what does not move this one.
    assert theirs.save(move("looms", start="13:00")).json["result"] == "saved"
    assert theirs.save({"op": "set_audience", "session": "knots", "audience": 9}).json["result"] == "saved"
    assert mine.save(move("knots", start="12:10")).json["result"] == "saved"
    locks.release(schedule_id, "knots", ada, lock.token)
    assert theirs.save(move("knots", start="12:00")).json["result"] == "saved"


def test_a_redis_that_is_away_stops_no_save(
    app: Flask, store: Store, caller: Callable[[str], Caller], editor: Caller
) -> None:
    require(caller)
    store.locks = RedisLocks("redis://127.0.0.1:1/0")
    assert editor.save(move("knots", start="12:00")).json["result"] == "saved"
