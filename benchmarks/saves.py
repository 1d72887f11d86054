"""`python -m benchmarks.saves`: how long an editor waits for a save, and for a check of an edit.

It starts a real `callboard serve` on a fresh SQLite file with every commit on the disk, asks it over HTTP on one
connection, and ends it.  Targets, p95 on a schedule of 1000 sessions: ≤ 50 ms for one change, ≤ 500 ms for 500 in one
save, ≤ 10 ms for a check.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from rich.table import Table

from benchmarks.measuring import console, milliseconds, percentile
from benchmarks.targets import verdict
from fixtures import generate
from solver.conference import Conference, Placement, Schedule
from solver.timetable import Timetable
from webapp.auth import tokens
from webapp.schemas import Imported
from webapp.services import importing
from webapp.settings import Settings
from webapp.store import open_store, upgrade

SLUG = "measured"
ONE, MANY, CHECK = 0.050, 0.500, 0.010
"""The most that the p95 may be, in seconds."""
CHANGES = 500
"""Of the large save."""
SINGLES = 40
"""How many sessions the small saves move."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was measured, the seconds of each time, and the most that their p95 may be."""

    what: str
    seconds: list[float]
    limit: float

    @property
    def met(self) -> bool:
        return percentile(self.seconds, 95) <= self.limit


class Editor:
    """One editor with a connection that is kept open."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.version = 1

    def post(self, route: str, body: Any) -> tuple[float, dict[str, Any]]:
        """Seconds from the request to the whole answer, and the answer."""
        data = json.dumps(body)
        began = time.perf_counter()
        self.connection.request("POST", f"/api/v1/schedules/{SLUG}/{route}", data, self.headers)
        answer = self.connection.getresponse()
        told = answer.read()
        seconds = time.perf_counter() - began
        if answer.status != 200:
            raise click.ClickException(f"{route}: {answer.status} {told[:300]!r}")
        return seconds, json.loads(told)

    def save(self, changes: Sequence[dict[str, Any]], *, publish: bool = False) -> float:
        body: dict[str, Any] = {
            "saveAttemptId": str(uuid4()),
            "expectedVersion": self.version,
            "changes": list(changes),
        }
        if publish:
            body["publish"] = True
        seconds, told = self.post("saves", body)
        self.version = told["version"]
        return seconds

    def check(self, edits: Sequence[dict[str, Any]]) -> float:
        return self.post("checks", {"edits": list(edits)})[0]


def clean_moves(
    conference: Conference, schedule: Schedule, most: int = CHANGES
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Moves by a step of the grid that break nothing, one after the other, each with the one that takes it back."""
    found = []
    table = Timetable(conference, schedule)
    # The latest first: they make room for those before them.
    for session in sorted(schedule, key=lambda one: schedule[one].start, reverse=True):
        place = schedule[session]
        later = Placement(place.room, place.start + conference.grid_minutes)
        if table.breaches_of(session, later.room, later.start):
            continue
        table = table.follow(conference, {**table.schedule, session: later})
        there, back = (
            {"op": "move", "session": session, "start": conference.clock.iso(one.start)} for one in (later, place)
        )
        found.append((there, back))
        if len(found) == most:
            break
    return found


@contextmanager
def served(data: Path, *, cache: Path | None = None) -> Iterator[int]:
    """The port of a `serve` on this data; with the compiled search that is in the cache, if one is named."""
    environment = {} if cache is None else {"CALLBOARD_CACHE": os.environ.get("CALLBOARD_CACHE") or str(cache)}
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.cli", "serve", "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "CALLBOARD_COMPILE": "0", **environment},  # compiled it is already, or not needed
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.stdout.readline()
        if not line:
            raise click.ClickException("the server does not start")
        yield int(line.rpartition(":")[2].strip("/\n"))
    finally:
        process.terminate()
        process.wait(15)


def measured(editor: Editor, conference: Conference, schedule: Schedule, count: int) -> list[Line]:
    """Each line of the table, after a few times to warm up."""
    moves = clean_moves(conference, schedule)
    there, back = ([pair[way] for pair in moves] for way in (0, 1))
    few = there[:SINGLES] + back[:SINGLES][::-1]

    def run(
        work: Callable[[list[dict[str, Any]]], float], asked: list[list[dict[str, Any]]], times: int
    ) -> list[float]:
        return [work(one) for one in islice(cycle(asked), times)][times // 10 :]

    # An even number of large saves, so that the small ones find every session where it was.
    large = max(4, count // 10 * 2)
    return [
        Line(f"save of {len(moves)} changes", run(editor.save, [there, back], large), MANY),
        Line("save of one change", run(editor.save, [[one] for one in few], count), ONE),
        Line("check of an edit", run(editor.check, [[one] for one in few], count), CHECK),
    ]


@click.command()
@click.option("--sessions", default=1000, show_default=True, help="How many the conference has.")
@click.option(
    "--count", default=400, show_default=True, help="How many small saves and checks; a fifth as many large saves."
)
def main(sessions: int, count: int) -> None:
    """Measure and print; the exit status is 1 where a target is missed."""
    conference, schedule = generate.conference(seed=1, sessions=sessions, fullness=0.6)
    # Here, since a directory for temporary files may be in memory.
    with tempfile.TemporaryDirectory(prefix="callboard-", dir=".") as folder:
        data = Path(folder)
        settings = Settings(data=data)
        upgrade(settings.database)
        store = open_store(settings.database)
        importing.import_document(store, Imported(conference, dict(schedule)), slug=SLUG, editor_id=None)
        token = tokens.create(store, "editor")
        store.close()
        with served(data) as port:
            lines = measured(Editor(port, token), conference, schedule, count)
    table = Table("over HTTP", "times", "p50 ms", "p95 ms", "max ms", "p95 at most", "")
    for line in lines:
        figures = (percentile(line.seconds, 50), percentile(line.seconds, 95), max(line.seconds), line.limit)
        table.add_row(line.what, str(len(line.seconds)), *map(milliseconds, figures), verdict(line.met))
    console().print(table)
    sys.exit(not all(line.met for line in lines))


if __name__ == "__main__":
    main()
