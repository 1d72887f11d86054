"""The hub inside gunicorn's gevent worker, with real clients and a log that a request appends to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.webapp.feed_client import PATIENCE, Closed, FeedClient

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


class Server:
    """A running `tests/webapp/live_app.py`."""

    def __init__(self, port: int) -> None:
        self.port = port

    def post(self, path: str) -> dict[str, int]:
        with urlopen(
            Request(f"http://127.0.0.1:{self.port}{path}", method="POST", data=b""), timeout=PATIENCE
        ) as answer:
            return dict(json.load(answer))

    def state(self) -> dict[str, int]:
        with urlopen(f"http://127.0.0.1:{self.port}/state", timeout=PATIENCE) as answer:
            return dict(json.load(answer))

    def until(self, clients: int) -> None:
        """Wait until the hub has so many clients."""
        deadline = time.monotonic() + PATIENCE
        while self.state()["clients"] != clients:
            assert time.monotonic() < deadline, self.state()
            time.sleep(0.05)

    def client(self, path: str, *, buffer: int = 0) -> FeedClient:
        client = FeedClient(self.port, path, buffer=buffer)
        assert not client.compressed
        return client


@contextmanager
def running(**environment: str) -> Iterator[Server]:
    """Gunicorn's gevent worker with the small app."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        port = listener.getsockname()[1]
        arguments = ["--bind", f"fd://{listener.fileno()}", "--worker-class", "gevent", "--no-control-socket"]
        process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "error",
                "-m",
                "gunicorn",
                *arguments,
                "--log-level",
                "warning",
                "tests.webapp.live_app:app",
            ],
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            env={**os.environ, **environment},
        )
        try:
            yield Server(port)
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def schedule(request: pytest.FixtureRequest) -> str:
    """A schedule of the test's own."""
    return str(request.node.name)


def test_ready_comes_first_and_events_follow_at_once(server: Server, schedule: str) -> None:
    with server.client(f"/collab/{schedule}") as client:
        assert client.take(1) == [{"type": "feed.ready", "scheduleId": schedule, "lastSeq": 0}]
        server.post(f"/emit/{schedule}?count=3")
        assert [event["seq"] for event in client.take(3)] == [1, 2, 3]


def test_an_event_that_nobody_rang_for_is_found_all_the_same(server: Server, schedule: str) -> None:
    with server.client(f"/collab/{schedule}") as client:
        client.take(1)
        server.post(f"/emit/{schedule}?silent=1")
        assert client.take(1)[0]["seq"] == 1


def test_attendees_get_public_events_only_and_not_all_of_them(server: Server, schedule: str) -> None:
    with server.client(f"/live/{schedule}?after=0") as early, server.client(f"/collab/{schedule}?after=0") as editor:
        server.post(f"/emit/{schedule}?count=9&private=1")
        with server.client(f"/live/{schedule}?after=1") as late:
            assert late.take(1)[0]["lastSeq"] == 8
            assert [event["seq"] for event in late.take(5)] == [2, 4, 5, 7, 8]
        told = early.take(7)[1:]
        assert [event["seq"] for event in told] == [1, 2, 4, 5, 7, 8]
        assert all("editorId" not in event and event["type"] == "note.public" for event in told)
        everything = editor.take(10)[1:]
        assert [event["seq"] for event in everything] == list(range(1, 10))
        assert {event["type"] for event in everything} == {"note.public", "note.private"}
        assert early.is_quiet()


@pytest.mark.parametrize("after", [0, 7, 1999, 2500, 2600])
def test_whoever_comes_back_gets_what_it_missed_from_the_ring_or_from_the_log(
    server: Server, schedule: str, after: int
) -> None:
    server.post(f"/emit/{schedule}?count=300")
    with server.client(f"/collab/{schedule}") as witness:
        witness.take(1)
        server.post(f"/emit/{schedule}?count=2300&size=1")
        witness.take(2300)
        with server.client(f"/collab/{schedule}?after={after}") as client:
            ready, *missed = client.take(1 + min(1, 2600 - after))
            assert ready["lastSeq"] == 2600
            if after < 1000:  # too much to send piece by piece
                assert missed == [{"type": "feed.reload", "scheduleId": schedule}]
            else:
                missed += client.take(2600 - after - len(missed))
                assert [event["seq"] for event in missed] == list(range(after + 1, 2601))
            server.post(f"/emit/{schedule}")
            assert client.take(1)[0]["seq"] == 2601


