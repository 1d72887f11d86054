"""Repairs are exact: equal to brute force in count and price, impossible exactly when brute force finds nothing."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest

from solver import check
from solver.answer import Answer
from solver.conference import Placement
from solver.problem import Problem, distinct
from solver.repair import countdown, repair
from tests.solver import boards, statement
from tests.solver.tiny import Tiny, case

DEEP_SEEDS = (
    230, 233, 234, 254, 273, 318, 338, 342, 410, 415, 438, 464, 531, 537, 548, 588, 615, 622, 623, 627, 633,
    650, 658, 662, 685, 689, 696, 731, 735, 738, 741, 764, 780, 795, 801, 827, 834, 856, 866, 868, 883, 885,
    888, 908, 922, 929, 977, 982, 1015, 1025, 1032, 1059, 1062, 1139, 1142, 1151, 1155, 1193, 1198, 1216,
    1220, 1221, 1235, 1253, 1304, 1338, 1350, 1361, 1362, 1370,
    221, 225, 227, 236, 239, 242, 245, 279, 284, 300, 305, 306, 313, 314, 319, 326, 329, 354, 359, 364, 370,
    378, 396, 403, 413, 417, 423, 425, 428, 431, 435, 439, 457, 458, 462, 476, 478, 479, 482, 485, 492, 495,
    499, 503, 504,
)  # fmt: skip
"""Seeds beyond the first whose repairs need three moves or more, or two: they are rare among all seeds."""

CASES = (*range(220), *DEEP_SEEDS)
ENOUGH = 5
"""In so many cases the best repair must be another without a rule, for each of the rules."""
ENGINES = ("auto", "compiled", "cp_sat")


def ask(tiny: Tiny, engine: str, **more: Any) -> Answer:
    """A repair by the uncompiled search, by the compiled one, or by CP-SAT alone."""
    board = boards.board(tiny.conference, tiny.schedule) if engine == "compiled" else None
    return repair(
        tiny.conference,
        tiny.schedule,
        tiny.edits,
        remaining=countdown(60),
        engine="cp_sat" if engine == "cp_sat" else "auto",
        board=board,
        **more,
    )


def question(tiny: Tiny, *, lenient: bool = False, place: bool = False, without: str = "") -> statement.Question:
    problem = Problem.of(tiny.conference, tiny.schedule, tiny.edits, "edit" if lenient else "all", place)
    old = statement.broken(tiny.conference, tiny.schedule) if lenient else set()
    return statement.Question(
        problem.conference, problem.schedule, problem.held, problem.touched, frozenset(old), place, without
    )


@cache
def truth(seed: int, *, clean: bool = True, lenient: bool = False, place: bool = False) -> tuple[int, int] | None:
    """By brute force; every engine is held against the same one."""
    return statement.optimum(question(case(seed, clean=clean), lenient=lenient, place=place))


@cache
def every_repair(seed: int, most_moves: int) -> list[tuple[dict[str, Placement], int]]:
    return statement.every_repair(question(case(seed)), most_moves)


def said(answer: Answer) -> tuple[int, int] | None:
    """The answer as brute force would put it; every answer must claim its proof."""
    match answer.status:
        case "infeasible":
            assert answer.repairs == ()
            assert answer.reasons
            return None
        case "nothing_to_repair":
            return 0, 0
        case "proved_minimal":
            assert answer.moved is not None
            assert answer.price is not None
            return answer.moved, answer.price
        case status:
            raise AssertionError(f"no proof: {status}")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("block", range(8))
def test_repair_equals_brute_force(block: int, engine: str) -> None:
    for seed in CASES[block :: 16 if engine == "cp_sat" else 8]:
        answer = ask(case(seed), engine)
        assert said(answer) == truth(seed), f"case({seed}), {engine}: {answer}"


def test_the_cases_are_hard_enough(capsys: pytest.CaptureFixture[str]) -> None:
    """A third need two moves or more, a sixth three or more, a fifth are infeasible, and every rule matters."""
    histogram = Counter("infeasible" if truth(seed) is None else (truth(seed) or (0, 0))[0] for seed in CASES)
    decides: Counter[str] = Counter()
    for seed in CASES:
        for rule in (*statement.RULES, "off_grid"):
            if decides[rule] < ENOUGH and statement.beats(question(case(seed), without=rule), truth(seed)):
                decides[rule] += 1
    with capsys.disabled():
        print(
            f"\nmoves needed: {dict(sorted(histogram.items(), key=str))}; decided by (up to {ENOUGH}): {dict(decides)}"
        )
    moves = {count: number for count, number in histogram.items() if isinstance(count, int)}
    assert sum(number for count, number in moves.items() if count >= 2) >= len(CASES) / 3
    assert sum(number for count, number in moves.items() if count >= 3) >= len(CASES) / 6
    assert histogram["infeasible"] >= len(CASES) / 5
    assert {rule: decides[rule] >= ENOUGH for rule in (*statement.RULES, "off_grid")} == dict.fromkeys(
        (*statement.RULES, "off_grid"), True
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_lenient_and_placing_repairs_equal_brute_force(engine: str) -> None:
    """With old violations that may stay, and with unplaced sessions to place."""
    seen: Counter[str] = Counter()
    for seed in range(1000, 1080):
        tiny = case(seed, clean=False)
        for lenient, place in ((True, False), (False, True), (True, True), (False, False)):
            answer = ask(tiny, engine, scope="edit" if lenient else "all", place=place)
            expected = truth(seed, clean=False, lenient=lenient, place=place)
            assert said(answer) == expected, f"case({seed}, clean=False), {lenient=}, {place=}, {engine}: {answer}"
            seen["lenient" if lenient else "strict"] += expected is not None
            seen["placed"] += place and answer.moved is not None and answer.moved > 0
    assert min(seen.values()) >= 20, seen


@pytest.mark.parametrize("engine", ENGINES)
def test_alternatives_are_the_best_distinct_ones(engine: str) -> None:
    """Each alternative is as good as the best irredundant repair that is distinct from all before it."""
    compared = 0
    for seed in CASES[::4]:
        best = truth(seed)
        if best is None or not 1 <= best[0] <= 3:
            continue
        tiny = case(seed)
        answer = ask(tiny, engine, alternatives=4)
        every = every_repair(seed, best[0] + 1)
        earlier: list[dict[str, object]] = []
        for one in answer.repairs:
            places = {move.session: move.target for move in one.moves}
            if one.moved > best[0] + 1:
                break
            if one.proved == "no":
                # It took the place of others because one move more saves half of the price.
                assert one is answer.repairs[-1]
                assert (one.moved, one.price) == min((len(moves), p) for moves, p in every if len(moves) == best[0] + 1)
                assert one.price <= best[1] // 2
                break
            rest = [(len(moves), price) for moves, price in every if all(distinct(moves, old) for old in earlier)]  # type: ignore[arg-type]
            assert one.proved == "moved+price"
            assert (one.moved, one.price) == min(rest), f"case({seed}), {engine}: {answer.repairs}"
            assert any(moves == places for moves, _ in every), "a padded repair is no repair"
            earlier.append(dict(places))
            compared += len(earlier) > 1
    assert compared >= 40


def test_every_printed_repair_is_clean() -> None:
    """The plain checker and the statement agree that nothing is broken after the moves."""
    for seed in CASES[:60]:
        tiny = case(seed)
        problem = Problem.of(tiny.conference, tiny.schedule, tiny.edits, "all", False)
        for one in repair(tiny.conference, tiny.schedule, tiny.edits, alternatives=3).repairs:
            after = {**problem.schedule, **{move.session: move.target for move in one.moves}}
            assert check.violations(problem.conference, after) == []
            assert statement.broken(problem.conference, after) == set()
            assert all(problem.conference.clock.on_grid(move.target.start) for move in one.moves)
            assert one.price == sum(
                question(tiny).price(problem.conference.session[move.session], move.target) for move in one.moves
            )
