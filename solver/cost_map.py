"""The cost map: for one session, what every room and start would cost the others, proved.

For each cell, a room and a start on the grid, it says how many other sessions would have to move if this one were put
there: exactly, up to a depth, and beyond that only that it is more.  The number of a cell is what `repair` proves for
the same edits with a move of the session to the cell, `scope="edit"`: after so many moves nothing is broken that was
not broken before, and nothing at all among the sessions that were touched.  What is wrong elsewhere may stay.

The cells of one session have nearly everything in common, so they are judged together: the session is taken off the
schedule once, and then stands in one cell after the other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from solver import check
from solver.chains import Chains
from solver.conference import Conference, FactError, Interval, Minute, Placement, Schedule
from solver.countdown import OutOfTimeError, Remaining, countdown
from solver.edits import Edit, Move, Unplace
from solver.explain import stuck
from solver.index import Index
from solver.problem import Places, Problem
from solver.rules import RULES, UnaryRule, Violation

if TYPE_CHECKING:
    from solver.board import Board

Verdict = Literal["proved", "more_than", "no_repair", "barred"]
Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

DEPTH = 2
"""How many others may move, unless told otherwise: more is nothing that one wants to see while dragging."""
MOST_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Stretch:
    """Cells beside one another for which the same holds: the starts on the grid from `first` until before `last`."""

    room: str
    first: Minute
    last: Minute
    verdict: Verdict
    """`proved`: exactly `others` must move; `more_than`: more than `others`; `no_repair`: however many move, something
    stays broken; `barred`: the session may not be here at all."""
    others: int | None
    reasons: tuple[Violation, ...] = ()
    """Why it is barred, or what stays broken; as the plain checker says it of the first start."""


class Cells(Protocol):
    """The cells as a search judges them, room by room."""

    rooms: list[str]
    starts: list[Minute]
    floor: Ints
    """At least so many others must move; below 0, the session may not be there."""
    settled: Ints
    """Whether the floor is the number."""

    def settle(self, count: int) -> None:
        """Find the cells that `count` others make room for, given that fewer do not.  Raises `OutOfTimeError`."""

    def hopeless(self) -> Mask:
        """The cells not settled that push out somebody for whom there is no place at all."""


def cost_map(
    conference: Conference,
    schedule: Schedule,
    session: str,
    edits: Sequence[Edit] = (),
    *,
    depth: int = DEPTH,
    rooms: Collection[str] | None = None,
    day: date | None = None,
    remaining: Remaining | None = None,
    board: Board | None = None,
) -> Iterator[Stretch]:
    """Every cell of these rooms and this day, in stretches: those first where nobody else must move, then one other, …

    After those come the cells for which more than `depth` others would have to move, those where no repair helps, and
    those that are barred.  `remaining` says how many seconds are left (default: ten from now); what is not known by
    then is said to be more than what has been refuted.  The edits are made first; those that place the session are
    overruled.  With a `board` of this very conference and schedule the compiled search is used.  Raises `EditError` for
    edits that make no sense, `FactError` for a session, room or day that does not exist, before the first stretch.
    """
    if session not in conference.session:
        raise FactError(f"there is no session '{session}'")
    wanted = _Wanted.of(conference, rooms, day)
    problem = Problem.of(conference, schedule, [*edits, Unplace(session)], "edit", False, board)
    return _stretches(problem, session, wanted, depth, remaining or countdown(10), board)


def why(
    conference: Conference, schedule: Schedule, session: str, place: Placement, edits: Sequence[Edit] = ()
) -> list[Violation]:
    """What the session would break in a place, and with whom; by the plain checker."""
    problem = Problem.of(conference, schedule, [*edits, Move(session, place.room, place.start)], "edit", False)
    return [violation for violation in problem.broken if session in violation.sessions]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The cells that are asked about."""

    rooms: frozenset[str]
    hours: tuple[Interval, ...]

    @staticmethod
    def of(conference: Conference, rooms: Collection[str] | None, day: date | None) -> _Wanted:
        """Raises `FactError` for a room or a day that does not exist."""
        for room in rooms or ():
            if room not in conference.room:
                raise FactError(f"there is no room '{room}'")
        hours = tuple(one.hours for one in conference.days if day is None or one.date == day)
        if not hours:
            raise FactError(f"the conference has no day {day}")
        return _Wanted(frozenset(conference.room if rooms is None else rooms), hours)

    def mask(self, cells: Cells) -> Mask:
        starts = np.array(cells.starts)
        inside = np.zeros(len(starts), dtype=bool)
        for hours in self.hours:
            inside |= (hours.start <= starts) & (starts < hours.end)
        return np.outer([room in self.rooms for room in cells.rooms], inside)


