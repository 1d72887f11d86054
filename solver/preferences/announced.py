"""What people have been told stays true: each session that is moved costs."""

from __future__ import annotations

import numpy as np

from solver.canvas import Canvas
from solver.conference import Conference, Schedule
from solver.preferences.preference import Costs, Preference


class Announced(Preference):
    """Sessions elsewhere than announced."""

    name = "announced"
    weight = 30
    says = "a session that is not where it was announced"
    alone = True

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        return sum(schedule[one] != place for one, place in announced.items() if one in schedule)

    def sense(self, canvas: Canvas, announced: Schedule) -> _Sense:
        return _Sense(canvas, announced)


class _Sense:
    def __init__(self, canvas: Canvas, announced: Schedule) -> None:
        self._canvas = canvas
        self._announced = announced

    def field(self, session: int) -> Costs | int:
        place = self._announced.get(self._canvas.names[session])
        if place is None:
            return 0
        costs = np.ones(self._canvas.shape, dtype=np.int64)
        costs[self._canvas.room_number[place.room], self._canvas.starts == place.start] = 0
        return costs
