"""Which single fact, weakened, would make a repair possible, by how little, and what that repair would cost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from solver.answer import Answer, Relaxation
from solver.concessions import conceding
from solver.draft import Draft
from solver.edits import Edit
from solver.facts import Fact, Stays, Step
from solver.problem import Problem

Remaining = Callable[[], float]
Solve = Callable[[Problem, Remaining], Answer]
"""The repair of a problem, without an explanation where there is none."""
FEW = 3
"""More facts than this are first let go of all at once, to see whether that would help."""
SHARE = 0.3
"""The part of the time that is left which one attempt may take."""


def held_to(
    problem: Problem,
    kept: Collection[Fact],
    universe: Iterable[Fact],
    *,
    only: Collection[str] | None = None,
    step: Step | None = None,
) -> Problem:
    """The problem, or that of `only` some sessions, without the facts of the universe that are not kept."""
    draft = Draft(problem, only)
    for fact in universe:
        if fact not in kept:
            fact.waive(draft)
    if step is not None:
        step.take(draft)
    return draft.problem()


@dataclass(frozen=True)
class WayOut:
    """A weaker fact with which there is a repair."""

    fact: Fact
    step: Step
    before: Problem
    """What was asked."""
    problem: Problem
    """What is asked then."""
    answer: Answer

    @property
    def cost(self) -> tuple[int, int, int]:
        return self.answer.moved or 0, self.answer.price or 0, self.step.minutes

    @property
    def relaxation(self) -> Relaxation:
        moved, price, _ = self.cost
        return Relaxation(self._message(), moved, price, self.edits)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that make the same difference, where edits can."""
        return tuple(conceding(self.before, self.problem))

    def _message(self) -> str:
        """What to do; where a session would go, if it is to go elsewhere."""
        if isinstance(self.fact, Stays) and self.answer.repairs:
            for move in self.answer.repairs[0].moves:
                if move.session == self.fact.session:
                    conference = self.problem.conference
                    where = conference.room[move.target.room].label
                    return f"{self.step.message[:-1]} ({where}, {conference.clock.spoken(move.target.start)})."
        return self.step.message


class Relaxer:
    """Looks for ways out among the facts of a set that cannot hold together.

    Every single change that helps must change a fact of that set, whatever set it is.  `core` says for a step whether
    the sessions that do not fit would fit then, should they be alone: no is a proof that the step is too small.
    """

    def __init__(
        self, problem: Problem, core: Callable[[Step], bool | None], solve: Solve, remaining: Remaining
    ) -> None:
        self.problem = problem
        self.core = core
        self.solve = solve
        self.remaining = remaining
        self.in_time = True

    def ways_out(self, facts: Sequence[Fact]) -> list[WayOut]:
        """For each fact the smallest change that is enough, the least costly first."""
        if len(facts) > FEW and self._hopeless(facts):
            return []
        found = [way for fact in facts if (way := self._way_out(fact)) is not None]
        return sorted(found, key=lambda way: (way.cost, way.step.message))

    def _hopeless(self, facts: Sequence[Fact]) -> bool:
        """Whether there is no repair even without all of the facts: then something else is in the way as well."""

        def take(draft: Draft) -> None:
            for fact in facts:
                fact.waive(draft)

        in_time, self.in_time = self.in_time, True
        hopeless = self._try(facts[0], Step("", 0, take)) is None and self.in_time
        self.in_time = in_time
        return hopeless

    def _way_out(self, fact: Fact) -> WayOut | None:
        """The first step of each ladder that may be enough is tried; only where it is not, whether any would be."""
        ways: list[WayOut] = []
        too_low: list[list[Step]] = []
        for ladder in fact.ladders(self.problem):
            low = self._first_not_refuted(ladder)
            if low < len(ladder):
                way = self._try(fact, ladder[low])
                if way is not None:
                    ways.append(way)
                elif low < len(ladder) - 1:
                    too_low.append(ladder[low + 1 :])
        if too_low and (ways or self._try(fact, Step("", 0, fact.waive)) is not None):
            ways += [way for ladder in too_low if (way := self._climb(fact, ladder)) is not None]
        return min(ways, key=lambda way: (way.step.minutes, way.cost), default=None)

    def _first_not_refuted(self, ladder: list[Step]) -> int:
        """The first step with which the sessions that do not fit might; the ladder's length if there is none."""
        low, high = 0, len(ladder)
        while low < high:
            middle = (low + high) // 2
            if self.core(ladder[middle]) is False:
                low = middle + 1
            else:
                high = middle
        return low

    def _climb(self, fact: Fact, ladder: list[Step]) -> WayOut | None:
        """The first step of the ladder that is enough."""
        way = self._try(fact, ladder[-1])
        first, last = 0, len(ladder) - 1
        while way is not None and first < last:
            middle = (first + last) // 2
            better = self._try(fact, ladder[middle])
            if better is not None:
                way, last = better, middle
            else:
                first = middle + 1
        return way

    def _try(self, fact: Fact, step: Step) -> WayOut | None:
        if self.remaining() <= 0:
            self.in_time = False
            return None
        problem = held_to(self.problem, (), (), step=step)
        spared = self.remaining() * (1 - SHARE)
        answer = self.solve(problem, lambda: self.remaining() - spared)
        if answer.moved is None:
            self.in_time = self.in_time and answer.status == "infeasible"
            return None
        return WayOut(fact, step, self.problem, problem, answer)
