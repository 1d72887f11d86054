"""The least number of sessions that must move when many are broken: who moves is guessed, where to is searched.

A guess is a set of movers.  A small search tries to place exactly those where nobody stands who does not move.  When it
cannot, a few of them, the *core*, are to blame, and it is learnt who else would have to make room for them.  The
guesses grow along what has been learnt; when all with so many movers contradict it, no repair has so few moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from solver.chains import roots
from solver.countdown import OutOfTimeError
from solver.ground import Bits, Ground, TooHardError, members
from solver.index import Index
from solver.problem import Finding, Places, Problem

Remaining = Callable[[], float]

DIVING_SHARE = 0.25
"""The part of the time for making the repair in hand smaller, before the proof from below."""
MOST_STEPS = 5000
"""Placing a guess must not take more steps."""


def find(
    problem: Problem, index: Index, finding: Finding, *, remaining: Remaining, note: Callable[[Finding], None]
) -> None:
    """Raise the floor under the count until it is proved, or until the time is out.

    A repair that is found has as few moves as there can be; its price is not looked at.
    """
    ground = Ground(index, roots(problem)[0])
    finding.raise_floor(len(roots(problem)[0]), "movers")
    later = remaining() * (1 - DIVING_SHARE)
    _dive(problem, ground, finding, lambda: remaining() - later, note)
    guesses = _Guesses(problem, ground, remaining)
    try:
        while not finding.count_proved and finding.count_floor < len(problem.conference.sessions):
            places = guesses.search(finding.count_floor)
            if places is None:
                finding.raise_floor(finding.count_floor + 1, "movers")
            else:
                finding.places = places
            note(finding)
    except (TooHardError, OutOfTimeError):
        return


def _dive(
    problem: Problem, ground: Ground, finding: Finding, remaining: Remaining, note: Callable[[Finding], None]
) -> None:
    """Look for repairs of one move less, and one less again, as long as they come quickly."""
    guesses = _Guesses(problem, ground, remaining)
    try:
        while finding.places is not None and not finding.count_proved:
            places = guesses.search(len(finding.places) - 1)
            if places is None:
                finding.raise_floor(len(finding.places), "movers")
            else:
                finding.places = places
            note(finding)
    except (TooHardError, OutOfTimeError):
        return


@dataclass
class _Lesson:
    """When the core moves, one of some groups must move entirely."""

    core: Bits
    singles: Bits = 0
    """Who alone would do."""
    larger: list[Bits] = field(default_factory=list)
    """Groups of two and more."""
    others: dict[int, Bits] = field(default_factory=dict)
    """Member of a larger group → who else is in such a group with it."""
    support: Bits = 0

    def add(self, group: Bits) -> None:
        self.support |= group
        if group.bit_count() == 1:
            self.singles |= group
            return
        self.larger.append(group)
        for member in members(group):
            self.others[member] = self.others.get(member, 0) | (group & ~(1 << member))

    def kept(self, movers: Bits, pushed: Iterable[int]) -> bool:
        if self.core & ~movers or self.singles & movers:
            return True
        return any(self.others.get(one, 0) & movers for one in pushed) and any(
            not group & ~movers for group in self.larger
        )

    def options(self, pushed: Iterable[int], spare: int) -> Bits:
        """Who could be next to move, so that `spare` more may be enough."""
        if spare > 1:
            return self.support
        options = self.singles
        for one in pushed:
            options |= self.others.get(one, 0)
        return options


@dataclass
class _Shortage:
    """When the core moves, at least two of those around it must, or one that helps alone."""

    core: Bits
    support: Bits
    helpful: Bits

    def kept(self, movers: Bits, pushed: Iterable[int]) -> bool:
        around = movers & self.support
        return bool(self.core & ~movers or self.helpful & around or around.bit_count() > 1)

    def options(self, pushed: Iterable[int], spare: int) -> Bits:
        alone = spare == 1 and not any(self.support >> one & 1 for one in pushed)
        return self.helpful if alone else self.support


class _Guesses:
    """The search through sets of movers, and what has been learnt about them."""

    def __init__(self, problem: Problem, ground: Ground, remaining: Remaining) -> None:
        self.remaining = remaining
        self.ground = ground
        must, pairs = roots(problem)
        self.must = self.ground.bits(must)
        self._pairs = [self.ground.bits(pair) for pair in pairs]
        self._learnt: dict[tuple[Bits, Bits], None] = {}
        self._short: dict[Bits, Bits] = {}
        self._lessons: list[_Lesson | _Shortage] = []
        self._most = 0

    def search(self, most: int) -> Places | None:
        """Places for at most `most` movers; None is a proof that no repair moves so few."""
        self._most = most
        self._lessons = [_Lesson(0, singles=pair, support=pair) for pair in self._pairs]
        for core, movers in self._learnt:
            self._write_down(core, movers)
        for core in self._short:
            self._write_shortage(core)
        return self._extend(self.must, (), most - self.must.bit_count(), 0)

    def _extend(self, movers: Bits, pushed: tuple[int, ...], spare: int, banned: Bits) -> Places | None:
        """Places for these movers and at most `spare` others, none of them banned."""
        while True:
            self._keep_time()
            options = self._options(movers, pushed, spare, banned)
            if options is None:
                places = self._test(movers)
                if places is not None:
                    return places
            elif not options:
                return None
            else:
                break
        for one in sorted(members(options), key=self._homeless):
            places = self._extend(movers | 1 << one, (*pushed, one), spare - 1, banned)
            if places is not None:
                return places
            banned |= 1 << one
        return None

    def _homeless(self, session: int) -> bool:
        """Whether the session, were it to move, would have to push out somebody in turn."""
        self._keep_time()  # many are asked about at once, each for the first time
        return 0 not in self.ground.groups(session)

    def _free(self, sessions: Bits, movers: Bits) -> dict[int, Bits]:
        """For each of the sessions, the cells where nobody stands who does not move."""
        found = {}
        for session in members(sessions):
            self._keep_time()
            found[session] = self.ground.free(session, movers)
        return found

    def _keep_time(self) -> None:
        if self.remaining() <= 0:
            raise OutOfTimeError

    def _options(self, movers: Bits, pushed: tuple[int, ...], spare: int, banned: Bits) -> Bits | None:
        """Of whom one must move as well; None when the movers keep to everything learnt."""
        best: Bits | None = None
        for number, lesson in enumerate(self._lessons):
            if lesson.kept(movers, pushed):
                continue
            options = lesson.options(pushed, spare) & ~banned & ~movers if spare else 0
            if spare == 1 and best is not None:
                options &= best  # one more mover has to answer for all of them
            if not options:
                # What was decisive here is likely to be so again.
                self._lessons[0], self._lessons[number] = lesson, self._lessons[0]
                return 0
            if best is None or options.bit_count() < best.bit_count():
                best = options
        return best

    def _test(self, movers: Bits) -> Places | None:
        """Places for exactly these movers; or learn why there are none."""
        free = self._free(movers, movers)
        learnt = False
        while (places := self._place(free)) is None:
            core = self._core(free)
            self._learn(core, movers)
            free = {session: cells for session, cells in free.items() if not core >> session & 1}
            learnt = True
        return None if learnt else places

    def _place(self, free: dict[int, Bits]) -> Places | None:
        self._keep_time()
        return self.ground.place(free, MOST_STEPS)

    def _core(self, free: dict[int, Bits]) -> Bits:
        """An inclusion-minimal set of sessions that cannot be placed together."""
        core: dict[int, Bits] = {}
        for session in sorted(free, key=lambda one: (free[one].bit_count(), one)):
            core[session] = free[session]
            if self._place(core) is None:
                break
        for session in list(core):
            rest = {one: cells for one, cells in core.items() if one != session}
            if self._place(rest) is None:
                core = rest
        return sum(1 << session for session in core)

    # Learning.

    def _learn(self, core: Bits, movers: Bits) -> None:
        self._learnt[core, movers] = None
        self._write_down(core, movers)
        if core not in self._short and not self._placeable(core, self.must | core):
            self._short[core] = self._helpful(core)
            self._write_shortage(core)

    def _placeable(self, core: Bits, movers: Bits) -> bool:
        return self._place(self._free(core, movers)) is not None

    def _write_down(self, core: Bits, movers: Bits) -> None:
        """Somebody beyond the movers must make room for the core."""
        found = self._groups(core, movers, self._most)
        lesson = _Lesson(core)
        for group in found:
            if group.bit_count() == 1:
                lesson.add(group)
        singles = lesson.singles
        for group in found:
            if not group & singles:
                lesson.add(group)
        self._lessons.append(lesson)

    def _write_shortage(self, core: Bits) -> None:
        """One more mover is not enough for the core, but for those who help alone."""
        around = 0
        for group in self._groups(core, self.must | core, self._most):
            around |= group
        self._lessons.append(_Shortage(core, around, self._short[core]))

    def _helpful(self, core: Bits) -> Bits:
        """Who would make room for the whole core by moving alone."""
        alone = self.must | core
        candidates = 0
        for group in self._groups(core, alone, alone.bit_count() + 1):
            candidates |= group
        for part, helpful in self._short.items():
            if not part & ~core and self.must | part == alone:
                candidates &= helpful
        return sum(1 << one for one in members(candidates) if self._placeable(core, alone | 1 << one))

    def _groups(self, core: Bits, movers: Bits, most: int) -> set[Bits]:
        """The groups of others who leave places for the core, when no more than `most` move in all."""
        alone = self.must | core
        spare = most - alone.bit_count()
        found = {
            group & ~movers
            for session in members(core)
            for group in self.ground.groups(session)
            if (group & ~alone).bit_count() <= spare
        }
        found.discard(0)
        return found
