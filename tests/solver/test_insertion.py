"""Repairs at once where many must leave: valid ones, each with fewer moves than the one before."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from fixtures.disruptions import SINGLE_EDITS, disruptions
from fixtures.generate import conference
from solver import ejection
from solver.answer import Progress
from solver.conference import Conference, Day, Interval, Placement, Room, Session
from solver.countdown import countdown
from solver.edits import CloseRoom
from solver.index import Index
from solver.problem import Problem
from solver.repair import repair
from tests.solver import boards
from tests.solver.test_mass import MANY


@pytest.mark.parametrize("seed", range(2))
def test_repairs_are_valid_and_become_smaller(seed: int) -> None:
    built, schedule = conference(seed=seed, sessions=200, fullness=0.75)
    board = boards.board(built, schedule)
    from solver.compiled import CompiledChains
    from solver.insertion import Insertion

    found = 0
    for scenario in disruptions(built, schedule, seed=seed, count=4, kind=MANY):
        problem = Problem.of(built, schedule, scenario.edits, "all", False)
        chains = CompiledChains(problem, board, lambda problem=problem: Index(problem), countdown(5))  # type: ignore[misc]
        insertion = Insertion(chains, countdown(5))
        before = chains.state()
        places = insertion.first()
        found += places is not None
        steps = [] if places is None else [places]
        insertion.remaining = countdown(0.1)
        while steps and (fewer := insertion.improve(steps[-1], len(insertion.roots))):
            steps.append(fewer)
        for step in steps:
            assert problem.faults(step) == [], scenario.what
        counts = [len(step) for step in steps]
        assert counts == sorted(set(counts), reverse=True)
        for one, other in zip(before, chains.state(), strict=True):
            assert np.array_equal(one, other), "a search leaves the board as it found it"
    assert found >= 2


def test_something_is_in_hand_at_once_and_bounded_later() -> None:
    built, schedule = conference(seed=1, sessions=200, fullness=0.75)
    board = boards.board(built, schedule)
    repaired = 0
    for scenario in disruptions(built, schedule, seed=1, count=3, kind=MANY):
        heard: list[Progress] = []
        answer = repair(built, schedule, scenario.edits, board=board, remaining=countdown(1), progress=heard.append)
        if answer.moved is not None:
            assert answer.moved >= (answer.moved_lower_bound or 0) >= 4
            assert heard[0].moved is not None
            repaired += 1
    assert repaired >= 2


def test_more_may_have_to_leave_than_the_kernel_has_room_for() -> None:
    """Eighty sessions at one place: a valid repair, though no search takes up all of them at once."""
    day = Interval(600, 600 + 600)
    built = Conference(
        days=(Day(date(1970, 1, 1), day),),
        rooms=tuple(Room(f"r{number}") for number in range(10)),
        sessions=tuple(Session(str(number), 30) for number in range(80)),
    )
    schedule = {one.id: Placement("r0", 600) for one in built.sessions}
    answer = repair(built, schedule, board=boards.board(built, schedule), remaining=countdown(0.5))
    assert answer.moved == 79


@pytest.mark.parametrize("seed", [1, 2])
def test_where_short_chains_do_not_end_there_is_a_repair_at_any_price(seed: int) -> None:
    """A room of a small, very full conference closes for an hour: found by pushing out anybody, then made smaller."""
    built, schedule = conference(seed=seed, sessions=100, fullness=0.94)
    drawn = disruptions(built, schedule, seed=seed, count=11, kind=SINGLE_EDITS)
    closed = next(one for one in drawn if isinstance(one.edits[0], CloseRoom))
    problem = Problem.of(built, schedule, closed.edits, "all", False)
    places = ejection.anything(problem, countdown(1))
    assert places is not None
    assert problem.faults(places) == []
    board = boards.board(built, schedule)
    from solver.compiled import CompiledChains
    from solver.insertion import Insertion

    chains = CompiledChains(problem, board, lambda: Index(problem), countdown(5))
    insertion = Insertion(chains, countdown(0.3))
    insertion.begin_with(places)
    fewer = insertion.improve(places, len(insertion.roots))
    if fewer is not None:
        assert problem.faults(fewer) == []
        assert len(fewer) < len(places)
