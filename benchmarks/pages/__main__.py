"""`python -m benchmarks.pages`: the pages' main thread, in Chromium on a real `callboard serve`.

Budgets, by processor time of the main thread, with 1000 sessions in 35 rooms: ≤ 16 ms for a step of a drag, ≤ 5 ms of
script for a change that comes in, ≤ 150 ms for 300 at once, ≤ 600 ms to start the editor; for the first visit of the
live view on a phone ≤ 100 kB over the wire.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import click
from rich.table import Table

from benchmarks.measuring import console
from benchmarks.pages import ours, peer
from benchmarks.pages.browser import Spent, browser
from benchmarks.saves import SLUG, Editor, clean_moves, served
from benchmarks.targets import verdict
from fixtures import generate
from webapp.auth import links, tokens
from webapp.schemas import Imported
from webapp.services import importing, publishing, reading
from webapp.settings import Settings
from webapp.store import open_store, upgrade

LINES = (
    ("start", "editor started", "all", 600),
    ("drag", "step of a drag", "all", 16),
    ("patch", "editor, one change comes in", "script", 5),
    ("burst", "editor, many at once", "all", 150),
    ("live patch", "live view, one change comes in", "script", 5),
    ("live burst", "live view, many at once", "all", 150),
)
"""What was measured, how it is called, of which time, and the most milliseconds that it may take."""
KILOBYTES = 100
SHIFT = 0.1


def figure(found: Mapping[str, Spent] | None, what: str, which: str) -> float | None:
    """Milliseconds; None where it was not measured."""
    spent = found.get(what) if found else None
    return None if spent is None else float(getattr(spent, which))


def middle(runs: list[dict[str, Spent]]) -> dict[str, Spent]:
    """The median of several runs, line by line."""
    return {
        what: Spent(median(run[what].all for run in runs), median(run[what].script for run in runs)) for what in runs[0]
    }


@click.command()
@click.option("--sessions", default=1000, show_default=True)
@click.option("--rooms", default=35, show_default=True)
@click.option("--steps", default=60, show_default=True, help="Of a drag.")
@click.option("--patches", default=20, show_default=True, help="Single changes that come in.")
@click.option("--burst", default=300, show_default=True, help="Changes at once.")
@click.option("--runs", default=3, show_default=True, help="Of which the median is told.")
def main(sessions: int, rooms: int, steps: int, patches: int, burst: int, runs: int) -> None:
    """Measure and print; the exit status is 1 where a budget is overrun."""
    conference, schedule = generate.conference(seed=1, sessions=sessions, rooms=rooms, fullness=0.6)
    moves = clean_moves(conference, schedule, patches + burst)
    burst = min(burst, len(moves) - patches)
    mine: list[dict[str, Spent]] = []
    theirs: list[dict[str, Spent]] = []
    visits: list[ours.Visit] = []
    with tempfile.TemporaryDirectory(prefix="callboard-", dir=".") as folder, browser() as chromium:
        for run in range(runs):
            data = Path(folder) / str(run)
            settings = Settings(data=data)
            data.mkdir()
            upgrade(settings.database)
            store = open_store(settings.database)
            importing.import_document(store, Imported(conference, dict(schedule)), slug=SLUG, editor_id=None)
            publishing.publish(store, SLUG, expected_version=1, editor_id=None)
            token, shown = tokens.create(store, "editor"), reading.draft_json(store, SLUG)
            with served(data) as port:
                url, saver = f"http://127.0.0.1:{port}", Editor(port, token)
                link = f"{url}/sign-in?token={links.create(store)}"
                visits.append(ours.first_visit(chromium, url))
                found = ours.editor(chromium, url, link, saver, moves, steps=steps, patches=patches, burst=burst)
                back = [(there, here) for here, there in moves]
                found |= ours.live(chromium, url, saver, back[::-1], patches=patches, burst=burst)
                mine.append(found)
            store.close()
            if peer.version() is not None:
                theirs.append(peer.measure(chromium, shown, steps=steps, patches=patches, burst=burst))
    met = show(
        middle(mine), middle(theirs) if theirs else None, sorted(visits, key=lambda one: one.main_thread)[runs // 2]
    )
    if not theirs:
        click.echo("EventCalendar could not be installed; it was left out", err=True)
    sys.exit(not met)


def show(mine: Mapping[str, Spent], theirs: Mapping[str, Spent] | None, visit: ours.Visit) -> bool:
    """Print both tables; whether every budget is kept."""
    table = Table(
        "processor time of the main thread", "ms", "at most", "", f"EventCalendar {peer.version() or ''}", "÷ ours"
    )
    met = True
    for what, name, which, limit in LINES:
        here, there = figure(mine, what, which) or 0.0, figure(theirs, what, which)
        met &= here <= limit
        beside = ("", "") if there is None else (f"{there:.1f}", f"{there / max(here, 0.01):.1f}")
        table.add_row(f"{name} ({which})", f"{here:.1f}", str(limit), verdict(here <= limit), *beside)
    console().print(table)
    phone = Table("first visit of the live view on a phone", "", "at most", "")
    phone.add_row("over the wire, kB", f"{visit.kilobytes:.1f}", str(KILOBYTES), verdict(visit.kilobytes <= KILOBYTES))
    phone.add_row("layout shift", f"{visit.shift:.3f}", str(SHIFT), verdict(visit.shift <= SHIFT))
    for name, value in (
        ("requests", visit.requests),
        ("first contentful paint, ms", visit.first_paint),
        ("largest contentful paint, ms", visit.largest_paint),
        ("blocked by long tasks, ms", visit.blocked),
        ("main thread, processor ms", visit.main_thread),
    ):
        phone.add_row(name, f"{value:.0f}", "", "")
    console().print(phone)
    return met and visit.kilobytes <= KILOBYTES and visit.shift <= SHIFT


if __name__ == "__main__":
    main()
