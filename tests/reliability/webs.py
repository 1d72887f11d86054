"""Web processes without a supervisor, and client processes that use them."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.reliability import busy, clients
from tests.servers import free_port
from webapp.auth import tokens
from webapp.services import reading
from webapp.store import Store

EDITORS, PROCESSES = 16, 4
SHARED = 3
START_SECONDS = 120
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def web_processes(data: Path, database: str, count: int = 1, *, redis: str = "") -> Iterator[list[int]]:
    """So many web processes on one database; their ports."""
    with webs(data, database, count, redis=redis) as started:
        yield list(started)


@contextmanager
def webs(
    data: Path, database: str, count: int = 1, *, redis: str = "", proxies: int = 0
) -> Iterator[dict[int, subprocess.Popen[bytes]]]:
    """The same, each port with its process."""
    ports = [free_port() for _ in range(count)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")}
    environment |= {"CALLBOARD_DATA": str(data), "CALLBOARD_DATABASE": database, "CALLBOARD_REDIS": redis}
    environment |= {"CALLBOARD_PROXIES": str(proxies)}
    # The limits are for people; these are none.
    environment |= {"CALLBOARD_SAVES_PER_MINUTE": "0", "CALLBOARD_SOLVES_PER_MINUTE": "0"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "webapp.serving.web", "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        for port in ports
    ]
    try:
        for port, process in zip(ports, started, strict=True):
            _wait(port, process)
        yield dict(zip(ports, started, strict=True))
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(15)


def run_clients(plans: Sequence[clients.Plan]) -> list[dict[str, Any]]:
    """The history of client processes that work at the same time, one for each plan."""
    with start_clients(plans) as running:
        return finished(running)


@contextmanager
def start_clients(plans: Sequence[clients.Plan]) -> Iterator[list[subprocess.Popen[str]]]:
    """Client processes at work."""
    running = []
    for plan in plans:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.clients"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(clients.as_json(plan))
        process.stdin.close()
        process.stdin = None
        running.append(process)
    try:
        yield running
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def finished(running: Sequence[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What happened, once all are done."""
    history: list[dict[str, Any]] = []
    for process in running:
        out, _ = process.communicate()
        assert process.returncode == 0
        history += map(json.loads, out.splitlines())
    return history


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the web process ended"
        assert time.monotonic() < deadline, "the web process does not answer"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()


def shared_numbers(store: Store, slug: str) -> dict[str, int]:
    """A schedule whose first sessions expect nobody yet; their ids."""
    conference = busy.add_conference(store, slug)
    shared = [one.id for one in conference.sessions[:SHARED]]
    [who] = busy.editors(store, 1)
    changes = [{"op": "set_audience", "session": session, "audience": 0} for session in shared]
    busy.save(store, slug, who, changes, override={"reason": "to begin with"})
    return dict.fromkeys(shared, 0)


def plans(
    store: Store, ports: list[int], slug: str, shared: dict[str, int], *, editors: int = EDITORS, **more: Any
) -> list[clients.Plan]:
    """One plan for each client process; between them, their editors use all servers."""
    each = editors // PROCESSES
    return [
        clients.Plan(
            ports=ports[process % len(ports) :] + ports[: process % len(ports)],
            tokens=[tokens.create(store, "editor") for _ in range(each)],
            schedule=slug,
            sessions=list(shared),
            seed=process,
            **more,
        )
        for process in range(PROCESSES)
    ]


def audited(store: Store, slug: str) -> dict[str, int]:
    """Save attempt → how many entries of the audit it has."""
    counts: dict[str, int] = {}
    for entry in reading.audit(store, slug, after=0, limit=10**9):
        if entry["saveAttemptId"] is not None:
            counts[entry["saveAttemptId"]] = counts.get(entry["saveAttemptId"], 0) + 1
    return counts
