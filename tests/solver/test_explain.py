"""Reasons are smallest, and what is said to help does help: judged by trying every place of every session."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import zip_longest

import pytest

from solver import explain
from solver.explain import MOST_RELAXATIONS, Explanation
from solver.facts import Fact, Step
from solver.facts.sessions import Placing
from solver.problem import Problem
from solver.repair import countdown, repair
from solver.ways_out import WayOut, held_to
from tests.solver import boards, statement
from tests.solver.tiny import Tiny, case
from tests.solver.world import World, holding

HOPELESS = (0, 1, 2, 5, 7, 8, 11, 16, 17, 29, 30, 34, 35, 37, 62, 76)
"""Seeds without a repair: what is fixed collides, or one session has no place."""
CROWDED = (61, 72, 115, 155, 310, 315, 347, 380, 474, 511, 681)
"""Seeds where several sessions do not fit beside one another."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Explanation]:
    """What every call of `explain` finds."""
    found: list[Explanation] = []
    real = explain.explain

    def listen(*given: object, **named: object) -> Explanation:
        found.append(real(*given, **named))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(explain, "explain", listen)
    return found


def explained(tiny: Tiny, told: list[Explanation], *, place: bool = False) -> Explanation:
    answer = repair(
        tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), place=place, explain_seconds=60
    )
    assert answer.status == "infeasible"
    assert answer.reasons == told[-1].reasons
    assert answer.relaxations == told[-1].relaxations
    return told[-1]


@pytest.mark.parametrize("seeds", [HOPELESS, CROWDED], ids=["hopeless", "crowded"])
def test_the_facts_cannot_hold_together_and_each_of_them_matters(
    seeds: tuple[int, ...], told: list[Explanation]
) -> None:
    """With just these facts nothing fits; with any one of them let go of, everything does."""
    kinds: Counter[str] = Counter()
    for seed in seeds:
        found = explained(case(seed), told)
        assert found.smallest, f"case({seed})"
        assert not possible(found, found.facts), f"case({seed}): {found.reasons}"
        for fact in found.facts:
            others = [one for one in found.facts if one != fact]
            assert possible(found, others), f"case({seed}): {fact} does not matter"
        kinds.update(type(fact).__name__ for fact in found.facts)
        if seeds is CROWDED:
            assert found.violation is None
            assert len(found.sessions) > 1
    assert len(kinds) >= 5, kinds


def test_what_would_help_does_help_and_nothing_less_does(told: list[Explanation]) -> None:
    """Each way out leaves a repair, at the price that is said; a step less does not; where there is none, none is."""
    seen: Counter[str] = Counter()
    for seed in (*HOPELESS, *CROWDED):
        found = explained(case(seed), told)
        for way in found.ways_out:
            assert World.of(way.problem).possible(), f"case({seed}): {way.relaxation.message}"
            ladders = way.fact.ladders(found.problem)
            assert any(smallest(found, way, ladder) for ladder in ladders), f"case({seed}): {way.relaxation.message}"
            seen["not the first step"] += all(way.step.message != ladder[0].message for ladder in ladders)
            if seed in HOPELESS:
                assert statement.optimum(asked(way.problem)) == (way.answer.moved, way.answer.price), f"case({seed})"
            seen["helps"] += 1
            seen["by edits"] += agreed(case(seed), way)
        for fact in set(found.facts) - {way.fact for way in found.ways_out}:
            without = held_to(found.problem, (), (), step=Step("", 0, fact.waive))
            assert not World.of(without).possible(), f"case({seed}): {fact}"
            seen["does not help"] += 1
    assert min(seen.values()) >= 5, seen


def agreed(tiny: Tiny, way: WayOut) -> bool:
    """Whether the way out comes as edits; if so, making them leaves a repair that is as good."""
    edits = way.relaxation.edits
    if edits:
        answer = repair(tiny.conference, tiny.schedule, [*tiny.edits, *edits], remaining=countdown(60))
        assert (answer.moved, answer.price) == (way.answer.moved, way.answer.price), way.relaxation.message
    return bool(edits)


def possible(found: Explanation, facts: list[Fact]) -> bool:
    """Whether everything fits with these facts alone; where sessions may move, a pin is one fact with a length."""
    return holding(found.problem, facts, pinned_lengths=found.violation is not None).possible()


