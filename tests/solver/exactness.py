"""Thousands of random cases, each answered in several ways that must agree; what disagrees is written to files.

    python -m tests.solver.exactness --cases 5000

Tiny conferences are held against brute force, those of up to sixty sessions against the whole conference as one CP-SAT
model, larger ones against the lazy CP-SAT model.  A number is a case: the same one on every machine.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Literal

import click

from benchmarks import whole_conference
from fixtures.disruptions import disruptions
from fixtures.edits_json import edits_json
from fixtures.generate import conference as made_up
from fixtures.mishaps import KINDS
from solver.answer import Answer
from solver.conference import Conference, Placement, Schedule
from solver.countdown import countdown
from solver.edits import Edit
from solver.problem import Problem
from solver.repair import Engine, repair
from tests.solver import boards, statement
from tests.solver.tiny import case as tiny_case
from webapp.schemas import callboard_json

Size = Literal["tiny", "small", "large"]
Truth = tuple[int, int] | None
"""The least number of moves and their least price; None: no repair."""

SECONDS: dict[Size, float] = {"tiny": 20.0, "small": 10.0, "large": 3.0}
"""For one answer; what is not proved by then is counted as open."""
ALL_WAYS = ("plain", "compiled", "cp_sat")


@dataclass(frozen=True)
class Case:
    """A question with a number."""

    number: int
    size: Size
    conference: Conference
    schedule: Schedule
    edits: tuple[Edit, ...]
    lenient: bool = False
    place: bool = False


@dataclass
class Tally:
    """What came of the cases."""

    histogram: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    comparisons: Counter[str] = field(default_factory=Counter)
    unproved: Counter[str] = field(default_factory=Counter)
    several_covers: int = 0
    mismatches: list[str] = field(default_factory=list)


def case(number: int) -> Case:
    """The case of a number: of fifty, forty are tiny, nine small and one large."""
    kind = number % 25
    if kind < 14:
        return _tiny(number, clean=True)
    if kind < 20:
        dirty = _tiny(number, clean=False)
        return replace(dirty, lenient=kind in (16, 17, 19), place=kind in (18, 19))
    return _made_up(number, "large" if number % 50 == 49 else "small")


def _tiny(number: int, *, clean: bool) -> Case:
    # Far from the seeds of the suite, which has its own.
    drawn = tiny_case(1_000_000 + number, clean=clean)
    return Case(number, "tiny", drawn.conference, drawn.schedule, drawn.edits)


def _made_up(number: int, size: Size) -> Case:
    """A conference on which something goes wrong, or whose schedule is broken in several places before any edit."""
    random = Random(number)
    sessions = random.choice((16, 20, 24, 30, 40, 60)) if size == "small" else random.choice((80, 120, 200))
    fullness = random.choice((0.6, 0.75, 0.85, 0.92))
    built, schedule = made_up(seed=number, sessions=sessions, rooms=max(2, sessions // 8), fullness=fullness)
    if random.random() < 0.3:
        return Case(number, size, built, _scattered(random, built, schedule), ())
    kinds = list(KINDS)
    scenario = disruptions(built, schedule, seed=number, count=1, kind=random.sample(kinds, len(kinds)))[0]
    return Case(number, size, built, schedule, scenario.edits)


def _scattered(random: Random, built: Conference, schedule: Schedule) -> dict[str, Placement]:
    """Some sessions on top of others: of each such pair either may move, so there are many covers."""
    loose = sorted(one for one in schedule if not built.session[one].pinned)
    some = random.sample(loose, 2 * random.choice((1, 2, 2, 3)))
    return {**schedule, **{one: schedule[other] for one, other in zip(some[::2], some[1::2], strict=True)}}


def ask(one: Case, way: str) -> Answer:
    """The answer of the uncompiled chains, the compiled ones, or CP-SAT alone."""
    engine: Engine = "cp_sat" if way == "cp_sat" else "auto"
    return repair(
        one.conference,
        one.schedule,
        one.edits,
        remaining=countdown(SECONDS[one.size]),
        scope="edit" if one.lenient else "all",
        place=one.place,
        engine=engine,
        explain_seconds=0,
        board=boards.board(one.conference, one.schedule) if way == "compiled" else None,
    )


def independent(one: Case) -> tuple[bool, Truth]:
    """What something that shares no code with the engines says, and whether it is sure."""
    if one.size == "tiny":
        return True, statement.optimum(_question(one))
    if one.size == "small":
        peer = whole_conference.solve(one.conference, one.schedule, one.edits, seconds=SECONDS[one.size], workers=1)
        return peer.proved, None if peer.moved is None or peer.price is None else (peer.moved, peer.price)
    return False, None


def _question(one: Case) -> statement.Question:
    problem = Problem.of(one.conference, one.schedule, one.edits, "edit" if one.lenient else "all", one.place)
    old = statement.broken(one.conference, one.schedule) if one.lenient else set()
    return statement.Question(
        problem.conference, problem.schedule, problem.held, problem.touched, frozenset(old), one.place
    )


def contradictions(one: Case, tally: Tally) -> Iterator[str]:
    """Answer the case in every way, and say what cannot be true together."""
    sure, truth = independent(one)
    name = "brute force" if one.size == "tiny" else "the whole conference in CP-SAT"
    if not sure and one.size != "large":
        tally.unproved[name] += 1
    ways = ALL_WAYS if one.number % 3 == 0 or one.size == "large" else ALL_WAYS[:2]
    answers = {way: ask(one, way) for way in ways}
    for way, answer in answers.items():
        if answer.status in ("best_found", "unknown", "proved_moved"):
            tally.unproved[way] += 1
        elif not sure:
            sure, truth, name = True, _said(answer), way
        else:
            tally.comparisons[f"{way} and {name}"] += 1
    if sure:
        tally.histogram["no repair" if truth is None else str(truth[0])] += 1
    for way, answer in answers.items():
        wrong = _disproved(answer, truth) if sure else ""
        if wrong or (wrong := _fault(one, answer)):
            yield f"case {one.number} ({one.size}), {way}: {wrong}; {name} says {truth}"


def _said(answer: Answer) -> Truth:
    return None if answer.moved is None or answer.price is None else (answer.moved, answer.price)


def _disproved(answer: Answer, truth: Truth) -> str:
    """What the answer claims that cannot be so."""
    said = f"{answer.status}, moved {answer.moved}, price {answer.price}"
    if answer.status in ("infeasible", "nothing_to_repair", "proved_minimal"):
        return "" if _said(answer) == truth else said
    if truth is None:
        return said if answer.repairs else ""
    if (answer.moved_lower_bound or 0) > truth[0] or (answer.moved is not None and answer.moved < truth[0]):
        return f"{said}, at least {answer.moved_lower_bound}"
    return said if answer.status == "proved_moved" and answer.moved != truth[0] else ""


def _fault(one: Case, answer: Answer) -> str:
    """What a repair leaves broken, by the statement alone."""
    if one.size == "large":
        return ""
    asked = _question(one)
    for found in answer.repairs:
        moves = {move.session: move.target for move in found.moves}
        left = statement.broken(asked.conference, {**asked.schedule, **moves})
        if not asked.fine(left, frozenset(moves)):
            return f"the repair leaves {sorted(rule for rule, _, _ in left)}"
    return ""


def write_down(one: Case, folder: Path) -> str:
    """Write the case as files; the command that asks it again."""
    folder.mkdir(parents=True, exist_ok=True)
    facts, edits = folder / f"case-{one.number}.json", folder / f"case-{one.number}-edits.json"
    facts.write_text(json.dumps(callboard_json(one.conference, one.schedule), ensure_ascii=False, indent=1))
    edits.write_text(json.dumps({"edits": edits_json(one.conference, one.edits)}, ensure_ascii=False, indent=1))
    options = (" --scope edit" if one.lenient else "") + (" --place" if one.place else "")
    return f"callboard repair {facts} --edits {edits}{options}"


def compare(numbers: range, folder: Path, *, tell: bool = False) -> Tally:
    """Answer the cases, and write down those whose answers do not agree; with `tell`, say now and then how it goes."""
    tally, began = Tally(), perf_counter()
    for number in numbers:
        one = case(number)
        tally.sizes[one.size] += 1
        tally.several_covers += len(_covers(one)) > 1
        wrong = list(contradictions(one, tally))
        if wrong:
            command = write_down(one, folder)
            tally.mismatches += [f"{sentence}\n  {command}" for sentence in wrong]
        if tell and (number + 1 - numbers.start) % 250 == 0:
            done = number + 1 - numbers.start
            said = f"{done} of {len(numbers)}, {perf_counter() - began:.0f} s, mismatches: {len(tally.mismatches)}"
            print(f"{said}, moves needed: {_by_moves(tally)}", file=sys.stderr, flush=True)
    return tally


def _by_moves(tally: Tally) -> dict[str, int]:
    return dict(sorted(tally.histogram.items(), key=lambda item: (len(item[0]), item[0])))


def _covers(one: Case) -> list[frozenset[str]]:
    """The inclusion-minimal ways to choose who leaves, up to six of them."""
    from solver.chains import Chains
    from solver.index import Index

    problem = Problem.of(one.conference, one.schedule, one.edits, "edit" if one.lenient else "all", one.place)
    if any(not any(map(problem.movable, broken.sessions)) for broken in problem.broken):
        return []
    return list(Chains(problem, lambda: Index(problem), lambda: 60.0).covers(6))


@click.command()
@click.option("--cases", default=5000, show_default=True, help="How many.")
@click.option("--first", default=0, show_default=True, help="The number of the first.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("benchmarks/results/exactness"),
    show_default=True, help="Where cases are written whose answers do not agree.",
)  # fmt: skip
def main(cases: int, first: int, out: Path) -> None:
    """Answer random cases in several ways, and fail if two answers cannot both be true."""
    began = perf_counter()
    tally = compare(range(first, first + cases), out, tell=True)
    print(f"{cases} cases in {perf_counter() - began:.0f} s: {dict(tally.sizes)}")
    print(f"moves needed: {_by_moves(tally)}")
    print(f"with several covers: {tally.several_covers}; compared: {dict(tally.comparisons)}")
    print(f"not proved in time: {dict(tally.unproved)}")
    print(f"mismatches: {len(tally.mismatches)}", *tally.mismatches, sep="\n")
    sys.exit(bool(tally.mismatches))


if __name__ == "__main__":
    main()
