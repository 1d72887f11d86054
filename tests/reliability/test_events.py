"""Events reach whoever follows them, all and in order, however often clients come back and the relay is killed.

The hub that sends events and the relay that brings them to handlers live in the web process's worker: that is what is
killed, with -9, in the middle of saves.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from tests.reliability.soak import LONG, Figure, amount
from tests.webapp.feed_client import Closed, FeedClient, Refused
from tests.webapp.processes import children, command_line, lives, until
from tests.webapp.served import Served, serving
from webapp.services.availability import everybody, free
from webapp.services.reading import draft_facts
from webapp.store import open_store
from webapp.store.rows import AvailabilityRow

CLIENTS = amount(quick=8, long=20)
RECONNECTS = amount(quick=6, long=50)
KILLS = amount(quick=2, long=100)
AWAY = (OSError, http.client.HTTPException, Closed, Refused, ValueError)
"""What happens to those who ask while the worker is dead."""

Event = dict[str, Any]


class Follower:
    """Follows a channel over many connections, and holds every event against the one before."""

    def __init__(self, served: Served, schedule: str, number: int) -> None:
        self.served = served
        self.schedule = schedule
        self.channel, self.role = ("collab", "editor") if number % 2 else ("live", None)
        self.got: list[Event] = []
        self.wrong: list[str] = []
        self.connections = 0
        self._chance = random.Random(number)

    @property
    def seen(self) -> int:
        return self.got[-1]["seq"] if self.got else 0

    def come_and_go(self, times: int, enough: Callable[[], bool]) -> None:
        """Connect so often, and on until it is enough, for a moment each."""
        while self.connections < times or not enough():
            self.connect(lambda: False, self._chance.uniform(0.02, 0.4))

    def catch_up(self, seq: int) -> None:
        """Stay until that event has come."""
        until(lambda: self.connect(lambda: self.seen >= seq, 5.0), f"{self.channel} is at {seq}", within=60)

    def connect(self, done: Callable[[], bool], seconds: float) -> bool:
        """Follow for a while, or until it is done; whether it is."""
        try:
            with self.served.follow(f"/{self.channel}/{self.schedule}?after={self.seen}", self.role) as client:
                self.connections += 1
                self._listen(client, done, time.monotonic() + seconds)
                if self._chance.random() < 0.5:
                    client.leave()
        except AWAY:
            time.sleep(0.05)
        return done()

    def _listen(self, client: FeedClient, done: Callable[[], bool], deadline: float) -> None:
        while not done() and (left := deadline - time.monotonic()) > 0:
            try:
                self._take(client.receive(left))
            except TimeoutError:
                return

    def _take(self, message: Event) -> None:
        if message["type"] == "feed.reload":
            self.wrong.append(f"told to read afresh after {self.seen}")
        if "seq" in message:
            before = message["previousSeq"] if self.channel == "live" else message["seq"] - 1
            if before != self.seen:
                self.wrong.append(f"{message['seq']} came after {self.seen}, not after {before}")
            self.got.append(message)


class Editor:
    """Saves again and again, with the same attempt until an answer comes."""

    def __init__(self, served: Served, schedule: str) -> None:
        self.served = served
        self.schedule = schedule
        self.sessions = served.call("GET", schedule)[1]["sessions"]
        self.version = 1
        self.saves = 0

    def save(self) -> None:
        """Take a session off the schedule and put it back where it was, or expect nobody; publish every third time."""
        self.saves += 1
        session = self.sessions[self.saves // 2 % len(self.sessions)]
        change: dict[str, Any] = {"op": "set_audience", "session": session["sessionId"], "audience": self.saves % 2}
        if session["roomId"] is not None:
            place = {"room": session["roomId"], "start": session["startTime"]}
            back = self.saves % 2
            change = {"op": "move", **place} if back else {"op": "unplace"}
            change["session"] = session["sessionId"]
        body = {
            "saveAttemptId": str(uuid4()),
            "expectedVersion": self.version,
            "changes": [change],
            "override": {"reason": "whatever it breaks"},
            "publish": self.saves % 3 == 0,
        }
        status, told = patiently(lambda: self.served.call("POST", f"{self.schedule}/saves", body))
        assert status == 200, told
        self.version = told["version"]


def patiently(ask: Callable[[], Any]) -> Any:
    """The answer, as soon as somebody is there to give it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return ask()
        except AWAY:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def workers(served: Served) -> list[int]:
    """The processes that hold the hub and the relay."""
    webs = [pid for pid in children(served.pid) if "webapp.serving.web" in command_line(pid)]
    return [worker for web in webs for worker in children(web)]