def smallest(found: Explanation, way: WayOut, ladder: list[Step]) -> bool:
    """Whether the way out is a step of this ladder, and the step before it is not enough."""
    messages = [step.message for step in ladder]
    if way.step.message not in messages:
        return False
    number = messages.index(way.step.message)
    return number == 0 or not World.of(held_to(found.problem, (), (), step=ladder[number - 1])).possible()


def asked(problem: Problem) -> statement.Question:
    return statement.Question(problem.conference, problem.schedule, problem.held, problem.touched)


def test_a_change_concerns_one_fact_only(told: list[Explanation]) -> None:
    for seed in (*HOPELESS, *CROWDED):
        found = explained(case(seed), told)
        for way in found.ways_out:
            old, new = found.problem, way.problem
            changed = [
                (one, other)
                for field in ("days", "rooms", "people", "sessions", "order", "apart", "travel")
                for one, other in zip_longest(getattr(old.conference, field), getattr(new.conference, field))
                if one != other
            ]
            freed = old.held - new.held
            gap = old.conference.speaker_gap != new.conference.speaker_gap
            assert len(changed) + gap == 1 or freed, f"case({seed}): {changed}"
            assert len(changed) <= 1
            assert len(freed) <= 1


def test_the_least_costly_comes_first() -> None:
    for seed in (*HOPELESS, *CROWDED):
        tiny = case(seed)
        answer = repair(tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), explain_seconds=60)
        costs = [(one.moved, one.price) for one in answer.relaxations]
        assert costs == sorted(costs)
        assert len(costs) <= MOST_RELAXATIONS


def test_an_unplaced_session_may_be_left_out(told: list[Explanation]) -> None:
    """Where unplaced sessions are to be placed, that is a fact like the others."""
    seen = 0
    for seed in range(1000, 1060):
        tiny = case(seed, clean=False)
        found = told[-1] if told else None
        answer = repair(
            tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), place=True, explain_seconds=30
        )
        if answer.status != "infeasible" or told[-1] is found:
            continue
        found = told[-1]
        assert not possible(found, found.facts), f"case({seed}): {found.reasons}"
        for fact in found.facts:
            assert possible(found, [one for one in found.facts if one != fact]), f"case({seed})"
        seen += any(isinstance(fact, Placing) for fact in found.facts)
        if seen == 4:
            break
    assert seen == 4


def test_what_helps_where_old_faults_may_stay(told: list[Explanation]) -> None:
    """With `scope="edit"` a weaker fact still lets those faults stay that were there, whatever they turn into."""
    helped = 0
    for seed in range(1000, 1080):
        tiny = case(seed, clean=False)
        answer = repair(tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), scope="edit")
        if answer.status != "infeasible":
            continue
        for way in told[-1].ways_out:
            old = frozenset(
                (str(rule), sessions, person if person is not None else group if group is not None else entry)
                for rule, sessions, person, group, entry in way.problem.old_keys
            )
            lenient = replace(asked(way.problem), old=old)  # type: ignore[arg-type]
            assert statement.beats(lenient, None), f"case({seed}): {way.relaxation.message}"
            helped += 1
    assert helped >= 20


def test_too_little_time_is_admitted() -> None:
    for seed in CROWDED:
        tiny = case(seed)
        answer = repair(tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), explain_seconds=0)
        assert answer.status == "infeasible"
        assert answer.reasons[-1] == "The time was too short to find out whether each of these matters."
        assert answer.relaxations == ()


def test_on_a_board_the_reasons_are_the_same() -> None:
    """Ways out are tried on the board where it serves: they are those of the plain search, at the same price."""
    helped = 0
    for seed in (*HOPELESS, *CROWDED[:4]):
        tiny = case(seed)
        board = boards.board(tiny.conference, tiny.schedule)
        plain, quick = (
            repair(
                tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), explain_seconds=60, board=laid_out
            )
            for laid_out in (None, board)
        )
        assert quick.reasons == plain.reasons, f"case({seed})"
        assert quick.relaxations == plain.relaxations, f"case({seed})"
        helped += len(quick.relaxations)
    assert helped >= 10
