"""The measurements of plans from scratch score as the libraries do that they are compared with."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import cosplib, curricula
from benchmarks.itc2007 import read
from solver.countdown import countdown
from solver.plan import plan
from solver.wishes import costs
from webapp.interop.sheet import sheets

BEST = (5, 24, 64, 35, 285, 27, 6, 37, 96, 4, 0, 294, 59, 51)
"""Costs of the reference timetables; published for the fifth is 284."""
TINY = """Name: Tiny
Courses: 3
Rooms: 2
Days: 2
Periods_per_day: 3
Curricula: 1
Constraints: 1

COURSES:
knots t0 2 2 30
ropes t1 2 1 50
sails t2 1 1 10

ROOMS:
attic 20
hall 40

CURRICULA:
q0 2 knots ropes

UNAVAILABILITY_CONSTRAINTS:
knots 0 0

END.
"""
TIMETABLE = "knots hall 0 1\nknots attic 0 2\nropes hall 1 0\nropes hall 1 2\nsails attic 1 1\n"


def test_soft_constraints_are_counted_as_the_competition_does() -> None:
    conference, schedule = read(TINY, TIMETABLE)
    soft = curricula.preferences(curricula.instance(TINY))
    counted = {name: points // curricula.SCALE for name, points in costs(conference, schedule, {}, None, soft).items()}
    # knots: 10 students too many in the attic, one day of two, two rooms; ropes: 10 too many, twice, and twice alone.
    assert counted == {"room_capacity": 30, "working_days": 5, "compactness": 4, "stability": 1}


def test_the_search_and_the_plain_count_agree_and_the_best_is_found() -> None:
    conference, _ = read(TINY, TIMETABLE)
    soft = curricula.preferences(curricula.instance(TINY))
    found = plan(conference, {}, from_scratch=True, preferences=soft, remaining=countdown(0.5))
    # ropes must lack 10 seats twice; all else can be had: that the counts agree, the plan asserts by itself.
    assert (found.status, found.objective) == ("complete", 20 * curricula.SCALE)


def test_the_reference_timetables_cost_what_is_known(shared_data: Path) -> None:
    for number, best in enumerate(BEST, 1):
        text = (shared_data / "itc2007" / f"comp{number:02}.ctt").read_text()
        conference, schedule = read(text, (shared_data / "itc2007" / f"comp{number:02}-UD2.sol").read_text())
        soft = curricula.preferences(curricula.instance(text))
        assert sum(costs(conference, schedule, {}, None, soft).values()) // curricula.SCALE == best


@pytest.mark.parametrize(("name", "expected"), [("GECCO19", 2_000_070), ("N2OR", 1)])
def test_published_solutions_score_as_published(shared_data: Path, name: str, expected: int) -> None:
    folder = shared_data / "cosplib"
    book = cosplib.read_workbook(sheets((folder / f"{name}.xlsx").read_bytes(), name), name)
    scoring = cosplib.Scoring(book, cosplib.WEIGHED_OTHERWISE.get(name, {}))
    told = cosplib.published(book, folder / f"{name}-solution-extended.xlsx")
    assert sum(scoring.parts(told).values()) == expected
    assert told.submissions.keys() == scoring.submission.keys()


def test_both_commands_measure(shared_data: Path) -> None:
    for command, given, row in (
        (curricula.main, ["--instance", "1", "--seconds", "0.5"], "comp01"),
        (cosplib.main, ["--conference", "N2OR", "--seconds", "0.5"], "N2OR"),
    ):
        ran = CliRunner().invoke(command, given, catch_exceptions=False)
        assert ran.exit_code == 0
        [line] = [line for line in ran.output.splitlines() if row in line]
        assert line.count("│") == 8
