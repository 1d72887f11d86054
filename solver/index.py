"""A schedule laid out for search: every room against every start on the grid, as arrays.

A field is a pair of arrays of shape (rooms, starts): whether a session may stand there at all, and how many
movable sessions it would push out.  Fields are patched by slices, never rebuilt, as sessions leave their places.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.conference import Placement
from solver.problem import FOREIGN_ROOM_PRICE, ROOM_CHANGE_PRICE, Problem
from solver.rules import RULES, PairRule, RoomRule, UnaryRule
from solver.rules.rule import FOREVER

Mask = NDArray[np.bool_]
Counts = NDArray[np.int32]
Slice = tuple[int, int, int]
"""Room number, first and last (exclusive) number of a start."""


class Field(NamedTuple):
    """Where one session may stand."""

    allowed: Mask
    """Not barred by facts, nor by a session that may not move."""
    displaced: Counts
    """How many movable sessions would have to leave."""

    def copy(self) -> Field:
        return Field(self.allowed.copy(), self.displaced.copy())


class Index:
    """Answers for one problem: where a session may go, at what price, and whom it pushes out."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        conference = problem.conference
        self.rooms = [room.id for room in conference.rooms]
        self.room_number = {room: number for number, room in enumerate(self.rooms)}
        apply = [rule for rule in RULES if isinstance(rule, RoomRule) and rule.name not in conference.waived]
        self.pad = [max((rule.pad(room) for rule in apply), default=-FOREVER) for room in conference.rooms]
        hours = [conference.clock.starts(day.hours.start, day.hours.end) for day in problem.days_in_order]
        self.starts = np.unique(np.array([start for row in hours for start in row], dtype=np.int64))
        self._start_list: list[int] = self.starts.tolist()
        self.shape = (len(self.rooms), len(self.starts))
        self._in_room: list[list[tuple[int, str]]] = [[] for _ in self.rooms]
        for session, placement in problem.schedule.items():
            self._in_room[self.room_number[placement.room]].append((placement.start, session))
        for row in self._in_room:
            row.sort()
        self._longest = max((session.minutes for session in conference.sessions), default=0)
        self._movable = {one: problem.movable(one) for one in problem.schedule}
        self._allowed: dict[str, Mask] = {}
        self._prices: dict[str, Counts] = {}
        self._crowds: dict[int, Field] = {}
        self._circles: dict[str, tuple[str, ...]] = {}
        self._fields: dict[tuple[str, frozenset[str]], Field] = {}
        self._cheapest: dict[str, int] = {}
        self._hosting: dict[str, Mask] = {}

    # Facts about one session.

    def allowed(self, session: str) -> Mask:
        """Where no unary rule bars the session."""
        if session not in self._allowed:
            mask = np.ones(self.shape, dtype=bool)
            conference = self.problem.conference
            one = conference.session[session]
            rules = [rule for rule in RULES if isinstance(rule, UnaryRule)]
            for number, room in enumerate(self.rooms):
                for rule in rules:
                    for first, last in rule.barred(conference, one, room):
                        mask[number, bisect_left(self._start_list, first) : bisect_left(self._start_list, last)] = False
            self._allowed[session] = mask
        return self._allowed[session]

    def prices(self, session: str) -> Counts:
        """What it costs to move the session to each place, in minutes."""
        if session not in self._prices:
            origin = self.problem.origins.get(session)
            price = np.zeros(self.shape, dtype=np.int32)
            price += ROOM_CHANGE_PRICE
            track = self.problem.conference.session[session].track
            if track is not None:
                price += FOREIGN_ROOM_PRICE * ~self._hosts(track)
            if origin is not None:
                price[self.room_number[origin.room]] = 0
                price += np.abs(self.starts - origin.start).astype(np.int32)
            self._prices[session] = price
        return self._prices[session]

    def _hosts(self, track: str) -> Mask:
        if track not in self._hosting:
            mask = np.zeros(self.shape, dtype=bool)
            for room, day in self.problem.hosted(track):
                if day is not None:
                    first, last = (bisect_left(self._start_list, time) for time in (day.hours.start, day.hours.end))
                    mask[self.room_number[room], first:last] = True
            self._hosting[track] = mask
        return self._hosting[track]

    def cheapest(self, session: str) -> int:
        """A lower bound of the price of moving the session anywhere."""
        if session not in self._cheapest:
            allowed = self.field(session, frozenset((session,))).allowed
            self._cheapest[session] = int(self.prices(session)[allowed].min(initial=2**30))
        return self._cheapest[session]

    def circle(self, session: str) -> tuple[str, ...]:
        """The sessions that a pair rule sets against this one, placed or not."""
        if session not in self._circles:
            one = self.problem.conference.session[session]
            found = {
                other
                for rule in RULES
                if isinstance(rule, PairRule)
                for other in rule.partners(self.problem.conference, one)
            }
            self._circles[session] = tuple(sorted(found))
        return self._circles[session]

    # Two sessions.

    def shadow(self, session: str, other: str, place: Placement) -> list[Slice]:
        """Where the pair rules forbid `session` to be while `other` is at `place`."""
        conference = self.problem.conference
        a, b = conference.session[session], conference.session[other]
        slices = []
        for rule in RULES:
            if isinstance(rule, PairRule):
                for rooms, low, high in rule.windows(conference, a, b, place.room):
                    first = bisect_left(self._start_list, place.start + low + 1)
                    last = bisect_left(self._start_list, place.start + high)
                    if first < last:
                        numbers = range(len(self.rooms)) if rooms is None else (self.room_number[one] for one in rooms)
                        slices += [(number, first, last) for number in numbers]
        return slices

    def footprint(self, session: str, other: str, place: Placement) -> Slice:
        """Where the room rules forbid `session` to be while `other` is at `place`."""
        return self._footprint(self.problem.conference.session[session].minutes, other, place)

    def _footprint(self, minutes: int, other: str, place: Placement) -> Slice:
        number = self.room_number[place.room]
        end = place.start + self.problem.conference.session[other].minutes
        first = bisect_left(self._start_list, place.start - minutes - self.pad[number] + 1)
        return number, first, max(first, bisect_left(self._start_list, end + self.pad[number]))

    def collide(self, a: str, at: Placement, b: str, there: Placement) -> bool:
        """Whether two sessions break a rule together at these places."""
        conference = self.problem.conference
        one, other = conference.session[a], conference.session[b]
        if at.room == there.room:
            pad = self.pad[self.room_number[at.room]]
            if at.start < there.start + other.minutes + pad and there.start < at.start + one.minutes + pad:
                return True
        if b not in self.circle(a):
            return False
        apart = at.start - there.start
        return any(
            low < apart < high and (rooms is None or at.room in rooms)
            for rule in RULES
            if isinstance(rule, PairRule)
            for rooms, low, high in rule.windows(conference, one, other, there.room)
        )

    # Fields.

    def _crowd(self, minutes: int) -> Field:
        """The field of a session of this length that nobody but rooms concerns, with everybody in place."""
        if minutes not in self._crowds:
            rooms, starts = self.shape
            steps = np.zeros((2, rooms, starts + 1), dtype=np.int32)
            for session, placement in self.problem.schedule.items():
                number, first, last = self._footprint(minutes, session, placement)
                layer = steps[int(self._movable[session])]
                layer[number, first] += 1
                layer[number, last] -= 1
            fixed, movable = np.cumsum(steps, axis=2)[:, :, :-1]
            self._crowds[minutes] = Field(fixed == 0, movable)
        return self._crowds[minutes]

    def field(self, session: str, gone: frozenset[str]) -> Field:
        """Where the session may go when the sessions `gone` have left their places.  Not to be written to."""
        key = (session, gone)
        if key not in self._fields:
            self._fields[key] = self._field(session, gone)
        return self._fields[key]

    def _field(self, session: str, gone: frozenset[str]) -> Field:
        schedule = self.problem.schedule
        crowd = self._crowd(self.problem.conference.session[session].minutes)
        allowed, displaced = crowd.allowed & self.allowed(session), crowd.displaced.copy()
        for other in gone:
            if other in schedule:
                number, first, last = self.footprint(session, other, schedule[other])
                displaced[number, first:last] -= 1
        for other in self.circle(session):
            if other in gone or other not in schedule:
                continue
            slices = self.shadow(session, other, schedule[other])
            if not self._movable[other]:
                for number, first, last in slices:
                    allowed[number, first:last] = False
            elif slices:
                mask = np.zeros(self.shape, dtype=bool)
                for number, first, last in slices:
                    mask[number, first:last] = True
                number, first, last = self.footprint(session, other, schedule[other])
                mask[number, first:last] = False  # counted by its room already
                displaced += mask
        here = self.problem.origins.get(session)
        if here is not None:
            start = bisect_left(self._start_list, here.start)
            if start < len(self._start_list) and self._start_list[start] == here.start:
                allowed[self.room_number[here.room], start] = False
        return Field(allowed, displaced)

    def cast(self, field: Field, session: str, placed: Mapping[str, Placement]) -> Mask:
        """The field's allowed places that no newly placed session stands against."""
        allowed = field.allowed.copy()
        circle = self.circle(session)
        for other, place in placed.items():
            number, first, last = self.footprint(session, other, place)
            allowed[number, first:last] = False
            if other in circle:
                for number, first, last in self.shadow(session, other, place):
                    allowed[number, first:last] = False
        return allowed

    def pushed_out(self, session: str, place: Placement, gone: Iterable[str]) -> list[str]:
        """The sessions, other than those gone, that must leave for `session` to be at `place`; by id."""
        number = self.room_number[place.room]
        row, pad = self._in_room[number], self.pad[number]
        end = place.start + self.problem.conference.session[session].minutes
        found = set()
        for index in range(bisect_left(row, (place.start - self._longest - pad, "")), len(row)):
            start, other = row[index]
            if start >= end + pad:
                break
            if start + self.problem.conference.session[other].minutes + pad > place.start:
                found.add(other)
        for other in self.circle(session):
            if other in self.problem.schedule and self.collide(session, place, other, self.problem.schedule[other]):
                found.add(other)
        return sorted(found.difference(gone))

    def place(self, cell: int) -> Placement:
        """The place of a flat cell number."""
        room, start = divmod(cell, self.shape[1])
        return Placement(self.rooms[room], self._start_list[start])
