"""The floor from the worth of the rooms' time is never above the fewest moves, and often above who must leave."""

from __future__ import annotations

import pytest

from solver.countdown import countdown
from solver.index import Index
from solver.problem import Problem
from tests.solver import boards, statement
from tests.solver.test_exactness import CASES, question, truth
from tests.solver.tiny import Tiny, case


def floor(tiny: Tiny, *, lenient: bool = False, place: bool = False) -> tuple[int, int] | None:
    """The floor, and how many must leave; None where the bound does not hold."""
    board = boards.board(tiny.conference, tiny.schedule)
    from solver.compiled import CompiledChains
    from solver.lagrange import RoomBound

    problem = Problem.of(tiny.conference, tiny.schedule, tiny.edits, "edit" if lenient else "all", place)
    chains = CompiledChains(problem, board, lambda: Index(problem), countdown(10))
    if not RoomBound.holds_for(chains):
        return None
    return RoomBound(chains).floor(countdown(10), None), len(chains.must)


def test_the_floor_is_below_brute_force() -> None:
    above = 0
    for seed in CASES[::6]:
        best = truth(seed)
        found = floor(case(seed))
        if best is not None and found is not None:
            assert found[0] <= best[0], f"case({seed})"
            above += found[0] > found[1]
    assert above >= 5, "many floors say more than that those must move who must leave"


@pytest.mark.parametrize(("lenient", "place"), [(True, False), (False, True), (True, True)])
def test_it_is_with_old_violations_and_with_unplaced_sessions(lenient: bool, place: bool) -> None:
    compared = 0
    for seed in range(1000, 1025):
        tiny = case(seed, clean=False)
        found = floor(tiny, lenient=lenient, place=place)
        best = statement.optimum(question(tiny, lenient=lenient, place=place))
        if found is not None and best is not None:
            assert found[0] <= best[0], f"case({seed}, clean=False), {lenient=}, {place=}"
            compared += 1
    assert compared >= 2
