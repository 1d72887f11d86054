"""A model that cannot be built in time is given up where it stands, and the answer says what is known."""

from __future__ import annotations

from itertools import count
from threading import Event

import pytest
from ortools.sat.python import cp_model

from fixtures.disruptions import disruptions
from fixtures.generate import conference
from solver import cp_sat
from solver.countdown import OutOfTimeError, Remaining
from solver.problem import Finding, Problem
from solver.relaxation import Relaxation
from solver.repair import Engine, repair


def looked_at(times: int) -> Remaining:
    """A clock that runs out after it has been looked at so many times."""
    looks = count()
    return lambda: 10.0 if next(looks) < times else 0.0


@pytest.fixture(scope="module")
def problem() -> Problem:
    built, schedule = conference(seed=1, sessions=40, fullness=0.6)
    scenario = disruptions(built, schedule, seed=1, count=1, kind="room_closed_hour")[0]
    return Problem.of(built, schedule, scenario.edits, "all", False)


@pytest.mark.parametrize("times", [0, 5, 50])
def test_a_model_is_given_up(problem: Problem, times: int) -> None:
    free = list(problem.schedule)[:20]
    with pytest.raises(OutOfTimeError):
        Relaxation(problem, free, looked_at(times))
    assert not Relaxation(problem, free, looked_at(10**6)).contradiction


@pytest.mark.parametrize("times", [1, 30, 100])
def test_a_race_that_is_over_proves_nothing(problem: Problem, times: int) -> None:
    assert cp_sat.refute(problem, looked_at(times), lambda _: None, most_places=10**6) is None


@pytest.mark.parametrize("times", [1, 30, 100])
def test_the_engine_hands_back_what_it_knows(problem: Problem, times: int) -> None:
    finding = Finding()
    cp_sat.find(problem, finding, remaining=looked_at(times), note=lambda _: None)
    assert not finding.infeasible
    assert not finding.price_proved


@pytest.mark.parametrize("engine", ["auto", "cp_sat"])
def test_no_time_at_all_is_an_answer(problem: Problem, engine: Engine) -> None:
    assert problem.broken
    answer = repair(problem.conference, problem.schedule, remaining=lambda: 0.0, engine=engine)
    assert answer.status in ("unknown", "best_found")


@pytest.mark.parametrize("stopped", [False, True])
def test_a_solve_that_would_not_end_is_left_alone(
    problem: Problem, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    """Whether its time is over, or somebody has stopped it: presolve may hear of neither."""
    release = Event()
    monkeypatch.setattr(cp_model.CpSolver, "solve", lambda *_: release.wait(60))
    asked = Relaxation(problem, list(problem.schedule)[:5])
    if stopped:
        asked.stop()
    solved = asked.solve(asked.count(), 50.0 if stopped else 0.01)
    assert not release.is_set()
    release.set()
    assert (solved.optimal, solved.infeasible, solved.places) == (False, False, {})
