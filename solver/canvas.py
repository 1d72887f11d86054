"""A schedule in the making, as arrays: where a session may still go, and whom it would push out there.

For every length of a session there is a grid of rooms × starts that holds, in each cell, the sum of the weights of
those who stand in its way; it is patched by slices as sessions come and go, so nothing is ever built anew.  Rooms are
numbered by how few sessions can use them: the first free cell is in the room that is least use to others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from solver.conference import Conference, Placement, Schedule
from solver.rules import RULES, PairRule, RoomRule, UnaryRule
from solver.rules.rule import FOREVER

Grid = NDArray[np.int32]
"""A number for each cell, of shape (rooms, starts)."""
Cell = tuple[int, int]
"""The number of a room and that of a start."""
Span = tuple[NDArray[np.int64] | None, int, int]
"""Rooms by number (None: all), first and last (exclusive) number of a start."""

FIXED = 2**20
"""The weight of what may not be pushed out; sums of other weights stay below."""
BARRED = 2**26
"""Stands in cells that a fact bars."""


class Canvas:
    """Who is placed where.  Sessions are numbered as the conference lists them."""

    def __init__(self, conference: Conference, fixed: Schedule) -> None:
        self.conference = conference
        self.names = [session.id for session in conference.sessions]
        self.number = {name: number for number, name in enumerate(self.names)}
        self.minutes = [session.minutes for session in conference.sessions]
        self.lengths = sorted(set(self.minutes))
        self._length = [self.lengths.index(minutes) for minutes in self.minutes]
        days = sorted(conference.days, key=lambda day: day.hours.start)
        hours = [conference.clock.starts(day.hours.start, day.hours.end) for day in days]
        self.starts = np.unique(np.array([start for row in hours for start in row], dtype=np.int64))
        self.start_list: list[int] = self.starts.tolist()
        ends = np.array([day.hours.end for day in days], dtype=np.int64)
        self.day_of = np.searchsorted(ends, self.starts, side="right")
        """The number of each start's day."""
        self._number_rooms()
        self.at: dict[int, tuple[int, int]] = {}
        """Session → its room's number, and its start in minutes."""
        self.in_room: list[dict[int, int]] = [{} for _ in self.rooms]
        """By room: session → its start in minutes."""
        self.changes = [0] * len(self.rooms)
        """By room: how often somebody has come or gone."""
        self.weight = [1] * len(self.names)
        """What it costs to push a session out."""
        self._crowds = np.zeros((len(self.lengths), *self.shape), dtype=np.int32)
        self._windows: dict[tuple[int, int, Hashable], list[tuple[NDArray[np.int64] | None, int, int]]] = {}
        self.fixed = frozenset(self.number[session] for session in fixed)
        for session, placement in fixed.items():
            self.weight[self.number[session]] = FIXED
            self.place(self.number[session], self.room_number[placement.room], placement.start)

    @property
    def shape(self) -> Cell:
        return len(self.rooms), len(self.start_list)

    # Facts about one session.

    def _number_rooms(self) -> None:
        """Number the rooms, and find the cells that facts leave each kind of session."""
        rooms = [room.id for room in self.conference.rooms]
        masks: dict[Hashable, NDArray[np.bool_]] = {}
        rows: dict[bytes, int] = {}
        kinds: list[NDArray[np.bool_]] = []
        self.kind_of = []
        for session in self.conference.sessions:
            mask = np.ones((len(rooms), len(self.start_list)), dtype=bool)
            for rule in RULES:
                if isinstance(rule, UnaryRule) and rule.name not in self.conference.waived:
                    looks_at = rule.depends_on(self.conference, session)
                    key = (rule.name, session.id) if looks_at is None else (rule.name, *looks_at)
                    if key not in masks:
                        masks[key] = self._unbarred(rule, session.id, rooms)
                    mask &= masks[key]
            row = rows.setdefault(mask.tobytes(), len(rows))
            if row == len(kinds):
                kinds.append(mask)
            self.kind_of.append(row)
        self.kinds = np.array(kinds, dtype=bool).reshape(len(kinds), len(rooms), len(self.start_list))
        useful = np.zeros(len(rooms), dtype=np.int64)
        for row in self.kind_of:
            useful += kinds[row].any(axis=1)
        order = sorted(range(len(rooms)), key=lambda number: (int(useful[number]), rooms[number]))
        self.rooms = [rooms[number] for number in order]
        self.room_number = {room: number for number, room in enumerate(self.rooms)}
        self.kinds = self.kinds[:, order]
        self._barred = np.where(self.kinds, 0, BARRED).astype(np.int32)
        self.pad = [
            max(
                (rule.pad(self.conference.room[room]) for rule in RULES if isinstance(rule, RoomRule)),
                default=-FOREVER,
            )
            for room in self.rooms
        ]

    def _unbarred(self, rule: UnaryRule, session: str, rooms: Iterable[str]) -> NDArray[np.bool_]:
        one = self.conference.session[session]
        mask = np.ones((len(self.conference.rooms), len(self.start_list)), dtype=bool)
        for number, room in enumerate(rooms):
            for first, last in rule.barred(self.conference, one, room):
                mask[number, bisect_left(self.start_list, first) : bisect_left(self.start_list, last)] = False
        return mask

    def allowed(self, session: int) -> NDArray[np.bool_]:
        """The cells that no fact bars."""
        mask: NDArray[np.bool_] = self.kinds[self.kind_of[session]]
        return mask

    @cached_property
    def circles(self) -> list[tuple[int, ...]]:
        """By session: those that a pair rule may set against it."""
        pair_rules = [rule for rule in RULES if isinstance(rule, PairRule)]
        return [
            tuple(
                sorted(
                    {self.number[other] for rule in pair_rules for other in rule.partners(self.conference, session)}
                    - {self.number[session.id]}
                )
            )
            for session in self.conference.sessions
        ]

    def _pair_windows(self, session: int, other: int, room: int) -> list[tuple[NDArray[np.int64] | None, int, int]]:
        """What `session` may not do while `other` is in the room: forbidden iff low < difference of starts < high."""
        key = (session, other, self._room_kinds[room])
        if key not in self._windows:
            a, b = self.conference.sessions[session], self.conference.sessions[other]
            self._windows[key] = [
                (None if rooms is None else np.array(sorted(self.room_number[one] for one in rooms)), low, high)
                for rule in RULES
                if isinstance(rule, PairRule)
                for rooms, low, high in rule.windows(self.conference, a, b, self.rooms[room])
            ]
        return self._windows[key]

    @cached_property
    def _room_kinds(self) -> list[Hashable]:
        """What pair rules look at in each room."""
        return [
            tuple(rule.room_kind(self.conference, room) for rule in RULES if isinstance(rule, PairRule))
            for room in self.rooms
        ]

    # Coming and going.

    def place(self, session: int, room: int, start: int) -> None:
        """Put a session somewhere, whoever stands in its way."""
        self.at[session] = room, start
        self.in_room[room][session] = start
        self.changes[room] += 1
        self._stamp(session, room, start, self.weight[session])

    def remove(self, session: int) -> tuple[int, int]:
        """Take a session away; where it was."""
        room, start = self.at.pop(session)
        del self.in_room[room][session]
        self.changes[room] += 1
        self._stamp(session, room, start, -self.weight[session])
        return room, start

    def _stamp(self, session: int, room: int, start: int, weight: int) -> None:
        starts, pad = self.start_list, self.pad[room]
        last = bisect_left(starts, start + self.minutes[session] + pad)
        earliest = start - pad + 1
        for crowd, minutes in zip(self._crowds, self.lengths, strict=True):
            crowd[room, bisect_left(starts, earliest - minutes) : last] += weight

    # Questions.

    def field(self, session: int) -> Grid:
        """The weight of all that stands in the session's way, cell by cell; `FIXED` or more where it cannot go."""
        found: Grid = self._crowds[self._length[session]] + self._barred[self.kind_of[session]]
        for other in self.circles[session]:
            place = self.at.get(other)
            if place is not None:
                for rooms, first, last in self.shadow(session, other, *place):
                    if rooms is None:
                        found[:, first:last] += self.weight[other]
                    else:
                        found[rooms, first:last] += self.weight[other]
        return found

    def shadow(self, session: int, other: int, room: int, start: int) -> list[Span]:
        """Where pair rules forbid `session` to be while `other` is there."""
        starts = self.start_list
        return [
            (rooms, bisect_right(starts, start + low), bisect_left(starts, start + high))
            for rooms, low, high in self._pair_windows(session, other, room)
        ]

    def in_the_way(self, session: int, room: int, start: int) -> list[int]:
        """Those who must leave for the session to be there."""
        end, pad = start + self.minutes[session], self.pad[room]
        found = [
            other
            for other, begin in self.in_room[room].items()
            if begin < end + pad and start < begin + self.minutes[other] + pad and other != session
        ]
        for other in self.circles[session]:
            if other in self.at and other not in found and self._barred_by(session, room, start, other):
                found.append(other)
        return found

    def _barred_by(self, session: int, room: int, start: int, other: int) -> bool:
        there, begin = self.at[other]
        return any(
            low < start - begin < high and (rooms is None or room in rooms)
            for rooms, low, high in self._pair_windows(session, other, there)
        )

    def cell(self, flat: int) -> Cell:
        """The room's number and the start's of a flat cell number."""
        return divmod(flat, len(self.start_list))

    def schedule(self) -> dict[str, Placement]:
        """What is placed now."""
        return {self.names[session]: Placement(self.rooms[room], start) for session, (room, start) in self.at.items()}

    def load(self, places: Mapping[int, tuple[int, int]]) -> None:
        """Move whoever stands elsewhere to where `places` has them, and take away who is not in it."""
        for session in [one for one, place in self.at.items() if places.get(one) != place]:
            self.remove(session)
        for session, place in places.items():
            if session not in self.at:
                self.place(session, *place)