def kill_again_and_again(served: Served, times: int, killed: list[int]) -> None:
    """Kill the worker, wait until another serves, and let that one get to work."""
    chance = random.Random(times)
    for _ in range(times):
        time.sleep(chance.uniform(0.3, 1.0))
        found = workers(served)
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        until(lambda found=found: not any(map(lives, found)) and bool(workers(served)), "another worker", within=60)  # type: ignore[misc]
        patiently(lambda: served.call("GET", "/livez", role=None))
        killed.append(len(found))


def whole_log(served: Served, schedule: str, role: str | None) -> list[Event]:
    """Every event that the role may see."""
    found: list[Event] = []
    after = "0"
    while True:
        status, page = served.call("GET", f"{schedule}/events?limit=500&after={after}", role=role)
        assert status == 200, page
        found += page["items"]
        if page["next"] is None:
            return found
        after = page["next"]


@pytest.mark.timeout(7200 if LONG else 180)
def test_every_event_comes_once_and_in_order(tmp_path: Path, each_database: str, figure: Figure) -> None:
    with serving(tmp_path, database=each_database or None) as served:
        schedule = served.add_conference("followed", sessions=24)
        served.token("editor")
        served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})
        followers = [Follower(served, schedule, number) for number in range(CLIENTS)]
        editor = Editor(served, schedule)
        killed: list[int] = []
        with ThreadPoolExecutor(max_workers=CLIENTS + 1) as pool:
            killing = pool.submit(kill_again_and_again, served, KILLS, killed)
            following = [pool.submit(one.come_and_go, RECONNECTS, killing.done) for one in followers]
            while not all(one.done() for one in (killing, *following)):
                editor.save()
                time.sleep(0.02)
            for one in (killing, *following):
                one.result()
        assert killed == [1] * KILLS
        logs = {role: whole_log(served, schedule, role) for role in ("editor", None)}
        assert [event["seq"] for event in logs["editor"]] == list(range(1, len(logs["editor"]) + 1))
        for one in followers:
            one.catch_up(logs[one.role][-1]["seq"])
        handlers_are_done(served, schedule)
    wrong = [fault for one in followers for fault in one.wrong]
    wrong += [f"{one.channel} differs from the log" for one in followers if one.got != logs[one.role]]
    events = sum(len(one.got) for one in followers)
    connections = sum(one.connections for one in followers)
    figure(
        f"events lost or out of order, {CLIENTS} clients, {connections} connections, {KILLS} kills", len(wrong), events
    )
    assert wrong == []
    assert min(one.connections for one in followers) >= RECONNECTS


def handlers_are_done(served: Served, schedule: str) -> None:
    """Every handler has seen every event, failed on none, and what it keeps is what a fresh calculation gives."""

    def handlers() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = served.call("GET", "/api/v1/handlers", role="admin")[1]["items"]
        return items

    until(lambda: not any(one["behind"] for one in handlers()), "the handlers are done")
    assert [(one["retrying"], one["parked"]) for one in handlers()] == [(0, 0), (0, 0)]
    store = open_store(served.database)
    try:
        _, facts = store.read(lambda session: draft_facts(store, session, schedule))
        rows = store.read(lambda session: session.scalars(select(AvailabilityRow)).all())
        kept = {(row.kind, row.id): [tuple(window) for window in row.free] for row in rows}
        assert kept == {key: [(one.start, one.end) for one in free(facts, *key)] for key in everybody(facts.conference)}
    finally:
        store.close()
