"""Published university timetables, disrupted: the instances of ITC-2007 and the four disruptions of Lindahl et al.

A lecture is a session, a period an hour on the grid; only the hard constraints count, so rooms have no size.
A course is a person, because its lectures may not meet and have times when they cannot be; so is its teacher.
The lectures of a curriculum are apart.  The instances are not part of the project.

M. Lindahl, T. Stidsen, M. Sørensen (2019): Quality recovering of university timetables. EJOR 276(2).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Sample, console, milliseconds, timed, warm_up
from solver.check import violations
from solver.conference import Conference, Day, Interval, Minute, Person, Placement, Room, Schedule, Session
from solver.edits import CloseRoom, Edit, apply

ROOT = Path(__file__).resolve().parent.parent
INSTANCES = range(1, 15)
FIRST_DAY = datetime(2007, 9, 3, tzinfo=UTC)
FIRST_HOUR = 8
PERIOD = 60
NEW_CURRICULUM = 4
"""Courses of a curriculum that is inserted."""
TRIES = 200


class InstanceError(ValueError):
    """A file that is no instance or no timetable of the competition."""


@dataclass(frozen=True, slots=True)
class Disrupted:
    """A timetable after something happened: other facts, or edits."""

    conference: Conference
    schedule: Schedule
    edits: tuple[Edit, ...] = ()


def folder() -> Path:
    """Where the instances would be."""
    return Path(os.environ.get("CALLBOARD_TEST_DATA") or ROOT.parent / "shared" / "data").resolve() / "itc2007"


def read(instance: str, timetable: str) -> tuple[Conference, dict[str, Placement]]:
    """The instance's hard constraints as a conference, and the timetable as its schedule."""
    told = sections(instance)
    periods, days = int(told["Periods_per_day"][0][0]), int(told["Days"][0][0])
    if periods > 24 - FIRST_HOUR:
        raise InstanceError(f"{periods} periods do not fit into a day")
    lectures = {course: _lectures(course, int(count)) for course, _, count, *_ in told["COURSES"]}
    teacher = {course: f"teacher {name}" for course, name, *_ in told["COURSES"]}
    away: dict[str, list[Interval]] = {course: [] for course in lectures}
    for course, day, period in told["UNAVAILABILITY_CONSTRAINTS"]:
        away[course].append(period_at(int(day), int(period)))
    conference = Conference(
        name=told["Name"][0][0],
        days=tuple(Day(_date(day), Interval(_minute(day, 0), _minute(day, periods))) for day in range(days)),
        rooms=tuple(Room(name) for name, *_ in told["ROOMS"]),
        people=(
            *(Person(course, unavailable=tuple(times)) for course, times in away.items()),
            *(Person(name) for name in dict.fromkeys(teacher.values())),
        ),
        sessions=tuple(
            Session(lecture, PERIOD, title=course, speakers=(course, teacher[course]))
            for course, ids in lectures.items()
            for lecture in ids
        ),
        apart=tuple(_together(lectures, courses) for _, _, *courses in told["CURRICULA"]),
        grid_minutes=PERIOD,
    )
    return conference, _schedule(timetable, lectures, set(conference.room))


