"""Where sessions could stand and whom that pushes out, as bits: for searches that try many sets of movers.

Cells are numbered as in `Index`, sessions by name; a set of either is one integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from solver.index import Index, Mask, Slice
from solver.problem import Places

Bits = int
"""A set, one bit for each member."""


class TooHardError(Exception):
    """A set of movers could be neither placed nor refuted in so many steps."""


class Ground:
    """The cells of every session by the group that stands there now, and a search for places that push out nobody."""

    def __init__(self, index: Index, gone: Iterable[str]) -> None:
        """`gone` leave their places in any case, and are in no group."""
        self.index = index
        self.names = [session.id for session in index.problem.conference.sessions]
        self.number = {name: number for number, name in enumerate(self.names)}
        self._gone = self.bits(gone)
        self._crowds: dict[int, dict[Bits, Bits]] = {}
        self._groups: dict[int, dict[Bits, Bits]] = {}
        self._footprints: dict[tuple[int, int, int], Bits] = {}
        self._shadows: dict[tuple[int, int, int], Bits] = {}
        self._steps = 0

    def bits(self, names: Iterable[str]) -> Bits:
        return sum(1 << self.number[name] for name in set(names))

    def groups(self, session: int) -> dict[Bits, Bits]:
        """Group of others → the cells where the session would push out exactly these; where it may stand at all."""
        if session not in self._groups:
            name = self.names[session]
            allowed = _packed(self.index.field(name, frozenset((name,))).allowed)
            absent = self._gone | 1 << session
            found: dict[Bits, Bits] = {}
            for group, cells in self._crowd(self.index.problem.conference.session[name].minutes).items():
                if cells & allowed:
                    _add(found, group & ~absent, cells & allowed)
            for other in self.index.circle(name):
                place = self.index.problem.schedule.get(other)
                one = 1 << self.number[other]
                if place is not None and self.index.problem.movable(other) and not one & self._gone:
                    found = _split(found, self._sliced(self.index.shadow(name, other, place)), one)
            self._groups[session] = found
        return self._groups[session]

    def free(self, session: int, movers: Bits) -> Bits:
        """The cells where nobody stands who does not move."""
        groups = self.groups(session)
        pushed = movers & ~self._gone
        if 1 << pushed.bit_count() > len(groups):
            parts = [group for group in groups if not group & ~pushed]
        else:
            parts = [group for group in _parts(pushed) if group in groups]
        cells = 0
        for part in parts:
            cells |= groups[part]
        return cells

    def _crowd(self, minutes: int) -> dict[Bits, Bits]:
        """Who stands in the way of a session of this length, room by room, with nobody gone."""
        if minutes not in self._crowds:
            problem = self.index.problem
            some = next(one.id for one in problem.conference.sessions if one.minutes == minutes)
            edges: dict[int, list[tuple[int, Bits]]] = {}
            for other, place in problem.schedule.items():
                if problem.movable(other):
                    room, first, last = self.index.footprint(some, other, place)
                    edges.setdefault(room, []).extend(
                        ((first, 1 << self.number[other]), (last, 1 << self.number[other]))
                    )
            found: dict[Bits, Bits] = {}
            for room in range(self.index.shape[0]):
                group, begun = 0, 0
                for at, one in sorted(edges.get(room, [])):
                    _add(found, group, self._sliced([(room, begun, at)]))
                    group, begun = group ^ one, at
                _add(found, group, self._sliced([(room, begun, self.index.shape[1])]))
            self._crowds[minutes] = found
        return self._crowds[minutes]

    # Placing.

    def place(self, free: dict[int, Bits], most_steps: int) -> Places | None:
        """Places for all of these sessions, out of their free cells, that do not stand against each other."""
        self._steps = most_steps
        placed = self._go_on(free, {})
        if placed is None:
            return None
        return {self.names[session]: self.index.place(cell) for session, cell in placed.items()}

    def _go_on(self, free: dict[int, Bits], placed: dict[int, int]) -> dict[int, int] | None:
        if not free:
            return placed
        self._steps -= 1
        if self._steps < 0:
            raise TooHardError
        session = min(free, key=lambda one: (free[one].bit_count(), one))
        failed: list[dict[int, Bits]] = []
        for cell in members(free[session]):
            rest = {one: cells & ~self._blocked(one, session, cell) for one, cells in free.items() if one != session}
            # Where no cell is left but some that were left before, it would fail again.
            if all(rest.values()) and not any(all(not rest[one] & ~left[one] for one in rest) for left in failed):
                found = self._go_on(rest, {**placed, session: cell})
                if found is not None:
                    return found
                failed.append(rest)
        return None

    def _blocked(self, session: int, other: int, cell: int) -> Bits:
        """The cells that are ruled out for a session when the other one stands on a cell."""
        name, against = self.names[session], self.names[other]
        sessions = self.index.problem.conference.session
        key = (sessions[name].minutes, sessions[against].minutes, cell)
        if key not in self._footprints:
            self._footprints[key] = self._sliced([self.index.footprint(name, against, self.index.place(cell))])
        blocked = self._footprints[key]
        if against in self.index.circle(name):
            pair = (session, other, cell)
            if pair not in self._shadows:
                self._shadows[pair] = self._sliced(self.index.shadow(name, against, self.index.place(cell)))
            blocked |= self._shadows[pair]
        return blocked

    def _sliced(self, slices: Iterable[Slice]) -> Bits:
        columns = self.index.shape[1]
        cells = 0
        for room, first, last in slices:
            if first < last:
                cells |= ((1 << (last - first)) - 1) << (room * columns + first)
        return cells


def members(bits: Bits) -> Iterator[int]:
    """The numbers of the members, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _parts(bits: Bits) -> Iterator[Bits]:
    """Every subset."""
    part = bits
    while part:
        yield part
        part = (part - 1) & bits
    yield 0


def _packed(mask: Mask) -> Bits:
    return int.from_bytes(np.packbits(mask.ravel(), bitorder="little").tobytes(), "little")


def _add(groups: dict[Bits, Bits], group: Bits, cells: Bits) -> None:
    if cells:
        groups[group] = groups.get(group, 0) | cells


def _split(groups: dict[Bits, Bits], shadow: Bits, other: Bits) -> dict[Bits, Bits]:
    """Add another session to the groups of the cells in its shadow."""
    found: dict[Bits, Bits] = {}
    for group, cells in groups.items():
        _add(found, group, cells & ~shadow)
        _add(found, group | other, cells & shadow)
    return found
