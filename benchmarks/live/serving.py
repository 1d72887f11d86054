"""A real `callboard serve` with a published conference, an editor who saves and publishes, and a crowd that follows."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from benchmarks.live import peers
from benchmarks.live.wire import handshake
from fixtures import generate
from webapp.auth import tokens
from webapp.schemas import Imported
from webapp.services import importing
from webapp.settings import Settings
from webapp.store import open_store, upgrade

SLUG = "measured"
KEPT_OPEN = 10.0
"""Seconds; the server lets go of a connection that is idle for longer."""


@dataclass
class Site:
    """What runs, who edits it and where the crowd connects."""

    process: subprocess.Popen[str]
    port: int
    token: str
    schedule_id: str
    sessions: Sequence[str]
    database: str
    version: int = 1
    saves: list[float] = field(default_factory=list)
    """Seconds that each save took over HTTP."""
    _moved: int = 0
    _http: http.client.HTTPConnection | None = None
    _used: float = 0.0

    @property
    def feed(self) -> str:
        """Where attendees connect."""
        return f"/live/{self.schedule_id}"

    @cached_property
    def web(self) -> list[int]:
        """The web processes, without what the solver and the supervisor use."""
        return peers.web_processes(self.process.pid)

    def way_back(self) -> str:
        """Where an attendee who has seen everything so far comes back, with the ticket."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            client.sendall(handshake(self.port, self.feed))
            told = b""
            while (found := re.search(rb'"lastSeq":(\d+),"ticket":"([^"]+)"', told)) is None:
                told += client.recv(4096)
            return f"{self.feed}?after={found[1].decode()}&ticket={found[2].decode()}"

    def forget_connection(self) -> None:
        """The server is about to end."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer, which must be a good one."""
        if self._http is None or time.monotonic() - self._used > KEPT_OPEN:
            self.forget_connection()
            self._http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        target = f"/api/v1/schedules/{SLUG}{path}"
        self._http.request(method, target, None if body is None else json.dumps(body), headers)
        answer = self._http.getresponse()
        told = answer.read()
        self._used = time.monotonic()
        if answer.status != 200:
            raise click.ClickException(f"{path}: {answer.status} {told[:300]!r}")
        return json.loads(told)

    def publish(self) -> None:
        """Publish the draft as it is."""
        self.call("POST", "/publish", {"expectedVersion": self.version})

    def save(self, size: int = 1) -> None:
        """Shorten or lengthen so many sessions, and publish in the same save."""
        count = len(self.sessions)
        turns = range(self._moved, self._moved + size)
        self._moved += size
        changes = [
            {"op": "resize", "session": self.sessions[turn % count], "minutes": (5, 10)[turn // count % 2]}
            for turn in turns
        ]
        body = {
            "saveAttemptId": str(uuid4()),
            "expectedVersion": self.version,
            "changes": changes,
            "publish": True,
        }
        began = time.monotonic()
        told = self.call("POST", "/saves", body)
        self.saves.append(time.monotonic() - began)
        self.version = told["version"]


@contextmanager
def serving(
    data: Path, *, sessions: int = 100, options: Sequence[str] = (), database: str | None = None, port: int = 0
) -> Iterator[Site]:
    """Serve a fresh conference whose sessions can all be shortened, published."""
    settings = Settings(data=data, database=database or "")
    upgrade(settings.database)
    store = open_store(settings.database)
    conference, schedule = generate.conference(seed=1, sessions=sessions, fullness=0.5)
    try:
        schedule_id = importing.import_document(store, Imported(conference, dict(schedule)), slug=SLUG, editor_id=None)
        token = tokens.create(store, "editor")
    finally:
        store.close()
    names = [one.id for one in conference.sessions if one.id in schedule and one.minutes >= 10]
    with started(data, options=options, database=database, port=port) as (process, at):
        site = Site(process, at, token, schedule_id, names, settings.database)
        site.publish()
        yield site
        site.forget_connection()


@contextmanager
def started(
    data: Path, *, options: Sequence[str] = (), database: str | None = None, port: int = 0
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`callboard serve` on this data, and its port."""
    chosen = ["--database", database] if database else []
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.cli", "serve", "--port", str(port), "--data", str(data), *chosen, *options],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Nothing is repaired here, and the limits are for people.
        env={**os.environ, "CALLBOARD_COMPILE": "0", "CALLBOARD_SAVES_PER_MINUTE": "0"},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.stdout.readline()
        if not line:
            raise click.ClickException("the server does not start")
        yield process, int(line.rpartition(":")[2].strip("/\n"))
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