def test_a_seq_that_has_not_happened_is_answered_with_reload(server: Server, schedule: str) -> None:
    server.post(f"/emit/{schedule}?count=3")
    with server.client(f"/collab/{schedule}?after=4") as client:
        assert [message["type"] for message in client.take(2)] == ["feed.ready", "feed.reload"]
        server.post(f"/emit/{schedule}")
        assert client.take(1)[0]["seq"] == 4


def test_what_has_left_the_log_is_answered_with_reload(server: Server, schedule: str) -> None:
    server.post(f"/emit/{schedule}?count=10")
    server.post("/forget/5")
    try:
        with server.client(f"/collab/{schedule}?after=3") as client:
            assert [message["type"] for message in client.take(2)] == ["feed.ready", "feed.reload"]
        with server.client(f"/collab/{schedule}?after=5") as client:
            assert [message.get("seq") for message in client.take(6)] == [None, 6, 7, 8, 9, 10]
    finally:
        server.post("/forget/0")


def test_clients_that_never_read_are_dropped_and_harm_nobody(server: Server, schedule: str) -> None:
    before = server.state()["clients"]
    deaf = [server.client(f"/live/{schedule}?after=0", buffer=4096) for _ in range(5)]
    with server.client(f"/live/{schedule}?after=0") as client:
        client.take(1)
        for number in range(1, 101):
            server.post(f"/emit/{schedule}?size=20000")
            assert client.receive()["seq"] == number
        server.until(before + 1)
        assert server.state()["drops"] == len(deaf)
    for one in deaf:
        one.socket.close()


def test_a_slow_client_that_comes_to_itself_learns_why_it_was_left_behind(server: Server, schedule: str) -> None:
    with server.client(f"/live/{schedule}") as witness, server.client(f"/live/{schedule}", buffer=4096) as slow:
        witness.take(1)
        for number in range(1, 61):
            server.post(f"/emit/{schedule}?size=20000")
            assert witness.receive()["seq"] == number
        told: list[dict[str, Any]] = []
        with pytest.raises(Closed, match="1013 too slow to follow: connect again"):
            told.extend(iter(slow.receive, None))
        assert [event["seq"] for event in told[1:]] == list(range(1, len(told)))
        assert len(told) < 60


def test_ten_dozen_clients_hear_the_same_in_the_same_order(server: Server, schedule: str) -> None:
    clients = [server.client(f"/live/{schedule}") for _ in range(120)]
    server.post(f"/emit/{schedule}?count=50")
    for client in clients:
        assert [event["seq"] for event in client.take(51)[1:]] == list(range(1, 51))
        client.socket.close()


