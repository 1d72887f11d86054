"""Lazy repair by CP-SAT: exact minimal repairs although only part of the conference is modelled.

A `Relaxation` begins with the broken sessions free.  Whoever it evicts becomes free in the next one, until nobody is
evicted: then its optimum is the optimum of the whole conference.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solver.choices import Choices
from solver.problem import Finding, Places, Problem
from solver.relaxation import Relaxation

Remaining = Callable[[], float]
"""Seconds left."""


def find(problem: Problem, finding: Finding, *, remaining: Remaining, note: Callable[[Finding], None]) -> list[str]:
    """Improve a finding until it is proved on both levels, or until the time is out.

    The free set begins with what the posted rules alone find broken; it is handed back as it ended.
    """
    free = _broken(problem)
    finding.count_floor = max(finding.count_floor, 1)
    if finding.places is None:
        _explore(problem, free, finding, remaining, note)
    else:
        _close_the_gap(problem, free, finding, remaining, note)
    if finding.count_proved and not finding.price_proved:
        _cheapen(problem, free, finding, remaining)
    return free


def _explore(
    problem: Problem, free: list[str], finding: Finding, remaining: Remaining, note: Callable[[Finding], None]
) -> None:
    """With nothing in hand: minimise the count, and let those that were evicted be free, until nobody is."""
    budget = remaining()
    while not finding.infeasible and remaining() > 0:
        relaxation = Relaxation(problem, free)
        if relaxation.contradiction:
            finding.infeasible, finding.culprits = True, relaxation.contradiction
            return
        solved = relaxation.solve(relaxation.count(), remaining() - 0.3 * budget)
        if solved.infeasible and relaxation.solve(relaxation.count(), remaining(), presolve=False).infeasible:
            # Asked twice, because presolve has been known to refute what is feasible.
            finding.infeasible, finding.culprits = True, tuple(free)
            return
        finding.count_floor = max(finding.count_floor, solved.bound)
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
        relaxation = Relaxation(problem, free, most=finding.count_floor)
        solved = relaxation.solve(relaxation.evictions(), remaining())
        if solved.infeasible:
            finding.count_floor += 1
            note(finding)
        elif solved.evicted:
            free += solved.evicted
        elif solved.places:
            finding.places = solved.places
        else:
            return


def another(
    problem: Problem,
    free: list[str],
    earlier: list[Places],
    count: int,
    *,
    remaining: Remaining,
    redundant_part: Callable[[Places], frozenset[str]],
) -> tuple[Places | None, bool]:
    """The cheapest irredundant repair of `count` moves distinct from the earlier ones, and whether that is proved.

    A repair that is found to be padded is cut off together with everything that is padded in the same way.
    """
    free = list(dict.fromkeys([*free, *(session for repair in earlier for session in repair)]))
    cuts: list[Places] = []
    while remaining() > 0:
        relaxation = Relaxation(problem, free)
        relaxation.model.add(relaxation.count() <= count)
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


def _broken(problem: Problem) -> list[str]:
    """The movable sessions that break a rule where they are, as the posted rules see it, and the homeless."""
    table = Choices(problem, ())
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
    relaxation = Relaxation(problem, list(dict.fromkeys([*free, *in_hand])))
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
        relaxation = Relaxation(problem, free, most=len(finding.places), price=in_hand)
        solved = relaxation.solve(relaxation.price(), remaining())
        if not solved.places:
            finding.price_floor = max(finding.price_floor, solved.bound)
            return
        if not solved.evicted and problem.total_price(solved.places) <= in_hand:
            finding.places, in_hand = solved.places, problem.total_price(solved.places)
        finding.price_floor = max(finding.price_floor, solved.bound)
        finding.price_proved = finding.price_floor >= in_hand
        if finding.price_proved or not solved.evicted or not solved.optimal:
            return
        free += solved.evicted
