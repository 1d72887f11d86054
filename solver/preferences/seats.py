"""A room should be as large as its audience: neither half empty nor bursting."""

from __future__ import annotations

import numpy as np

from solver.canvas import Canvas
from solver.conference import Conference, Schedule
from solver.preferences.preference import Costs, Preference, placed

CROWDED = 20
"""What a room costs that is filled to the last twentieth."""


class Seats(Preference):
    """Audience against capacity."""

    name = "seats"
    weight = 1
    says = f"one in a hundred seats that stay empty; {CROWDED} for a room that is all but full"
    alone = True

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        total = 0
        for session, placement, _ in placed(conference, schedule):
            capacity = conference.room[placement.room].capacity
            if session.audience is not None and capacity and capacity >= session.audience:
                total += 100 * (capacity - session.audience) // capacity
                if session.audience * 20 > capacity * 19:
                    total += CROWDED
        return total

    def sense(self, canvas: Canvas, announced: Schedule) -> _Sense:
        return _Sense(canvas)


class _Sense:
    def __init__(self, canvas: Canvas) -> None:
        rooms = [canvas.conference.room[room].capacity or 0 for room in canvas.rooms]
        self._capacity = np.array(rooms, dtype=np.int64)
        self._audience = [session.audience for session in canvas.conference.sessions]

    def field(self, session: int) -> Costs | int:
        audience = self._audience[session]
        if audience is None:
            return 0
        seats = np.maximum(self._capacity, 1)
        costs = 100 * (seats - audience) // seats + np.where(audience * 20 > seats * 19, CROWDED, 0)
        column: Costs = np.where((self._capacity > 0) & (self._capacity >= audience), costs, 0)[:, None]
        return column