def _stretches(
    problem: Problem, session: str, wanted: _Wanted, depth: int, remaining: Remaining, board: Board | None
) -> Iterator[Stretch]:
    cells = _cells(problem, session, remaining, board)
    cutter = _Cutter(problem.conference, cells)
    asked = wanted.mask(cells).ravel()
    cells.settled[~asked] = 1
    allowed = asked & (cells.floor >= 0)
    broken = stuck(problem)
    if broken is None:
        yield from _proved(problem, cells, cutter, asked, depth)
        yield from _not_proved(cells, cutter, allowed & (cells.settled == 0), depth)
    else:
        yield from (Stretch(*where, "no_repair", None, (broken,)) for where in cutter.cut(allowed))
    yield from _barred(_Reasons(problem, session, cells), cutter, asked & (cells.floor < 0), remaining)


def _cells(problem: Problem, session: str, remaining: Remaining, board: Board | None) -> Cells:
    if board is None:
        return PlainCells(problem, session, remaining)
    from solver.dragging import CompiledCells

    return CompiledCells(problem, board, session, remaining)


def _proved(problem: Problem, cells: Cells, cutter: _Cutter, asked: Mask, depth: int) -> Iterator[Stretch]:
    """The cells with their numbers, the least first."""
    if not problem.broken:
        cells.settled[cells.floor == 0] = 1
    for count in range(depth + 1):
        in_time = True
        if count:
            try:
                cells.settle(count)
            except OutOfTimeError:
                in_time = False
        found = asked & (cells.settled != 0) & (cells.floor == count)
        yield from (Stretch(*where, "proved", count) for where in cutter.cut(found))
        if not in_time:
            return
        rest = (cells.settled == 0) & (cells.floor >= 0) & (cells.floor <= count)
        cells.floor[rest] = count + 1


def _not_proved(cells: Cells, cutter: _Cutter, left: Mask, depth: int) -> Iterator[Stretch]:
    """The cells that nobody can be moved for so easily, and those for which nobody can be moved at all."""
    hopeless = left & cells.hopeless()
    refuted = np.minimum(cells.floor - 1, depth)
    for count in np.unique(refuted[left & ~hopeless]).tolist():
        found = left & ~hopeless & (refuted == count)
        yield from (Stretch(*where, "more_than", count) for where in cutter.cut(found))
    yield from (Stretch(*where, "no_repair", None) for where in cutter.cut(hopeless))


def _barred(reasons: _Reasons, cutter: _Cutter, barred: Mask, remaining: Remaining) -> Iterator[Stretch]:
    """The cells where the session may not be, each stretch with its reasons; without them when the time is out."""
    if remaining() <= 0:
        yield from (Stretch(*where, "barred", None) for where in cutter.cut(barred))
        return
    last: Stretch | None = None
    for room, begin, end in cutter.cut(barred, reasons.changes()):
        why_not = reasons.of(Placement(room, begin))
        if last is not None and (last.room, last.last) == (room, begin) and _keys(last.reasons) == _keys(why_not):
            last = Stretch(room, last.first, end, "barred", None, last.reasons)
            continue
        if last is not None:
            yield last
        last = Stretch(room, begin, end, "barred", None, why_not)
    if last is not None:
        yield last


def _keys(violations: Sequence[Violation]) -> set[tuple[object, ...]]:
    return {violation.key for violation in violations}


class _Cutter:
    """Makes stretches of cells."""

    def __init__(self, conference: Conference, cells: Cells) -> None:
        self._rooms, self._starts, self._step = cells.rooms, cells.starts, conference.grid_minutes
        starts = np.array(cells.starts)
        self._apart = np.diff(starts, prepend=starts[:1] - 2 * self._step) != self._step

    def cut(self, cells: Mask, changes: Mask | None = None) -> Iterator[tuple[str, Minute, Minute]]:
        """Room, first start and end of each stretch; one ends at the night, and where something `changes`."""
        grid = cells.reshape(len(self._rooms), len(self._starts))
        before = np.zeros_like(grid)
        before[:, 1:] = grid[:, :-1]
        breaks = self._apart if changes is None else self._apart | changes
        begins = grid & (~before | breaks)
        ends = np.ones_like(grid)
        ends[:, :-1] = ~grid[:, 1:] | begins[:, 1:]
        rooms, firsts = begins.nonzero()
        for room, first, last in zip(rooms.tolist(), firsts.tolist(), (grid & ends).nonzero()[1].tolist(), strict=True):
            yield self._rooms[room], self._starts[first], self._starts[last] + self._step


