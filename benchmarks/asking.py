"""`python -m benchmarks.asking`: how long an editor waits for a repair, and for a cost map, over HTTP.

It starts a real `callboard serve` with the compiled search on a fresh SQLite file, asks it on one connection, and ends
it.  Targets on a schedule of 1000 sessions, 90 % full: p95 ≤ 40 ms for a repair that is proved, ≤ 1 s for a map.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from benchmarks.measuring import RESULTS, console, milliseconds, percentile, spread, warm_up
from benchmarks.saves import SLUG, Editor, Line, served
from benchmarks.targets import verdict
from fixtures import generate
from fixtures.disruptions import SINGLE_EDITS, disruptions
from fixtures.edits_json import edits_json
from solver.conference import Conference, Schedule
from webapp.auth import tokens
from webapp.schemas import Imported
from webapp.services import importing
from webapp.settings import Settings
from webapp.store import open_store, upgrade

REPAIR, MAP = 0.040, 1.0
"""The most that the p95 may be, in seconds."""
PROVED = ("proved_minimal", "nothing_to_repair", "infeasible")
LIMIT = 2.0
"""Seconds for one repair."""


def repairs(editor: Editor, conference: Conference, schedule: Schedule, count: int) -> tuple[Line, int]:
    """Repairs of single edits, and how many of them were not proved."""
    scenarios = disruptions(conference, schedule, seed=1, count=count, kind=SINGLE_EDITS)
    seconds, left = [], 0
    for scenario in scenarios:
        body = {"expectedVersion": 1, "edits": edits_json(conference, scenario.edits), "timeLimit": LIMIT}
        took, told = editor.post("repairs", body)
        seconds.append(took)
        left += told["status"] not in PROVED
    return Line("repair of one edit", seconds, REPAIR), left


def maps(editor: Editor, schedule: Schedule, sessions: Sequence[str], count: int) -> Line:
    """Cost maps of sessions that are spread over the programme."""
    asked: list[dict[str, Any]] = [{"session": sessions[number]} for number in sorted(spread(count, len(sessions)))]
    headers = {**editor.headers, "Accept": "application/json"}
    editor.headers = headers
    return Line("cost map", [editor.post("cost-map", body)[0] for body in asked], MAP)


@click.command()
@click.option("--sessions", default=1000, show_default=True, help="How many the conference has.")
@click.option("--count", default=60, show_default=True, help="How many repairs; half as many maps.")
def main(sessions: int, count: int) -> None:
    """Measure and print; the exit status is 1 where a target is missed."""
    warm_up()
    conference, schedule = generate.conference(seed=1, sessions=sessions, fullness=0.9)
    loose = sorted(one for one in schedule if not conference.session[one].pinned)
    # Here, since a directory for temporary files may be in memory.
    with tempfile.TemporaryDirectory(prefix="callboard-", dir=".") as folder:
        settings = Settings(data=Path(folder))
        upgrade(settings.database)
        store = open_store(settings.database)
        importing.import_document(store, Imported(conference, dict(schedule)), slug=SLUG, editor_id=None)
        token = tokens.create(store, "editor")
        store.close()
        with served(Path(folder), cache=RESULTS / "cache") as port:
            editor = Editor(port, token)
            editor.post("repairs", {"expectedVersion": 1, "edits": []})  # now the conference is laid out
            line, left = repairs(editor, conference, schedule, count)
            lines = [line, maps(editor, schedule, loose, count // 2)]
    table = Table("over HTTP", "times", "p50 ms", "p95 ms", "max ms", "p95 at most", "")
    for one in lines:
        figures = (percentile(one.seconds, 50), percentile(one.seconds, 95), max(one.seconds), one.limit)
        table.add_row(one.what, str(len(one.seconds)), *map(milliseconds, figures), verdict(one.met))
    console().print(table, f"{left} repairs were not proved in {LIMIT:g} s.", sep="\n")
    sys.exit(not all(one.met for one in lines))


if __name__ == "__main__":
    main()
