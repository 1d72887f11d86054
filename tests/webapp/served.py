"""A real `callboard serve` for the tests, and somebody who uses it over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fixtures import generate
from tests.webapp.feed_client import FeedClient, Headers
from webapp.auth import tokens
from webapp.schemas import callboard_json
from webapp.settings import Settings
from webapp.store import open_store

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
Json = dict[str, Any]


def callboard(*arguments: str | Path) -> list[str]:
    """The command line of a callboard command."""
    return [sys.executable, "-m", "webapp.cli", *map(str, arguments)]


class Served:
    """A running `serve` or `demo`, and its addresses."""

    def __init__(self, process: subprocess.Popen[str], data: Path, database: str | None = None) -> None:
        self.process = process
        self.data = data
        self.database = Settings(data=data, database=database or "").database
        assert process.stdout is not None
        self.lines = [process.stdout.readline().rstrip("\n") for _ in range(2)]
        assert process.poll() is None, f"it ended with status {process.returncode}"
        self.attendees = self.lines[0].removeprefix("Attendees: ")
        self.editors = self.lines[1].removeprefix("Editors: ")
        self.host, port = self.attendees.removeprefix("http://").partition("/")[0].rsplit(":", 1)
        self.port = int(port)
        self._tokens: dict[str, str] = {}

    @property
    def pid(self) -> int:
        return self.process.pid

    def token(self, role: str) -> str:
        """A bearer token of that role."""
        if role not in self._tokens:
            store = open_store(self.database)
            try:
                self._tokens[role] = tokens.create(store, role)
            finally:
                store.close()
        return self._tokens[role]

    def headers(self, role: str | None) -> Headers:
        return {} if role is None else {"Authorization": f"Bearer {self.token(role)}"}

    def call(self, method: str, path: str, body: Any = None, *, role: str | None = "editor") -> tuple[int, Any]:
        """The status and the JSON of an answer; a path without a slash in front is under `/api/v1/schedules/`."""
        headers = {**self.headers(role), "Content-Type": "application/json"}
        target = path if path.startswith("/") else f"/api/v1/schedules/{path}"
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=30)) as connection:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            data = answer.read()
        return answer.status, json.loads(data) if data[:1] in (b"{", b"[") else data

    def follow(self, path: str, role: str | None = None) -> FeedClient:
        return FeedClient(self.port, path, self.headers(role))

    def add_conference(self, slug: str, *, seed: int = 1, sessions: int = 12, rooms: int = 4) -> str:
        """A generated conference with room to move, as a new schedule; its id."""
        conference, schedule = generate.conference(seed=seed, sessions=sessions, rooms=rooms, fullness=0.3)
        status, told = self.call(
            "POST", f"/api/v1/schedules?slug={slug}", callboard_json(conference, schedule), role="admin"
        )
        assert status == 201, told
        return str(told["scheduleId"])

    def save(self, schedule: str, changes: list[Json], *, version: int, publish: bool = False) -> tuple[int, Json]:
        body = {"saveAttemptId": str(uuid4()), "expectedVersion": version, "changes": changes, "publish": publish}
        return self.call("POST", f"{schedule}/saves", body)

    def wait(self, seconds: float = 10.0) -> int:
        return self.process.wait(timeout=seconds)


@contextmanager
def serving(
    data: Path, *arguments: str | Path, command: str = "serve", port: int = 0, database: str | None = None
) -> Iterator[Served]:
    """Run it in a process group of its own, and end whatever is left of it."""
    if database is not None:
        arguments += ("--database", database)
    process = start(data, *arguments, command=command, port=port)
    try:
        yield Served(process, data, database)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(timeout=15)
        finally:
            if process.stdout:
                process.stdout.close()


def start(data: Path, *arguments: str | Path, command: str = "serve", port: int = 0) -> subprocess.Popen[str]:
    """Start it; its standard output is a pipe."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CALLBOARD_") or name == "CALLBOARD_COMPILE"
    }
    return subprocess.Popen(
        callboard(command, "--port", str(port), "--data", data, *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def refused(data: Path, *arguments: str | Path) -> tuple[int, str, float]:
    """The status, standard error and seconds of a `serve` that does not come up."""
    started = time.monotonic()
    finished = subprocess.run(
        callboard("serve", "--data", data, *arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    return finished.returncode, finished.stderr, time.monotonic() - started
