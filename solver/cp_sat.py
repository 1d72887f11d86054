"""Lazy repair by CP-SAT: exact minimal repairs although only part of the conference is modelled.

A `Relaxation` begins with the broken sessions free.  Whoever it evicts becomes free in the next one, until nobody is
evicted: then its optimum is the optimum of the whole conference.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.choices import Choices
from solver.countdown import OutOfTimeError
from solver.problem import Finding, Places, Problem
from solver.relaxation import Relaxation

Remaining = Callable[[], float]
"""Seconds left."""

PRESOLVE_OFF = "presolve_off"
CONFIRM_SECONDS = 2.0
"""How long it may take to confirm a refutation."""


def find(problem: Problem, finding: Finding, *, remaining: Remaining, note: Callable[[Finding], None]) -> list[str]:
    """Improve a finding until it is proved on both levels, or until the time is out.

    The free set begins with what the posted rules alone find broken; it is handed back as it ended.
    """
    free: list[str] = []
    if remaining() <= 0:
        return free
    try:
        free += _broken(problem, remaining)
        finding.raise_floor(1, "cp_sat")
        if finding.places is None:
            _explore(problem, free, finding, remaining, note)
        else:
            _close_the_gap(problem, free, finding, remaining, note)
        if finding.count_proved and not finding.price_proved:
            _cheapen(problem, free, finding, remaining)
    except OutOfTimeError:
        pass
    return free


def _explore(
    problem: Problem, free: list[str], finding: Finding, remaining: Remaining, note: Callable[[Finding], None]
) -> None:
    """With nothing in hand: minimise the count, and let those that were evicted be free, until nobody is."""
    budget = remaining()
    while not finding.infeasible and remaining() > 0:
        relaxation = Relaxation(problem, free, remaining)
        if relaxation.contradiction:
            finding.refuted("facts", relaxation.contradiction)
            return
        solved = relaxation.solve(relaxation.count(), remaining() - 0.3 * budget)
        if solved.infeasible and relaxation.solve(relaxation.count(), remaining(), presolve=False).infeasible:
            # Asked twice, because presolve has been known to refute what is feasible.
            finding.refuted("cp_sat", tuple(free), confirmed_by=PRESOLVE_OFF)
            return
        if solved.bound > finding.count_floor:
            fewer = _built(problem, free, remaining, most=solved.bound - 1)
            confirmed = _confirmed(fewer, remaining)
            finding.raise_floor(solved.bound, "cp_sat", confirmed)
        note(finding)
        if solved.optimal and not solved.evicted:
            finding.places = solved.places
            return
        if not solved.evicted or remaining() < 0.3 * budget:
            _settle_for_less(problem, free + solved.evicted, finding, remaining)
            return
        free += solved.evicted


def _close_the_gap(
    problem: Problem, free: list[str], finding: Finding, remaining: Remaining, note: Callable[[Finding], None]
) -> None:
    """With a repair in hand: refute one count after the other, or find a repair that has it."""
    while not finding.count_proved and remaining() > 0:
        relaxation = Relaxation(problem, free, remaining, most=finding.count_floor)
        solved = relaxation.solve(relaxation.evictions(), remaining())
        if solved.infeasible:
            finding.raise_floor(finding.count_floor + 1, "cp_sat", _confirmed(relaxation, remaining))
            note(finding)
        elif solved.evicted:
            free += solved.evicted
        elif solved.places:
            finding.places = solved.places
        else:
            return


def _built(
    problem: Problem, free: list[str], remaining: Remaining, *, most: int, price: int | None = None
) -> Relaxation | None:
    """The model; None if there is no time to build it."""
    try:
        return Relaxation(problem, free, remaining, most=most, price=price)
    except OutOfTimeError:
        return None


def _confirmed(relaxation: Relaxation | None, remaining: Remaining, *, price: int | None = None) -> str | None:
    """How it was confirmed that the relaxation, which has been refuted, has no solution; None: not in time.

    Presolve has been known to refute what is feasible.  Raises `AssertionError` if it has done so here.
    """
    if relaxation is None:
        return None
    seconds = min(CONFIRM_SECONDS, remaining() / 2)
    if relaxation.contradiction:
        return PRESOLVE_OFF
    if seconds <= 0:
        return None
    if price is not None:
        relaxation.model.add(relaxation.price() <= price)
    solved = relaxation.solve(0, seconds, presolve=False)
    assert solved.infeasible or not solved.places, "CP-SAT has refuted what is feasible"
    return PRESOLVE_OFF if solved.infeasible else None


def refute(
    problem: Problem, remaining: Remaining, hold: Callable[[Callable[[], None]], None], *, most_places: int
) -> tuple[str, ...] | None:
    """Sessions for which it is proved that they cannot all have a place; None where that is not so, or not known.

    Whoever is in their way is evicted and wants a place in the next model.  `hold` is given what ends a solve early;
    no model is built with more than `most_places` choices.
    """
    try:
        return _refute(problem, remaining, hold, most_places)
    except OutOfTimeError:
        return None


def _refute(
    problem: Problem, remaining: Remaining, hold: Callable[[Callable[[], None]], None], most_places: int
) -> tuple[str, ...] | None:
    free = _broken(problem, remaining)
    while remaining() > 0:
        cells = len(problem.conference.rooms) * len(problem.grid)
        if len(free) * cells > most_places:
            return None
        relaxation = Relaxation(problem, free, remaining)
        hold(relaxation.stop)
        if relaxation.contradiction:
            return relaxation.contradiction
        solved = relaxation.solve(relaxation.evictions(), remaining())
        if solved.infeasible:
            again = relaxation.solve(0, remaining(), presolve=False)
            return tuple(free) if again.infeasible else None
        if not solved.evicted:
            return None
        free += solved.evicted
    return None


def clean(problem: Problem) -> bool:
    """Whether the posted rules find nothing broken, and nobody is to be placed."""
    table = Choices(problem, ())
    table.post_rules()
    return not problem.homeless and not table.dead.any() and not table.clashes


def another(
    problem: Problem,
    free: list[str],
    earlier: list[Places],
    count: int,
    *,
    remaining: Remaining,
    most: int | None = None,
    redundant_part: Callable[[Places], frozenset[str]],
) -> tuple[Places | None, bool]:
    """The cheapest irredundant repair of `count` moves distinct from the earlier ones, and whether that is proved.

    With `most`, only one that costs no more.
    A repair that is found to be padded is cut off together with everything that is padded in the same way.
    """
    free = list(dict.fromkeys([*free, *(session for repair in earlier for session in repair)]))
    cuts: list[Places] = []
    while remaining() > 0:
        try:
            relaxation = Relaxation(problem, free, remaining)
        except OutOfTimeError:
            break
        relaxation.model.add(relaxation.count() <= count)
        if most is not None:
            relaxation.model.add(relaxation.price() <= most)
        for repair in earlier:
            relaxation.differ_from(repair)
        for cut in cuts:
            relaxation.never(cut)
        solved = relaxation.solve(relaxation.price(), remaining())
        if solved.infeasible:
            return None, True
        if not solved.places:
            return None, False
        padding = frozenset() if solved.evicted else redundant_part(solved.places)
        if solved.evicted:
            free += solved.evicted
        elif padding:
            cuts.append({session: place for session, place in solved.places.items() if session not in padding})
        else:
            return solved.places, solved.optimal
    return None, False


def _broken(problem: Problem, remaining: Remaining) -> list[str]:
    """The movable sessions that break a rule where they are, as the posted rules see it, and the homeless."""
    table = Choices(problem, (), remaining)
    table.post_rules()
    rows = {int(row) for row in np.flatnonzero(table.dead)} | {row for pair in table.clashes for row in pair}
    sessions = {table.sessions[table.session[row]] for row in rows}
    movable = [session for session in table.sessions if session in sessions and problem.movable(session)]
    return movable + list(problem.homeless)


def _settle_for_less(problem: Problem, free: list[str], finding: Finding, remaining: Remaining) -> None:
    """Time is short: the best repair in which only these sessions move."""
    if remaining() <= 0:
        return
    in_hand = finding.places or {}
    relaxation = Relaxation(problem, list(dict.fromkeys([*free, *in_hand])), remaining)
    if relaxation.contradiction:
        return
    relaxation.evict_nobody()
    solved = relaxation.solve(relaxation.count(), remaining())
    if solved.places and (finding.places is None or len(solved.places) < len(in_hand)):
        finding.places = solved.places


def _cheapen(problem: Problem, free: list[str], finding: Finding, remaining: Remaining) -> None:
    """The least price among the repairs of the proved count."""
    assert finding.places is not None
    while remaining() > 0:
        free[:] = dict.fromkeys([*free, *finding.places])
        in_hand = problem.total_price(finding.places)
        relaxation = Relaxation(problem, free, remaining, most=len(finding.places), price=in_hand)
        solved = relaxation.solve(relaxation.price(), remaining())
        if not solved.places:
            finding.price_floor = max(finding.price_floor, solved.bound)
            return
        if not solved.evicted and problem.total_price(solved.places) <= in_hand:
            finding.places, in_hand = solved.places, problem.total_price(solved.places)
        finding.price_floor = max(finding.price_floor, solved.bound)
        if finding.price_floor >= in_hand:
            cheaper = _built(problem, free, remaining, most=len(finding.places), price=in_hand - 1)
            finding.settle_price("cp_sat", _confirmed(cheaper, remaining, price=in_hand - 1))
        if finding.price_proved or not solved.evicted or not solved.optimal:
            return
        free += solved.evicted
