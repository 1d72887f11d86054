"""What is checked around an edit is what a check of the whole would find."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import pytest

from fixtures.disruptions import disruptions
from fixtures.generate import conference
from solver import check
from solver.conference import Conference, Placement, Schedule
from solver.edits import Edit, apply
from solver.problem import Problem
from solver.rules import Violation
from solver.rules.faces import thrown_about
from tests.solver import boards
from tests.solver.tiny import case

Cases = list[tuple[Conference, Schedule, tuple[Edit, ...]]]


@pytest.fixture(scope="module")
def cases() -> Cases:
    """Tiny conferences, clean and not, and a middling one with all that goes wrong there."""
    tiny = [case(seed, clean=seed % 2 == 0) for seed in range(120)]
    found: Cases = [(one.conference, one.schedule, one.edits) for one in tiny]
    built, schedule = conference(seed=3, sessions=150, rooms=8)
    return found + [(built, schedule, one.edits) for one in disruptions(built, schedule, seed=3, count=40)]


def alike(ours: list[Violation], theirs: list[Violation]) -> bool:
    return Counter(map(repr, ours)) == Counter(map(repr, theirs))


def test_a_board_knows_what_edits_break(cases: Cases) -> None:
    broken = 0
    for facts, schedule, edits in cases:
        board = boards.board(facts, schedule)
        problem = Problem.of(facts, schedule, edits, "all", False, board)
        expected = check.violations(problem.conference, problem.schedule)
        assert alike(problem.violations, expected), edits
        broken += bool(expected)
    assert broken > 80


def test_a_board_judges_moves_as_the_plain_checker_does(cases: Cases) -> None:
    faulty = 0
    for number, (facts, schedule, edits) in enumerate(cases):
        problem = Problem.of(facts, schedule, edits, "edit", False, board := boards.board(facts, schedule))
        thrown = thrown_about(problem.conference, problem.schedule, seed=number)
        moved = {one: at for one, at in thrown.items() if at != problem.schedule[one]}
        expected = problem.faults(moved)
        assert alike(board.faults(problem, moved), expected), (edits, moved)
        faulty += bool(expected)
    assert faulty > 80


def test_what_is_around_is_a_part_of_the_whole(cases: Cases) -> None:
    for number, (facts, schedule, _) in enumerate(cases):
        thrown: dict[str, Placement] = thrown_about(facts, schedule, seed=number)
        some = set(sorted(thrown)[: 1 + number % 3])
        rooms = {thrown[one].room for one in some}
        near = [one for one, place in thrown.items() if place.room in rooms]
        whole = [one for one in check.violations(facts, thrown) if some.intersection(one.sessions)]
        assert alike(check.around(facts, thrown, some, near), whole)


def test_revised_facts_are_as_if_they_had_been_built_anew(cases: Cases) -> None:
    for facts, schedule, edits in cases:
        _ = facts.busy, facts.kin, facts.sessions_by_track
        revised = apply(facts, schedule, edits).conference
        anew = Conference(**{field.name: getattr(revised, field.name) for field in fields(Conference)})
        for name in ("room", "person", "session", "sessions_of", "busy", "kin", "rank", "sessions_by_track"):
            assert getattr(revised, name) == getattr(anew, name), (name, edits)
