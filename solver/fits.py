"""Whether the sessions of a small problem fit beside one another at all, however many of them move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from solver.countdown import OutOfTimeError
from solver.index import Index
from solver.problem import Places, Problem
from solver.relaxation import Relaxation

Remaining = Callable[[], float]

MOST_TRIES = 150
"""So many places are tried by hand before CP-SAT is asked."""


def fits(problem: Problem, remaining: Remaining, *, twice: bool = False) -> bool | None:
    """Whether there is any arrangement; None when that is not known in time.

    Small refutations come from trying every place, the others from CP-SAT without presolve.  With `twice`, CP-SAT
    must confirm what was found by trying.
    """
    free = [session for session in problem.schedule if problem.movable(session)] + list(problem.homeless)
    if any(not any(problem.movable(one) for one in violation.sessions) for violation in problem.broken):
        return False
    if not free:
        return True
    found = None if problem.lenient else _Trial(problem, free).outcome()
    if found is None or (twice and not found):
        found = _by_cp_sat(problem, free, remaining)
    return found


def _by_cp_sat(problem: Problem, free: list[str], remaining: Remaining) -> bool | None:
    try:
        relaxation = Relaxation(problem, free, remaining)
    except OutOfTimeError:
        return None
    if relaxation.contradiction:
        return False
    if remaining() <= 0:
        return None
    solved = relaxation.solve(0, remaining(), presolve=False)
    if solved.infeasible:
        return False
    return True if solved.optimal else None


class _Trial:
    """Every place of every session in turn, the session with the fewest places first."""

    def __init__(self, problem: Problem, free: list[str]) -> None:
        fixed = {session: place for session, place in problem.schedule.items() if session not in free}
        # Without an origin, where a session is now is a place like any other.
        self.index = Index(replace(problem, schedule=fixed, homeless=tuple(free), origins={}))
        clock = problem.conference.clock
        self.all_on_grid = all(
            session not in problem.schedule or clock.on_grid(problem.schedule[session].start) for session in free
        )
        self.free = frozenset(free)
        self.tries = MOST_TRIES

    def outcome(self) -> bool | None:
        """Whether all fit; None after too many tries, or where a place off the grid might do."""
        found = self._place(self.free, {})
        return None if found is False and not self.all_on_grid else found

    def _place(self, queue: frozenset[str], placed: Places) -> bool | None:
        if not queue:
            return True
        session, cells = None, None
        for one in sorted(queue):
            allowed = self.index.cast(self.index.field(one, frozenset()), one, placed)
            if cells is None or allowed.sum() < len(cells):
                session, cells = one, allowed.ravel().nonzero()[0]
            if not len(cells):
                return False
        assert session is not None
        assert cells is not None
        for cell in cells.tolist():
            self.tries -= 1
            if self.tries < 0:
                return None
            found = self._place(queue - {session}, {**placed, session: self.index.place(cell)})
            if found is not False:
                return found
        return False


def needed_in_the_way(problem: Problem, session: str) -> frozenset[str] | None:
    """Fixed sessions that, with the other facts, leave a session no place, and none of which may be missing.

    Those that bar few places are left out first, those that an edit placed last.  None where masks cannot tell.
    """
    here = problem.schedule.get(session)
    if problem.lenient or (here is not None and not problem.conference.clock.on_grid(here.start)):
        return None
    fixed = {one: place for one, place in problem.schedule.items() if not problem.movable(one)}
    index = Index(replace(problem, schedule=fixed, homeless=(session,), origins={}))
    counts = np.where(index.allowed(session), 0, 2)  # where a fact bars, no session is needed
    masks = {}
    for one, place in fixed.items():
        masks[one] = np.zeros(index.shape, dtype=bool)
        for room, first, last in (index.footprint(session, one, place), *index.shadow(session, one, place)):
            masks[one][room, first:last] = True
        counts += masks[one]
    if not counts.all():
        return None
    for one in sorted(fixed, key=lambda one: (one in problem.held, int(masks[one].sum()))):
        if (counts[masks[one]] > 1).all():
            counts -= masks.pop(one)
    return frozenset(masks)
