"""Rooms are used well: without idle stretches, and all alike."""

from __future__ import annotations

import numpy as np

from solver.canvas import Canvas
from solver.conference import Conference, Room, Schedule
from solver.intervals import without
from solver.preferences.preference import Costs, Preference, day_number, placed


class CompactDays(Preference):
    """Idle minutes between sessions."""

    name = "compact_days"
    weight = 1
    says = "a minute that a room stands idle between its first and its last session of a day"

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for _, placement, end in placed(conference, schedule):
            day = day_number(conference, placement.start)
            spans.setdefault((placement.room, day), []).append((placement.start, end))
        total = 0
        for row in spans.values():
            booked = sum(end - start for start, end in row)
            total += max(end for _, end in row) - min(start for start, _ in row) - booked
        return total

    def sense(self, canvas: Canvas, announced: Schedule) -> _Idle:
        return _Idle(canvas)


class _Idle:
    """Keeps when each room begins and ends on each day; a room is looked at again when something changed in it."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._seen = [-1] * len(canvas.rooms)
        self._ends = np.array(sorted(day.hours.end for day in canvas.conference.days), dtype=np.int64)
        days = len(self._ends) + 1
        self._first = np.full((len(canvas.rooms), days), 2**40, dtype=np.int64)
        self._last = np.full((len(canvas.rooms), days), -(2**40), dtype=np.int64)

    def _look(self) -> None:
        canvas = self._canvas
        for room, changes in enumerate(canvas.changes):
            if changes != self._seen[room]:
                self._seen[room] = changes
                self._first[room], self._last[room] = 2**40, -(2**40)
                for session, start in canvas.in_room[room].items():
                    day = np.searchsorted(self._ends, start, side="right")
                    self._first[room, day] = min(self._first[room, day], start)
                    self._last[room, day] = max(self._last[room, day], start + canvas.minutes[session])

    def field(self, session: int) -> Costs | int:
        self._look()
        canvas, minutes = self._canvas, self._canvas.minutes[session]
        first, last = self._first[:, canvas.day_of], self._last[:, canvas.day_of]
        more = np.maximum(canvas.starts + minutes - last, 0) + np.maximum(first - canvas.starts, 0) - minutes
        costs: Costs = np.where(last < 0, 0, more)
        return costs


class EvenRooms(Preference):
    """Booked minutes beyond a room's share."""

    name = "even_rooms"
    weight = 1
    says = "a minute that a room is booked beyond its share of all sessions"

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        share = shares(conference)
        booked = dict.fromkeys(conference.room, 0)
        for session, placement, _ in placed(conference, schedule):
            booked[placement.room] += session.minutes
        return sum(max(minutes - share[room], 0) for room, minutes in booked.items())

    def sense(self, canvas: Canvas, announced: Schedule) -> _Booked:
        return _Booked(canvas)


def shares(conference: Conference) -> dict[str, int]:
    """Room → the minutes it would have if all sessions were spread over the open minutes of all rooms, rounded up."""
    open_of = {room.id: open_minutes(conference, room) for room in conference.rooms}
    total, everywhere = sum(one.minutes for one in conference.sessions), max(sum(open_of.values()), 1)
    return {room: -(-total * minutes // everywhere) for room, minutes in open_of.items()}


def open_minutes(conference: Conference, room: Room) -> int:
    """The minutes of all days' hours at which the room is not closed."""
    return sum(part.end - part.start for day in conference.days for part in without((day.hours,), room.closed))


class _Booked:
    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        share = shares(canvas.conference)
        self._share = np.array([share[room] for room in canvas.rooms], dtype=np.int64)
        self._booked = np.zeros(len(canvas.rooms), dtype=np.int64)
        self._seen = [-1] * len(canvas.rooms)

    def field(self, session: int) -> Costs | int:
        canvas = self._canvas
        for room, changes in enumerate(canvas.changes):
            if changes != self._seen[room]:
                self._seen[room] = changes
                self._booked[room] = sum(canvas.minutes[one] for one in canvas.in_room[room])
        over = self._booked - self._share
        column: Costs = (np.maximum(over + canvas.minutes[session], 0) - np.maximum(over, 0))[:, None]
        return column
