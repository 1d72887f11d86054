"""Guessing who moves: the fewest moves are those of brute force, and of the whole conference as one model."""

from __future__ import annotations

import pytest

from benchmarks import whole_conference
from fixtures.disruptions import disruptions
from fixtures.generate import conference
from solver import movers
from solver.index import Index
from solver.problem import Finding, Problem
from solver.repair import countdown, repair
from tests.solver import statement
from tests.solver.test_exactness import CASES, question
from tests.solver.tiny import case

MANY = ("room_closed_hours", "room_closed_day", "building_closed", "speakers_late")


def fewest(problem: Problem, seconds: float = 20) -> Finding:
    finding = Finding()
    movers.find(problem, Index(problem), finding, remaining=countdown(seconds), note=lambda _: None)
    if finding.places is not None:
        assert problem.faults(finding.places) == []
        assert len(finding.places) == finding.count_floor
    return finding


@pytest.mark.parametrize("block", range(4))
def test_the_count_equals_brute_force(block: int) -> None:
    found = 0
    for seed in CASES[block::4]:
        tiny = case(seed)
        problem = Problem.of(tiny.conference, tiny.schedule, tiny.edits, "all", False)
        if not problem.broken or any(not any(map(problem.movable, one.sessions)) for one in problem.broken):
            continue
        truth = statement.optimum(question(tiny))
        finding = fewest(problem)
        assert (finding.places and len(finding.places)) == (truth and truth[0]), f"case({seed})"
        found += truth is not None
    assert found >= 30


@pytest.mark.parametrize(("lenient", "place"), [(True, False), (False, True), (True, True)])
def test_old_violations_may_stay_and_the_unplaced_be_placed(lenient: bool, place: bool) -> None:
    found = 0
    for seed in range(1000, 1060):
        tiny = case(seed, clean=False)
        problem = Problem.of(tiny.conference, tiny.schedule, tiny.edits, "edit" if lenient else "all", place)
        if any(not any(map(problem.movable, one.sessions)) for one in problem.broken):
            continue
        truth = statement.optimum(question(tiny, lenient=lenient, place=place))
        finding = fewest(problem)
        if truth is not None and (problem.broken or problem.homeless):
            assert len(finding.places or ()) == truth[0], f"case({seed}, clean=False), {lenient=}, {place=}"
            found += 1
        assert truth is not None or finding.places is None
    assert found >= 10


@pytest.mark.parametrize("seed", range(3))
def test_mass_events_equal_the_whole_conference_as_one_model(seed: int) -> None:
    """In count; and what the front door proves of the price is as the model has it."""
    built, schedule = conference(seed=seed, sessions=36, rooms=4, fullness=0.7)
    compared = 0
    for scenario in disruptions(built, schedule, seed=seed, count=4, kind=MANY):
        peer = whole_conference.solve(built, schedule, scenario.edits, seconds=30, workers=1)
        if not peer.proved:
            continue
        finding = fewest(Problem.of(built, schedule, scenario.edits, "all", False), 5)
        assert peer.infeasible or finding.count_floor <= (peer.moved or 0), scenario.what
        assert finding.places is None or len(finding.places) == peer.moved, scenario.what
        answer = repair(built, schedule, scenario.edits, remaining=countdown(10))
        assert (answer.status == "infeasible") <= peer.infeasible, scenario.what
        assert (answer.moved_lower_bound or 0) <= (peer.moved or 10**6), scenario.what
        if answer.status == "proved_minimal":
            assert (answer.moved, answer.price) == (peer.moved, peer.price), scenario.what
        compared += finding.places is not None
    assert compared >= 2
