"""Why there is no repair: a smallest set of facts that cannot hold together, and which change of one would help.

A set of facts is smallest when no repair exists although every other fact is let go of, and one would exist if any
one of the set were let go of as well.  The search runs on the few sessions that do not fit, and its outcome is held
against the whole conference.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby

from solver.answer import Relaxation
from solver.edits import Edit
from solver.facts import Fact, Lasts, Placing, Stays, Step, every_fact, minutes_said, named
from solver.fits import fits, needed_in_the_way
from solver.problem import Problem
from solver.rules import Violation
from solver.ways_out import Relaxer, Remaining, Solve, WayOut, held_to

MANY = 12
"""Where it is not known which facts matter, no more than this many of a kind are said."""
MOST_RELAXATIONS = 5
SHARE = 0.5
"""The part of the time that goes into finding the facts; the rest is for ways out."""


@dataclass(frozen=True)
class Presence:
    """That a session which may move has to be somewhere."""

    session: str
    kind: str = "Presence"


Element = Fact | Presence


def stuck(problem: Problem) -> Violation | None:
    """A violation all of whose sessions may not move: the same one, in whatever order they were found."""
    found = [one for one in problem.broken if not any(problem.movable(session) for session in one.sessions)]
    return min(found, key=lambda one: (one.start, one.rule, one.sessions, one.person or "", one.message), default=None)


@dataclass
class Explanation:
    """What is known of why there is no repair."""

    problem: Problem
    violation: Violation | None
    facts: list[Fact]
    """They cannot hold together."""
    sessions: list[str]
    """The sessions that do not fit: those that may move, if any may."""
    shrunk: bool
    """Whether the sessions would fit, were they alone, without any one of the facts."""
    smallest: bool
    """Whether it is proved that none of the facts can be left out, for the whole conference."""
    ways_out: list[WayOut]
    no_way_out: bool = False
    """Whether it is proved that no change of a single fact is enough."""

    @cached_property
    def relaxations(self) -> tuple[Relaxation, ...]:
        return tuple(way.relaxation for way in self.ways_out[:MOST_RELAXATIONS])

    @property
    def reasons(self) -> tuple[str, ...]:
        """The facts, most telling first, and what would help, in sentences."""
        said = [self._headline()]
        for _, group in groupby(self.facts, _kind):
            facts = list(group)
            shown = facts if self.shrunk else facts[:MANY]
            said += (
                [_lengths(self.problem, shown)]
                if isinstance(shown[0], Lasts)
                else [fact.said(self.problem) for fact in shown]
            )
            if len(shown) < len(facts):
                said.append(f"And {len(facts) - len(shown)} more like that.")
        if not self.smallest:
            said.append("The time was too short to find out whether each of these matters.")
        said += [f"This would help: {one.message}" for one in self.relaxations]
        if self.no_way_out:
            said.append("No change of just one of these is enough.")
        return tuple(said)

    def _headline(self) -> str:
        if self.violation is not None:
            return f"{self.violation.message}."
        sessions = self.sessions if self.shrunk else self.sessions[:MANY]
        if len(sessions) == 1:
            return f"There is no place for {named(self.problem.conference, sessions)}."
        others = f", nor do {len(self.sessions) - MANY} others" if len(sessions) < len(self.sessions) else ""
        return f"{named(self.problem.conference, sessions)} do not all fit{others}."


def explain(
    problem: Problem, edits: Sequence[Edit], culprits: Collection[str], *, solve: Solve, remaining: Remaining
) -> Explanation:
    """Explain why there is no repair, given sessions that do not fit beside those that may not move."""
    violation = stuck(problem)
    if violation is not None:
        free, fixed = [], list(violation.sessions)
    else:
        free = [one for one in culprits if one in problem.homeless or problem.movable(one)]
        fixed = [one for one in problem.schedule if not problem.movable(one)]
    budget = remaining()

    def clock() -> float:
        return remaining() - budget * (1 - SHARE)

    core = _Core(problem, edits, free, fixed, clock)
    if violation is None and not core.refuted:
        movable = [one for one in problem.schedule if problem.movable(one)]
        core = _Core(problem, edits, [*movable, *problem.homeless], fixed, clock)
    core.shrink()
    shrunk = core.smallest
    relaxer = Relaxer(problem, core.fits_after, solve, remaining)
    ways = relaxer.ways_out(core.facts)
    known = {way.fact for way in ways}
    for fact in [fact for fact in core.facts if fact not in known]:
        core.weigh(fact, solve, remaining)
    return Explanation(
        problem=problem,
        violation=core.violation(),
        facts=core.facts,
        sessions=core.sessions if violation is None else list(violation.sessions),
        shrunk=shrunk,
        smallest=core.smallest,
        ways_out=ways,
        no_way_out=relaxer.in_time and not ways,
    )


class _Core:
    """Some sessions that do not fit, and the facts that keep them from it."""

    def __init__(
        self, problem: Problem, edits: Sequence[Edit], free: list[str], fixed: list[str], remaining: Remaining
    ) -> None:
        self.problem = problem
        self.remaining = remaining
        # Many pinned sessions may be in the way of one that can move: then their lengths would be too much detail.
        self._facts = partial(every_fact, problem, edits, pinned_lengths=not free)
        self.universe = self._facts(only={*free, *fixed})
        present = [Presence(one) for one in free if one not in problem.homeless]
        self.kept: tuple[Element, ...] = (*present, *self.universe)
        self.smallest = True
        self._known: dict[frozenset[Element], bool | None] = {}

    @cached_property
    def everything(self) -> list[Fact]:
        """The facts of the whole conference."""
        return self._facts()

    @property
    def facts(self) -> list[Fact]:
        """The facts that are kept, the most telling kind first."""
        kinds = [list(group) for _, group in groupby((one for one in self.kept if isinstance(one, Fact)), _kind)]
        return [fact for kind in reversed(kinds) for fact in kind]

    @property
    def sessions(self) -> list[str]:
        return [one.session for one in self.kept if isinstance(one, Presence | Placing)]

    @property
    def refuted(self) -> bool:
        """Whether it is proved here that what is kept cannot hold together."""
        return self._fit(self.kept) is False

    def shrink(self) -> None:
        """Leave out what does not matter, many kinds at a time, then fewer, then parts of one."""
        before = self.kept
        if not self.refuted:
            self.smallest = False
            return
        settled: set[Element] = self._leave_out_by_masks()
        # Without the only session there is nobody who would not fit.
        only = [one for one in before if isinstance(one, Presence | Placing)]
        settled.update(only if len(only) == 1 and self.violation() is None else [])
        kinds = [
            [one for one in group if one in self.kept and one not in settled] for _, group in groupby(before, _kind)
        ]
        self._leave_out_parts([kind for kind in kinds if kind])
        if fits(self._problem(self.kept), self.remaining, twice=True):
            self.kept, self.smallest = before, False

    def violation(self) -> Violation | None:
        """What the facts break with nothing else considered, if none of the sessions may move."""
        broken = stuck(self._problem(self.kept))
        if broken is None:
            return None
        return next((one for one in self.problem.broken if one.key == broken.key), broken)

    def _leave_out_by_masks(self) -> set[Element]:
        """Where one session has no place: leave out those in whose way it would be all the same, many at once.

        Each of those that are handed back bars a place that nothing else bars: they matter.
        """
        if len(self.sessions) != 1:
            return set()
        needed = needed_in_the_way(self._problem(self.kept), *self.sessions)
        if needed is None:
            return set()
        rest = tuple(one for one in self.kept if not isinstance(one, Stays) or one.session in needed)
        if self._fit(rest) is not False:
            return set()
        self.kept = rest
        return {one for one in rest if isinstance(one, Stays)}

    def _leave_out_parts(self, kinds: list[list[Element]]) -> None:
        """Leave out what can be, half by half; what the first half does not need is gone when the second is tried."""
        parts = kinds if len(kinds) > 1 else [[one] for kind in kinds for one in kind]
        half = (len(parts) + 1) // 2
        for some in filter(None, (parts[:half], parts[half:])):
            self._leave_out(some if len(kinds) > 1 else [[one for part in some for one in part]])

    def _leave_out(self, kinds: list[list[Element]]) -> None:
        elements = {one for kind in kinds for one in kind}
        rest = tuple(one for one in self.kept if one not in elements)
        fit = self._fit(rest)
        if fit is False:
            self.kept = rest
        elif len(elements) > 1:
            self._leave_out_parts(kinds)
        elif fit is None:
            self.smallest = False

    def _fit(self, kept: tuple[Element, ...], step: Step | None = None) -> bool | None:
        key = frozenset(kept)
        if step is None and key in self._known:
            return self._known[key]
        if self.remaining() <= 0:
            return None
        found = fits(self._problem(kept, step), self.remaining)
        if step is None:
            self._known[key] = found
        return found

    def _problem(self, kept: tuple[Element, ...], step: Step | None = None) -> Problem:
        """What is asked of the sessions that are kept: without its fact, a fixed session is not there."""
        only = {one.session for one in kept if isinstance(one, Presence | Placing | Stays)}
        facts = {one for one in kept if isinstance(one, Fact)}
        return held_to(self.problem, facts, self.universe, only=only, step=step)

    def fits_after(self, step: Step) -> bool | None:
        """Whether the sessions would fit after a step; None where only the whole conference can tell."""
        return self._fit(self.kept, step)

    def weigh(self, fact: Fact, solve: Solve, remaining: Remaining) -> None:
        """Hold against the whole conference that a fact matters: with the others alone there is a repair."""
        if remaining() <= 0:
            self.smallest = False
            return
        others = {one for one in self.kept if isinstance(one, Fact) and one != fact}
        answer = solve(held_to(self.problem, others, self.everything), remaining)
        if answer.status == "infeasible":
            self.kept = tuple(one for one in self.kept if one != fact)
        elif answer.moved is None:
            self.smallest = False


def _kind(one: Element) -> str:
    return one.kind


def _lengths(problem: Problem, facts: Sequence[Fact]) -> str:
    """`“A” (1) lasts 60 minutes, “B” (2) 30 minutes.`"""
    sessions = [problem.conference.session[fact.session] for fact in facts if isinstance(fact, Lasts)]
    said = [f"{one.label} {minutes_said(one.minutes)}" for one in sessions[1:]]
    return ", ".join([f"{sessions[0].label} lasts {minutes_said(sessions[0].minutes)}", *said]) + "."
