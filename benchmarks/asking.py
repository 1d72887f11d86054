"""`python -m benchmarks.asking`: how long an editor waits for a check, a repair and a cost map, over HTTP.

It starts a real `callboard serve` with the compiled search on a fresh SQLite file, asks it on one connection, and ends
it.  Targets on a schedule of 1000 sessions, 90 % full: p95 ≤ 10 ms for a check, ≤ 40 ms for a repair that is proved,
also for the first one after a save, ≤ 1 s for a map.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from benchmarks.measuring import RESULTS, console, milliseconds, percentile, spread, warm_up
from benchmarks.saves import CHECK, SLUG, Editor, Line, clean_moves, served
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
ASKED = (("check of one edit", CHECK), ("repair of one edit", REPAIR), ("the same, first after a save", REPAIR))
"""The most that the p95 may be, in seconds."""
PROVED = ("proved_minimal", "nothing_to_repair", "infeasible")
LIMIT = 2.0
"""Seconds for one repair."""


def repairs(editor: Editor, conference: Conference, schedule: Schedule, count: int) -> tuple[list[Line], int]:
    """Checks and repairs of single edits, and how many repairs were not proved."""
    scenarios = disruptions(conference, schedule, seed=1, count=count, kind=SINGLE_EDITS)
    asked = [edits_json(conference, scenario.edits) for scenario in scenarios]
    moves = clean_moves(conference, schedule, most=5)
    saves = cycle([there for there, _ in moves] + [back for _, back in reversed(moves)])
    lines = {what: Line(what, [], limit) for what, limit in ASKED}
    left = 0
    for edits in asked:
        lines["check of one edit"].seconds.append(editor.check(edits))
    for what in ("repair of one edit", "the same, first after a save"):
        for edits in asked:
            if what != "repair of one edit":
                editor.save([next(saves)])
            body = {"expectedVersion": editor.version, "edits": edits, "timeLimit": LIMIT}
            took, told = editor.post("repairs", body)
            lines[what].seconds.append(took)
            left += told["status"] not in PROVED
    return list(lines.values()), left


def maps(editor: Editor, schedule: Schedule, sessions: Sequence[str], count: int) -> Line:
    """Cost maps of sessions that are spread over the programme."""
    asked: list[dict[str, Any]] = [{"session": sessions[number]} for number in sorted(spread(count, len(sessions)))]
    headers = {**editor.headers, "Accept": "application/json"}
    editor.headers = headers
    return Line("cost map", [editor.post("cost-map", body)[0] for body in asked], MAP)


@click.command()
@click.option("--sessions", default=1000, show_default=True, help="How many the conference has.")
@click.option("--count", default=60, show_default=True, help="How many of each; half as many maps.")
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
            lines, left = repairs(editor, conference, schedule, count)
            lines.append(maps(editor, schedule, loose, count // 2))
    table = Table("over HTTP", "times", "p50 ms", "p95 ms", "max ms", "p95 at most", "")
    for one in lines:
        figures = (percentile(one.seconds, 50), percentile(one.seconds, 95), max(one.seconds), one.limit)
        table.add_row(one.what, str(len(one.seconds)), *map(milliseconds, figures), verdict(one.met))
    console().print(table, f"{left} repairs were not proved in {LIMIT:g} s.", sep="\n")
    sys.exit(not all(one.met for one in lines))


if __name__ == "__main__":
    main()