class _Reasons:
    """Why the session may not be in a cell, and where the reasons change."""

    def __init__(self, problem: Problem, session: str, cells: Cells) -> None:
        self._problem = problem
        self._session = session
        self._cells = cells
        self._schedule = dict(problem.schedule)
        self._in_room: dict[str, list[str]] = {room: [] for room in problem.conference.room}
        for one, place in problem.schedule.items():
            self._in_room[place.room].append(one)

    def of(self, place: Placement) -> tuple[Violation, ...]:
        """What the session breaks there alone or with somebody who may not move."""
        self._schedule[self._session] = place
        found = check.around(
            self._problem.conference, self._schedule, [self._session], [*self._in_room[place.room], self._session]
        )
        return tuple(
            one
            for one in found
            if not any(other != self._session and self._problem.movable(other) for other in one.sessions)
        )

    def changes(self) -> Mask:
        """Where a fact or a session that may not move begins to stand in the way, or ceases to."""
        problem, cells, session = self._problem, self._cells, self._session
        index = Index(problem)
        found = np.zeros((len(cells.rooms), len(cells.starts) + 1), dtype=bool)
        number = {room: number for number, room in enumerate(cells.rooms)}
        one = problem.conference.session[session]
        for room in cells.rooms:
            for rule in RULES:
                if isinstance(rule, UnaryRule):
                    for edge in chain.from_iterable(rule.barred(problem.conference, one, room)):
                        found[number[room], bisect_left(cells.starts, edge)] = True
        for other, place in problem.schedule.items():
            if not problem.movable(other):
                # Where the two are too close to one another, and where they overlap.
                together = place.start - one.minutes + 1, problem.conference.end(other, place)
                found[number[place.room], [bisect_left(cells.starts, edge) for edge in together]] = True
                slices = [index.footprint(session, other, place)]
                if other in index.circle(session):
                    slices += index.shadow(session, other, place)
                for at, first, last in slices:
                    found[number[index.rooms[at]], [first, last]] = True
        return found[:, :-1]


class PlainCells(Chains):
    """The cells as the uncompiled search judges them: right, and slow where many are crowded."""

    def __init__(self, problem: Problem, session: str, remaining: Remaining) -> None:
        super().__init__(problem, lambda: Index(problem), remaining)
        self.session = session
        self.rooms, self.starts = self.index.rooms, self.index.starts.tolist()
        field = self.index.field(session, frozenset())
        self.floor: Ints = np.where(field.allowed, field.displaced, -1).ravel().astype(np.int32)
        self.settled: Ints = np.zeros(self.floor.size, dtype=np.int32)

    def settle(self, count: int) -> None:
        for cell in np.flatnonzero((self.settled == 0) & (self.floor >= 0) & (self.floor <= count)).tolist():
            if not self.settled[cell] and any(self._makes_room(cell, cover, count) for cover in self.covers(count)):
                self._spread(cell, count)

    def _makes_room(self, cell: int, cover: frozenset[str], count: int) -> bool:
        """Whether there is a repair of so many moves with the session in the cell."""
        place = self.index.place(cell)
        roots = cover.union(self.index.pushed_out(self.session, place, ()))
        self.best, self._best_price = None, 2**40
        if len(roots) <= count:
            if self.remaining() <= 0:
                raise OutOfTimeError
            self._place(roots, {self.session: place}, roots | {self.session}, count - len(roots), 0)
        return self.best is not None

    def _finish(self, placed: Places, price: int) -> None:
        """Any repair will do."""
        self.best, self._best_price = placed, -1

    def _spread(self, cell: int, count: int) -> None:
        """Settle the cell and those after it that the same repair makes room for."""
        assert self.best is not None
        field = self.index.field(self.session, frozenset(self.best))
        moved = {one: place for one, place in self.best.items() if one != self.session}
        fine = (self.index.cast(field, self.session, moved) & (field.displaced == 0)).ravel()
        for here in range(cell, (cell // len(self.starts) + 1) * len(self.starts)):
            if not fine[here]:
                return
            if not self.settled[here] and self.floor[here] <= count:
                self.floor[here], self.settled[here] = count, 1

    def hopeless(self) -> Mask:
        found = np.zeros(self.floor.size, dtype=bool)
        if any(not self._has_a_place(one) for one in self.must):
            found[:] = True
        for cell in np.flatnonzero((self.settled == 0) & (self.floor >= 0)).tolist():
            pushed = self.index.pushed_out(self.session, self.index.place(cell), ())
            found[cell] |= not all(map(self._has_a_place, pushed))
        return found

    def _has_a_place(self, one: str) -> bool:
        return self._hope(one, frozenset((one, self.session)), len(self.problem.schedule))