@pytest.mark.parametrize("channel", ["live", "collab"])
def test_whoever_joins_while_much_happens_misses_nothing_and_hears_nothing_twice(
    server: Server, schedule: str, channel: str
) -> None:
    total = 400
    with ThreadPoolExecutor() as pool:
        emitting = pool.submit(lambda: [server.post(f"/emit/{schedule}?count=4") for _ in range(total // 4)])
        joining = [pool.submit(_hear_all, server, f"/{channel}/{schedule}", number * 7, total) for number in range(16)]
        emitting.result()
        assert all(one.result() for one in joining)


def _hear_all(server: Server, path: str, after: int, total: int) -> bool:
    """Join once `after` has happened and hear everything that comes after it, once and in order."""
    with server.client(path) as watcher:
        seen = watcher.receive()["lastSeq"]
        while seen < after:
            seen = watcher.receive()["seq"]
    with server.client(f"{path}?after={after}") as client:
        client.take(1)
        return [event["seq"] for event in client.take(total - after)] == list(range(after + 1, total + 1))


def test_everybody_is_told_what_is_on_when_it_changes_and_at_the_door(server: Server, schedule: str) -> None:
    with server.client(f"/live/{schedule}") as early, server.client(f"/collab/{schedule}") as editor:
        try:
            for number, session in enumerate(("first", "first", "second"), start=1):
                server.post(f"/on/{session}")
                server.post(f"/emit/{schedule}")
                assert early.take(1 + (number == 1))[-1]["seq"] == number
            assert early.is_quiet()
            assert [one["rooms"][0]["now"] for one in early.now] == ["first", "second"]
            with server.client(f"/live/{schedule}?after=2") as late:
                assert [one.get("seq") for one in late.take(2)] == [None, 3]
                assert late.is_quiet()
                assert late.now == early.now[1:]
            editor.take(4)
            assert editor.is_quiet()
            assert editor.now == []
        finally:
            server.post("/on/")


@pytest.fixture
def uuid() -> str:
    return str(uuid4())


def test_whoever_comes_back_with_a_ticket_is_let_in_without_a_look_up(server: Server, uuid: str) -> None:
    server.post(f"/emit/{uuid}?count=3&private=1")
    with server.client(f"/live/{uuid}") as client:
        ticket = client.receive()["ticket"]
    before = server.state()["looked_up"]
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    for prefix, headers in (("", {}), ("/api/v1", own)):
        path = f"{prefix}/live/{uuid}?after=1&ticket={ticket}"
        with FeedClient(server.port, path, headers) as client:
            assert not client.compressed
            assert [client.receive().get("seq") for _ in range(2)] == [None, 2]
            assert client.is_quiet()
    assert server.state()["looked_up"] == before


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("after=1&ticket={other}", {}),
        ("after=1&ticket={ticket}0", {}),
        ("after=1&ticket=", {}),
        ("ticket={ticket}", {}),
        ("after=1&ticket={ticket}", {"Origin": "http://elsewhere.example"}),
        ("after=1&ticket={ticket}", {"Authorization": "Bearer made-up"}),
    ],
)
def test_whatever_is_odd_about_a_ticket_is_looked_at_the_usual_way(
    server: Server, uuid: str, query: str, headers: dict[str, str]
) -> None:
    tickets = {}
    for name, schedule in (("ticket", uuid), ("other", str(uuid4()))):
        with server.client(f"/live/{schedule}") as client:
            tickets[name] = client.receive()["ticket"]
    before = server.state()["looked_up"]
    with FeedClient(server.port, f"/live/{uuid}?{query.format(**tickets)}", headers) as client:
        assert client.receive()["type"] == "feed.ready"
    assert server.state()["looked_up"] == before + 1


def test_sockets_are_closed_when_their_clients_go(server: Server, schedule: str) -> None:
    server.until(0)
    before = server.state()["files"]
    for number, client in enumerate([server.client(f"/live/{schedule}") for _ in range(50)]):
        if number % 2:
            assert client.leave(1001).code == 1001
        client.socket.close()
    server.until(0)
    assert server.state()["files"] <= before + 2


def test_everybody_is_told_of_a_restart(schedule: str) -> None:
    with running() as server, server.client(f"/live/{schedule}") as client:
        client.take(1)
        started = time.monotonic()
        server.post("/shut")
        with pytest.raises(Closed) as closed:
            client.receive()
        assert closed.value.code == 1012
        assert time.monotonic() - started < 2
        with server.client(f"/live/{schedule}") as late, pytest.raises(Closed) as refused:
            late.receive()
        assert refused.value.code == 1012


def test_who_answers_no_ping_is_dropped_and_who_answers_is_kept(schedule: str) -> None:
    with (
        running(LIVE_APP_PING_SECONDS="1") as server,
        server.client(f"/live/{schedule}") as awake,
        server.client(f"/live/{schedule}") as asleep,
    ):
        awake.take(1)
        asleep.take(1)
        for _ in range(4):
            assert awake.receive() == {"type": "feed.alive"}
        assert server.state()["clients"] == 1
        server.post(f"/emit/{schedule}")
        heard = awake.receive()
        while heard == {"type": "feed.alive"}:
            heard = awake.receive()
        assert heard["seq"] == 1
