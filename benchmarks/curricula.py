"""University timetables from scratch: curriculum-based course timetabling as ITC-2007 scored it, by the plan engine.

The soft constraints are four preferences, each said twice as all of ours are; the best costs are those of the reference
timetables beside the instances.  L. Di Gaspero, B. McCollum, A. Schaerf (2007): The second international timetabling
competition (ITC-2007), track 3.

Usage: python -m benchmarks.curricula [--instance 1 …] [--seconds 300].
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import click
import numpy as np
from rich.table import Table

from benchmarks.itc2007 import FIRST_HOUR, INSTANCES, PERIOD, folder, read, sections
from benchmarks.measuring import console
from solver import check
from solver.canvas import Canvas
from solver.conference import Conference, Minute, Schedule
from solver.countdown import countdown
from solver.plan import plan
from solver.preferences import Preference
from solver.preferences.preference import Costs
from solver.wishes import costs

SCALE = 10
"""Points of the plan engine for one of the competition's: it begins by taking changes that are worse by some forty."""


@dataclass(frozen=True)
class Instance:
    """What the soft constraints of an instance look at."""

    students: dict[str, int]
    """By course."""
    least_days: dict[str, int]
    curricula: tuple[tuple[str, ...], ...]
    """The courses of each."""
    seats: dict[str, int]
    """By room."""
    periods: int
    """Of a day."""

    @cached_property
    def curricula_of(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, courses in enumerate(self.curricula):
            for course in courses:
                found[course].append(number)
        return {course: tuple(numbers) for course, numbers in found.items()}


def instance(text: str) -> Instance:
    """The soft side of an instance; `benchmarks.itc2007` reads the hard one."""
    told = sections(text)
    return Instance(
        students={course: int(students) for course, _, _, _, students in told["COURSES"]},
        least_days={course: int(days) for course, _, _, days, _ in told["COURSES"]},
        curricula=tuple(tuple(courses) for _, _, *courses in told["CURRICULA"]),
        seats={room: int(seats) for room, seats in told["ROOMS"]},
        periods=int(told["Periods_per_day"][0][0]),
    )


def slot(start: Minute, first: Minute) -> tuple[int, int]:
    """The numbers of a start's day and period; `first` is the midnight before the first day."""
    day, minute = divmod(start - first, 1440)
    return day, (minute - FIRST_HOUR * 60) // PERIOD


def midnight(conference: Conference) -> Minute:
    """The midnight before the first day."""
    return min(day.hours.start for day in conference.days) - FIRST_HOUR * 60


class Soft(Preference):
    """One of the four; a lecture's title is its course."""

    says = "a soft constraint of ITC-2007"

    def __init__(self, told: Instance) -> None:
        self.told = told


class Around:
    """The lectures of a course and of its curricula on a canvas."""

    def __init__(self, canvas: Canvas, told: Instance) -> None:
        self.canvas, self.told = canvas, told
        self.course = [session.title for session in canvas.conference.sessions]
        self.lectures: dict[str, list[int]] = defaultdict(list)
        for number, course in enumerate(self.course):
            self.lectures[course].append(number)
        first = midnight(canvas.conference)
        places = [slot(start, first) for start in canvas.start_list]
        self.days = np.array([day for day, _ in places])
        self.periods = np.array([period for _, period in places])
        self.place = dict(zip(canvas.start_list, places, strict=True))

    def others(self, course: str, session: int) -> list[tuple[int, int]]:
        """Where the other lectures of a course are."""
        at = self.canvas.at
        return [at[one] for one in self.lectures[course] if one != session and one in at]


class RoomCapacity(Soft):
    """Students without a seat."""

    name, weight, alone = "room_capacity", SCALE, True

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        return sum(
            max(0, self.told.students[conference.session[one].title] - self.told.seats[place.room])
            for one, place in schedule.items()
        )

    def sense(self, canvas: Canvas, announced: Schedule) -> _Capacity:
        return _Capacity(canvas, self.told)


class _Capacity(Around):
    def field(self, session: int) -> Costs:
        seats = np.array([self.told.seats[room] for room in self.canvas.rooms])
        column: Costs = np.maximum(self.told.students[self.course[session]] - seats, 0)[:, None]
        return column


class WorkingDays(Soft):
    """Days that a course lacks."""

    name, weight = "working_days", 5 * SCALE

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        days: dict[str, set[int]] = {course: set() for course in self.told.least_days}
        for one, place in schedule.items():
            days[conference.session[one].title].add(slot(place.start, midnight(conference))[0])
        return sum(max(0, least - len(days[course])) for course, least in self.told.least_days.items())

    def sense(self, canvas: Canvas, announced: Schedule) -> _Days:
        return _Days(canvas, self.told)


class _Days(Around):
    def field(self, session: int) -> Costs | int:
        course = self.course[session]
        days = {self.place[start][0] for _, start in self.others(course, session)}
        if len(days) >= self.told.least_days[course]:
            return 0
        row: Costs = np.isin(self.days, list(days)).astype(np.int64) - 1
        return row[None, :]


class Compactness(Soft):
    """Lectures of a curriculum with none of it just before or after on that day."""

    name, weight = "compactness", 2 * SCALE

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        taken: list[set[tuple[int, int]]] = [set() for _ in self.told.curricula]
        for one, place in schedule.items():
            for number in self.told.curricula_of.get(conference.session[one].title, ()):
                taken[number].add(slot(place.start, midnight(conference)))
        return sum(not {(day, period - 1), (day, period + 1)} & periods for periods in taken for day, period in periods)

    def sense(self, canvas: Canvas, announced: Schedule) -> _Compactness:
        return _Compactness(canvas, self.told)


class _Compactness(Around):
    def field(self, session: int) -> Costs | int:
        told = self.told
        whole = np.zeros((int(self.days.max()) + 1, told.periods), dtype=np.int64)
        for number in told.curricula_of.get(self.course[session], ()):
            # Two empty periods around each day, so that neighbours are always there to look at.
            taken = np.zeros((len(whole), told.periods + 4), dtype=bool)
            for course in told.curricula[number]:
                for _, start in self.others(course, session):
                    day, period = self.place[start]
                    taken[day, period + 2] = True
            before, after = taken[:, 1:-3], taken[:, 3:-1]
            alone_before, alone_after = before & ~taken[:, :-4], after & ~taken[:, 4:]
            whole += (~before & ~after).astype(np.int64) - alone_before - alone_after
        row: Costs = whole[self.days, self.periods][None, :]
        return row


class Stability(Soft):
    """Rooms of a course beyond its first."""

    name, weight = "stability", SCALE

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        rooms: dict[str, set[str]] = defaultdict(set)
        for one, place in schedule.items():
            rooms[conference.session[one].title].add(place.room)
        return sum(len(used) - 1 for used in rooms.values())

    def sense(self, canvas: Canvas, announced: Schedule) -> _Stability:
        return _Stability(canvas, self.told)


class _Stability(Around):
    def field(self, session: int) -> Costs | int:
        used = {room for room, _ in self.others(self.course[session], session)}
        if not used:
            return 0
        column: Costs = np.ones((len(self.canvas.rooms), 1), dtype=np.int64)
        column[list(used)] = 0
        return column


def preferences(told: Instance) -> tuple[Soft, ...]:
    """The soft constraints of an instance."""
    return RoomCapacity(told), WorkingDays(told), Compactness(told), Stability(told)


@click.command()
@click.option("--instance", "numbers", multiple=True, type=click.IntRange(1, 14), default=tuple(INSTANCES))
@click.option("--seconds", default=300.0, show_default=True, help="For each instance.")
@click.option("--seed", default=1, show_default=True)
def main(numbers: tuple[int, ...], seconds: float, seed: int) -> None:
    """Place timetables of ITC-2007 from scratch, and improve them, on one core."""
    out = console()
    if not folder().is_dir():
        out.print(f"ITC-2007 left out: no instances at {folder()} (CALLBOARD_TEST_DATA names another folder).")
        return
    table = Table(title=f"curriculum-based timetables of ITC-2007 from scratch, {seconds:.0f} s each")
    for head in ("instance", "lectures", "feasible in s", "cost", "room, days, compact, stable", "best known", "÷"):
        table.add_column(head, justify="right")
    for number in numbers:
        text = (folder() / f"comp{number:02}.ctt").read_text(encoding="utf-8")
        solved = (folder() / f"comp{number:02}-UD2.sol").read_text(encoding="utf-8")
        conference, reference = read(text, solved)
        soft = preferences(instance(text))
        best = sum(costs(conference, reference, {}, None, soft).values()) // SCALE
        found = plan(conference, {}, from_scratch=True, preferences=soft, seed=seed, remaining=countdown(seconds))
        assert not check.violations(conference, found.schedule)
        feasible = "never" if found.first_complete is None else f"{found.first_complete:.2f}"
        ratio = "" if found.status != "complete" or not best else f"{found.objective / SCALE / best:.1f}"
        parts = ", ".join(str(found.costs[one.name] // SCALE) for one in soft)
        cost = str(found.objective // SCALE) if found.status == "complete" else f"{len(found.unplaced)} unplaced"
        table.add_row(f"comp{number:02}", str(len(conference.sessions)), feasible, cost, parts, str(best), ratio)
    out.print(table)


if __name__ == "__main__":
    main()
