"""What web processes say to each other: over a real Redis, over a real PostgreSQL, and with the line down."""

from __future__ import annotations

import queue
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from tests import servers
from tests.webapp.processes import until
from tests.webapp.small import InProcessSolver
from webapp import create_app
from webapp.live import backplane as module
from webapp.live.backplane import LONGEST_WORD, Backplane, Line, Word
from webapp.live.backplane_postgres import PostgresLine
from webapp.live.backplane_redis import RedisLine
from webapp.settings import Settings
from webapp.store import upgrade

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["redis", "postgres"])
def line(request: pytest.FixtureRequest) -> Callable[[], Line]:
    """Opens one more line to the same server."""
    url = request.getfixturevalue(f"{request.param}_url")
    return lambda: RedisLine(url) if request.param == "redis" else PostgresLine(make_url(url))


class Process:
    """A backplane, and the words that came to it."""

    def __init__(self, line: Line) -> None:
        self.backplane = Backplane(line)
        self.words: queue.Queue[Word] = queue.Queue()
        for about in ("log", "gossip"):
            self.backplane.on(about, self.words.put)
        self.backplane.start()

    def hears(self) -> Word:
        return self.words.get(timeout=10)


@contextmanager
def processes(*lines: Line) -> Iterator[list[Process]]:
    with ExitStack() as stack:
        started = [Process(line) for line in lines]
        for one in started:
            stack.callback(one.backplane.stop)
        for one in started:
            until(lambda one=one: one.backplane.state == "connected", "the line is good")  # type: ignore[misc]
        yield started


def test_words_come_to_the_others_in_order_and_not_back(line: Callable[[], Line]) -> None:
    with processes(line(), line(), line()) as (speaker, *others):
        long = "ü" * ((LONGEST_WORD - 200) // 2)
        speaker.backplane.ring("s1", 42)
        speaker.backplane.say({"about": "gossip", "text": long})
        speaker.backplane.say({"about": "nobody listens to this"})
        for one in others:
            word = one.hears()
            assert (word["schedule"], word["seq"], word["from"]) == ("s1", 42, speaker.backplane.process)
            assert one.hears()["text"] == long
            one.backplane.ring("s2", 1)
        assert [speaker.hears()["schedule"] for _ in others] == ["s2", "s2"]
        assert speaker.words.empty()
        with pytest.raises(ValueError, match="the most"):
            speaker.backplane.say({"about": "gossip", "text": "x" * LONGEST_WORD})


@pytest.mark.redis
@pytest.mark.slow
def test_a_line_that_was_down_comes_back_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.1)
    program = shutil.which("redis-server")
    assert program
    port = servers.free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with ExitStack() as stack:
        with servers.redis(program, port), processes_left_running(stack, url) as (one, other):
            pass
        until(lambda: one.backplane.state == other.backplane.state == "away", "both notice")
        one.backplane.ring("s1", 1)
        with servers.redis(program, port):
            until(lambda: one.backplane.state == other.backplane.state == "connected", "both are back")
            one.backplane.ring("s1", 2)
            while other.hears()["seq"] != 2:
                pass
            stack.close()


@contextmanager
def processes_left_running(stack: ExitStack, url: str) -> Iterator[list[Process]]:
    yield stack.enter_context(processes(RedisLine(url), RedisLine(url)))


def test_without_its_redis_a_process_is_ready_and_says_what_is_missing(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, redis="redis://127.0.0.1:1/0")
    upgrade(settings.database)
    app = create_app(settings)
    app.extensions["callboard.solver"] = InProcessSolver()
    app.extensions["callboard.backplane"].start()
    try:
        answer = app.test_client().get("/readyz")
        assert (answer.status_code, answer.json) == (200, {"status": "ready", "degraded": ["Redis does not answer"]})
    finally:
        app.extensions["callboard.backplane"].stop()
        app.extensions["callboard.store"].close()


UNDER_GEVENT = """
from gevent import monkey
monkey.patch_all()
import sys, time, gevent
from sqlalchemy.engine import make_url
from webapp.live.backplane import Backplane
from webapp.live.backplane_postgres import PostgresLine
from webapp.live.backplane_redis import RedisLine
kind, url = sys.argv[1:]
backplanes = [Backplane(RedisLine(url) if kind == "redis" else PostgresLine(make_url(url))) for _ in range(2)]
heard = []
backplanes[1].on("log", heard.append)
for one in backplanes:
    one.start()
longest, last = 0.0, time.monotonic()
for tick in range(300):
    gevent.sleep(0.005)
    if backplanes[1].state == "connected" and not tick % 10:
        backplanes[0].ring("s", tick)
    if tick > 100:
        longest = max(longest, time.monotonic() - last)
    last = time.monotonic()
gevent.sleep(0.2)
print(len(heard), longest)
"""


@pytest.mark.parametrize("kind", ["redis", "postgres"])
def test_under_gevent_listening_holds_nobody_up(kind: str, request: pytest.FixtureRequest) -> None:
    url: Any = request.getfixturevalue(f"{kind}_url")
    finished = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT, kind, url], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    heard, longest = finished.stdout.split()
    assert int(heard) > 10
    # A listener that blocked would hold the hub for a second at a time.
    assert float(longest) < 0.5
