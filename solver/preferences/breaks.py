"""A break is kept: while most rooms are closed, nothing runs in the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from solver.canvas import Canvas
from solver.conference import Conference, Interval, Schedule
from solver.intervals import union
from solver.preferences.preference import Costs, Preference, placed


class Breaks(Preference):
    """Sessions during breaks."""

    name = "breaks"
    weight = 120
    says = "a session that runs into a break, while more than half of the rooms are closed"
    alone = True

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        pauses = breaks(conference)
        return sum(
            any(pause.overlaps(placement.start, end) for pause in pauses)
            for _, placement, end in placed(conference, schedule)
        )

    def sense(self, canvas: Canvas, announced: Schedule) -> _Sense:
        return _Sense(canvas)


def breaks(conference: Conference) -> list[Interval]:
    """The stretches of opening hours at which more than half of the rooms are closed, and not all day long."""
    found = []
    for day in conference.days:
        edges: dict[int, int] = {}
        for room in conference.rooms:
            for closed in union(room.closed):
                start, end = max(closed.start, day.hours.start), min(closed.end, day.hours.end)
                if start < end and (start, end) != (day.hours.start, day.hours.end):
                    edges[start] = edges.get(start, 0) + 1
                    edges[end] = edges.get(end, 0) - 1
        shut, begun = 0, None
        for minute in sorted(edges):
            shut += edges[minute]
            if 2 * shut > len(conference.rooms):
                begun = minute if begun is None else begun
            elif begun is not None:
                found.append(Interval(begun, minute))
                begun = None
    return found


class _Sense:
    def __init__(self, canvas: Canvas) -> None:
        self._lines: dict[int, Costs] = {}
        starts = canvas.start_list
        self._minutes = canvas.minutes
        pauses = breaks(canvas.conference)
        for minutes in canvas.lengths if pauses else ():
            line = np.zeros(len(starts), dtype=np.int64)
            for pause in pauses:
                line[bisect_right(starts, pause.start - minutes) : bisect_left(starts, pause.end)] = 1
            self._lines[minutes] = line

    def field(self, session: int) -> Costs | int:
        return self._lines.get(self._minutes[session], 0)
