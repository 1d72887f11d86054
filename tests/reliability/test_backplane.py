"""Several web processes on one PostgreSQL and one Redis: what is saved on any is seen, in order, by clients of all.

Redis is killed and started again in the middle of saves, then one of the web processes: its clients go to another and
know everything within five seconds, where the machine has time for it.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests import servers
from tests.reliability import busy
from tests.reliability.soak import LONG, Figure, amount
from tests.reliability.test_events import Editor, Follower, patiently, whole_log
from tests.reliability.webs import webs
from tests.webapp.feed_client import FeedClient
from tests.webapp.processes import until
from webapp.auth import tokens
from webapp.services import publishing
from webapp.store import Store, open_store, upgrade
from webapp.store.rows import ScheduleRow

PROCESSES, CLIENTS = 4, 8
RESTARTS = amount(quick=2, long=20)
RIGHT_AGAIN = 5.0
"""Seconds after which the clients of a process that was killed know everything."""


class Address:
    """Web processes as a client has them: it asks one, and the next when that is gone."""

    def __init__(self, ports: list[int], token: str, first: int = 0) -> None:
        self._ports = ports
        self._token = token
        self._at = first

    @property
    def port(self) -> int:
        return self._ports[self._at % len(self._ports)]

    def follow(self, path: str, role: str | None) -> FeedClient:
        try:
            return FeedClient(self.port, path, self._headers(role))
        except OSError:
            self._at += 1
            raise

    def call(self, method: str, path: str, body: Any = None, *, role: str | None = "editor") -> tuple[int, Any]:
        """The status and the JSON of an answer; each call asks the next process."""
        self._at += 1
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            headers = {**self._headers(role), "Content-Type": "application/json"}
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v1/schedules/{path}", text, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def _headers(self, role: str | None) -> dict[str, str]:
        return {} if role is None else {"Authorization": f"Bearer {self._token}"}


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    """The database, with a published schedule called `followed`."""
    upgrade(postgres_url)
    opened = open_store(postgres_url)
    busy.add_conference(opened, "followed", sessions=24)
    publishing.publish(opened, "followed", expected_version=1, editor_id=None)
    yield opened
    opened.close()


@pytest.mark.redis
@pytest.mark.timeout(7200 if LONG else 180)
def test_events_of_any_process_reach_the_clients_of_all(
    tmp_path: Path, postgres_url: str, store: Store, figure: Figure
) -> None:
    program = shutil.which("redis-server")
    assert program is not None
    port, token = servers.free_port(), tokens.create(store, "editor")
    with webs(tmp_path, postgres_url, PROCESSES, redis=f"redis://127.0.0.1:{port}/0") as started:
        ports = list(started)
        editor = Editor(Address(ports, token), "followed")
        followers = [Follower(Address(ports, token, number // 2), "followed", number) for number in range(CLIENTS)]
        done: list[str] = []
        with ThreadPoolExecutor(max_workers=CLIENTS + 1) as pool:
            following = [pool.submit(stay, one, done) for one in followers]
            restarting = pool.submit(restart_again_and_again, program, port)
            while not restarting.done():
                editor.save()
                time.sleep(0.05)
            restarting.result()
            started[ports[0]].kill()
            killed_at = time.monotonic()
            editor.save()
            until(lambda: all(one.seen >= last_seq(store, one) for one in followers), "everybody knows everything")
            seconds = time.monotonic() - killed_at
            done.append("enough")
            for one in following:
                one.result()
        logs = {role: list(patiently(lambda role=role: whole_log_of(editor, role))) for role in ("editor", None)}  # type: ignore[misc]
    wrong = [fault for one in followers for fault in one.wrong]
    wrong += [f"{one.channel} differs from the log" for one in followers if one.got != logs[one.role]]
    events = sum(len(one.got) for one in followers)
    figure(f"events lost or out of order, {PROCESSES} processes, Redis killed {RESTARTS} times", len(wrong), events)
    figure(
        f"clients not right {RIGHT_AGAIN:.0f} s after a kill (it took {seconds:.1f} s)",
        int(seconds > RIGHT_AGAIN),
        CLIENTS,
    )
    assert wrong == []
    assert seconds < RIGHT_AGAIN or not LONG, "run this on a machine that has nothing else to do"


def last_seq(store: Store, follower: Follower) -> int:
    """The last event that is for this follower."""
    column = ScheduleRow.last_seq if follower.channel == "collab" else ScheduleRow.last_public_seq
    return int(store.read(lambda session: session.scalar(select(column)) or 0))


def whole_log_of(editor: Editor, role: str | None) -> list[dict[str, Any]]:
    """Every event that the role may see, from whichever process answers."""
    return whole_log(editor.served, "followed", role)


def stay(follower: Follower, done: list[str]) -> None:
    """Follow until told that it is enough; when the connection breaks, come back at once."""
    while not done:
        follower.connect(lambda: bool(done), 1.0)


def restart_again_and_again(program: str, port: int) -> None:
    """Run Redis so often, for a moment each, and leave everybody without it in between."""
    chance = random.Random(port)
    for _ in range(RESTARTS):
        with servers.redis(program, port, kill=True):
            time.sleep(chance.uniform(0.8, 1.5))
        time.sleep(chance.uniform(0.5, 1.0))
