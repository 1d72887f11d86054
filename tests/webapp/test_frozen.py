"""A worker that is stopped in the middle of a write to SQLite is ended; nobody else is."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.jobs.frozen import WORKER, FrozenWriters

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock")
HOLDS = (
    "import sqlite3, sys, time; one = sqlite3.connect(sys.argv[1], isolation_level=None);"
    "one.execute('BEGIN IMMEDIATE'); one.execute('INSERT INTO t VALUES (1)'); print(flush=True); time.sleep(60)"
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "callboard.sqlite"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE t (x)")
    made.close()
    return path


@pytest.fixture
def held(database: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock, called as the parameter says."""
    command = [sys.executable, "-c", HOLDS, str(database), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGSTOP)
    while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.01)


@pytest.mark.parametrize("held", [WORKER], indirect=True)
def test_a_stopped_worker_is_ended_after_a_while_and_others_can_write(
    database: Path, held: subprocess.Popen[bytes]
) -> None:
    watch = FrozenWriters(database, patience=0.2)
    assert (watch.look(), watch.look()) == (None, None)
    stop(held)
    assert (watch.look(), watch.look()) == (None, None)
    time.sleep(0.25)
    assert watch.look() == held.pid
    assert held.wait(5) == -signal.SIGKILL
    with sqlite3.connect(database, timeout=2) as other:
        assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
        other.execute("INSERT INTO t VALUES (2)")
    other.close()


@pytest.mark.parametrize("held", ["somebody else"], indirect=True)
def test_nobody_else_is_ended(database: Path, held: subprocess.Popen[bytes]) -> None:
    watch = FrozenWriters(database, patience=0.0)
    stop(held)
    assert [watch.look() for _ in range(3)] == [None] * 3
    assert held.poll() is None
