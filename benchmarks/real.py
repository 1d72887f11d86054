"""Published schedules: what they have broken, repaired, and a room that closes for an afternoon.

The schedules are not part of the project.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Sample, console, milliseconds, timed, warm_up
from solver.conference import Conference, Interval, Schedule
from solver.edits import CloseRoom
from webapp.schemas import read_document

ROOT = Path(__file__).resolve().parent.parent
NOON, EVENING = time(12), time(18)
AFTERNOON_SECONDS = 1.0
"""A room that closes for an afternoon must be repaired, with bounds, in this time."""


def folder() -> Path:
    """Where the schedules would be."""
    return Path(os.environ.get("CALLBOARD_TEST_DATA") or ROOT.parent / "shared" / "data").resolve() / "fosdem"


def fullest_room(conference: Conference, schedule: Schedule, afternoon: Interval) -> str:
    """The room that has the most sessions then."""
    found = dict.fromkeys(sorted(conference.room), 0)
    for session, place in schedule.items():
        end = place.start + conference.session[session].minutes
        found[place.room] += place.start < afternoon.end and afternoon.start < end
    return max(found, key=lambda room: found[room])


def measure(limit: float) -> Iterator[tuple[str, str, Sample]]:
    """Each schedule as it was published, and on its first afternoon without its fullest room."""
    for path in sorted(folder().glob("*.xml")):
        imported = read_document(path.read_bytes(), path.name)
        conference, schedule = imported.conference, imported.schedule
        yield path.stem, "as published", timed(conference, schedule, (), limit=limit)
        day = min(conference.days, key=lambda one: one.hours.start)
        afternoon = Interval(*(conference.clock.on_day(day.date, at) for at in (NOON, EVENING)))
        room = fullest_room(conference, schedule, afternoon)
        closed = (CloseRoom(room, afternoon),)
        yield path.stem, f"{room} closed 12–18", timed(conference, schedule, closed, limit=AFTERNOON_SECONDS)


def report(page: Console, *, limit: float) -> None:
    """Print the table, or that the schedules are missing."""
    if not folder().is_dir():
        page.print(f"Published schedules left out: none at {folder()} (CALLBOARD_TEST_DATA names another folder).")
        return
    shown = Table("schedule", "what", "broken", "answer", "moves", "at least", "first ms", "ms")
    for name, what, sample in measure(limit):
        answer = sample.answer
        shown.add_row(
            name,
            what,
            str(answer.violations_before),
            answer.status,
            "" if answer.moved is None else str(answer.moved),
            "" if answer.moved_lower_bound is None else str(answer.moved_lower_bound),
            "never" if sample.first is None else milliseconds(sample.first),
            milliseconds(sample.seconds),
        )
    page.print("Published schedules:", shown, sep="\n")


@click.command()
@click.option("--limit", default=10.0, show_default=True, help="Seconds for a schedule as it was published.")
def main(limit: float) -> None:
    """Repair published schedules."""
    warm_up()
    report(console(), limit=limit)


if __name__ == "__main__":
    main()