def sections(text: str) -> dict[str, list[list[str]]]:
    """Heading → the lines below it, in words; a heading with a value has that as its only line."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            heading = name.strip()
            found[heading] = [[value.strip()]] if value.strip() else []
        elif line.split() and line.split() != ["END."]:
            found.setdefault(heading, []).append(line.split())
    missing = {"Name", "Days", "Periods_per_day", "COURSES", "ROOMS", "CURRICULA", "UNAVAILABILITY_CONSTRAINTS"}
    if missing - found.keys():
        raise InstanceError(f"the instance has no {sorted(missing - found.keys())[0]}")
    return found


def _schedule(text: str, lectures: dict[str, list[str]], rooms: set[str]) -> dict[str, Placement]:
    waiting = {course: list(ids) for course, ids in lectures.items()}
    placed: dict[str, Placement] = {}
    for line in filter(str.strip, text.splitlines()):
        course, named, day, period = line.split()
        room = named if named in rooms else named.removeprefix("r")  # timetables put an r before the instance's names
        if room not in rooms:
            raise InstanceError(f"the timetable has a room '{named}' that the instance has not")
        if not waiting.get(course):
            raise InstanceError(f"the timetable has more lectures of '{course}' than the instance")
        placed[waiting[course].pop(0)] = Placement(room, _minute(int(day), int(period)))
    return placed


def _lectures(course: str, count: int) -> list[str]:
    return [f"{course} {number}" for number in range(1, count + 1)]


def _together(lectures: dict[str, list[str]], courses: Sequence[str]) -> tuple[str, ...]:
    return tuple(lecture for course in courses for lecture in lectures[course])


def period_at(day: int, period: int) -> Interval:
    """The hour of a period."""
    return Interval(_minute(day, period), _minute(day, period + 1))


def _date(day: int) -> date:
    return (FIRST_DAY + timedelta(days=day)).date()


def _minute(day: int, period: int) -> Minute:
    return int(FIRST_DAY.timestamp()) // 60 + day * 1440 + FIRST_HOUR * 60 + period * PERIOD


# --- what happens -----------------------------------------------------------------------------------------------------


def assignment_banned(conference: Conference, schedule: Schedule, rng: Random) -> Disrupted:
    """One lecture may not be where and when it is; a little stricter here, as nobody else may be there either."""
    placement = schedule[rng.choice(sorted(schedule))]
    closed = Interval(placement.start, placement.start + PERIOD)
    return Disrupted(conference, schedule, (CloseRoom(placement.room, closed),))


def room_closed(conference: Conference, schedule: Schedule, rng: Random) -> Disrupted:
    """A room is closed for a day."""
    room, day = rng.choice(conference.rooms), rng.choice(conference.days)
    return Disrupted(conference, schedule, (CloseRoom(room.id, day.hours),))


def timeslot_closed(conference: Conference, schedule: Schedule, rng: Random) -> Disrupted:
    """Every room is closed for one period."""
    start = rng.choice(sorted({placement.start for placement in schedule.values()}))
    closed = Interval(start, start + PERIOD)
    return Disrupted(conference, schedule, tuple(CloseRoom(room.id, closed) for room in conference.rooms))


def curriculum_inserted(conference: Conference, schedule: Schedule, rng: Random) -> Disrupted:
    """Four courses that some students now take together."""
    lectures: dict[str, list[str]] = {}
    for session in conference.sessions:
        lectures.setdefault(session.title, []).append(session.id)
    group = _together(lectures, rng.sample(sorted(lectures), NEW_CURRICULUM))
    return Disrupted(replace(conference, apart=(*conference.apart, group)), schedule)


KINDS: dict[str, Callable[[Conference, Schedule, Random], Disrupted]] = {
    "assignment banned": assignment_banned,
    "room closed for a day": room_closed,
    "timeslot closed": timeslot_closed,
    "curriculum inserted": curriculum_inserted,
}


def disrupt(conference: Conference, schedule: Schedule, kind: str, seed: int) -> Disrupted:
    """The same disruption for the same seed, one that breaks something.

    Raises `ValueError` where none is found.
    """
    rng = Random(f"{conference.name} {kind} {seed}")
    for _ in range(TRIES):
        drawn = KINDS[kind](conference, schedule, rng)
        edited = apply(drawn.conference, drawn.schedule, drawn.edits)
        if violations(edited.conference, edited.schedule):
            return drawn
    raise ValueError(f"{conference.name}: no '{kind}' breaks anything")


# --- measuring --------------------------------------------------------------------------------------------------------


def instances(numbers: Sequence[int]) -> Iterator[tuple[str, Conference, dict[str, Placement]]]:
    """Those of the instances that are there, with the names of their files."""
    for number in numbers:
        path, solved = folder() / f"comp{number:02}.ctt", folder() / f"comp{number:02}-UD2.sol"
        if path.is_file() and solved.is_file():
            yield path.stem, *read(path.read_text(encoding="utf-8"), solved.read_text(encoding="utf-8"))


def measure(numbers: Sequence[int], *, seeds: int, limit: float) -> dict[str, list[tuple[str, Sample]]]:
    """Kind → every instance's repairs."""
    found: dict[str, list[tuple[str, Sample]]] = {kind: [] for kind in KINDS}
    for name, conference, schedule in instances(numbers):
        for kind in KINDS:
            for seed in range(1, seeds + 1):
                drawn = disrupt(conference, schedule, kind, seed)
                taken = timed(drawn.conference, drawn.schedule, drawn.edits, limit=limit)
                found[kind].append((name, taken))
    return found


def table(found: dict[str, list[tuple[str, Sample]]]) -> Table:
    """Each kind in a line: what was proved, and how long it took."""
    shown = Table("disruption", "repairs", "K proved", "of these no repair", "open", "p50 ms", "max ms", "K", "open in")
    for kind, samples in found.items():
        if not samples:
            continue
        taken = [sample for _, sample in samples]
        counts = [sample.answer.moved for sample in taken if sample.count_proved and sample.answer.moved is not None]
        times = [sample.seconds for sample in taken]
        left = [name for name, sample in samples if not sample.count_proved]
        shown.add_row(
            kind,
            str(len(taken)),
            str(len(taken) - len(left)),
            str(sum(sample.answer.status == "infeasible" for sample in taken)),
            str(len(left)),
            milliseconds(median(times)),
            milliseconds(max(times)),
            f"{min(counts)}–{max(counts)}" if counts else "",
            ", ".join(left),
        )
    return shown


def report(page: Console, numbers: Sequence[int], *, seeds: int, limit: float) -> None:
    """Print the table, or that the instances are missing."""
    if not folder().is_dir():
        page.print(f"ITC-2007 left out: no instances at {folder()} (CALLBOARD_TEST_DATA names another folder).")
        return
    page.print("Timetables of ITC-2007, disrupted:", table(measure(numbers, seeds=seeds, limit=limit)), sep="\n")


@click.command()
@click.option("--instance", "numbers", multiple=True, type=click.IntRange(1, 21), default=tuple(INSTANCES))
@click.option("--seeds", default=1, show_default=True, help="Disruptions of each kind for each instance.")
@click.option("--limit", default=10.0, show_default=True, help="Seconds for one repair.")
def main(numbers: tuple[int, ...], seeds: int, limit: float) -> None:
    """Repair disrupted timetables of ITC-2007."""
    warm_up()
    report(console(), numbers, seeds=seeds, limit=limit)


if __name__ == "__main__":
    main()
