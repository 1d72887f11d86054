"""What people would like of a schedule, weighed: the objective of a plan, and what a session adds to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from solver.canvas import Canvas, Grid
from solver.conference import Conference, Schedule
from solver.preferences import PREFERENCES, Preference, Sense, weights

NOWHERE = 2**40
"""Stands for the cost of a cell that cannot be taken."""


def costs(
    conference: Conference,
    schedule: Schedule,
    announced: Schedule,
    weighed: Mapping[str, int] | None = None,
    preferences: Sequence[Preference] = PREFERENCES,
) -> dict[str, int]:
    """Points by preference, counted plainly over the whole schedule."""
    points = weights(weighed, preferences)
    return {
        one.name: points[one.name] * one.cost(conference, schedule, announced) if points[one.name] else 0
        for one in preferences
    }


class Wishes:
    """The preferences at work on one canvas."""

    def __init__(
        self,
        canvas: Canvas,
        announced: Schedule,
        weighed: Mapping[str, int] | None = None,
        preferences: Sequence[Preference] = PREFERENCES,
    ) -> None:
        self._canvas = canvas
        points = weights(weighed, preferences)
        wanted = [one for one in preferences if points[one.name]]
        self._alone = [(points[one.name], one.sense(canvas, announced)) for one in wanted if one.alone]
        self._together = [(points[one.name], one.sense(canvas, announced)) for one in wanted if not one.alone]
        self._own: dict[int, Grid] = {}

    def own(self, session: int) -> Grid:
        """What the session costs in each cell, whoever else is where.  Not to be written to."""
        if session not in self._own:
            self._own[session] = self._sum(self._alone, session, np.zeros(self._canvas.shape, dtype=np.int64))
        return self._own[session]

    def field(self, session: int) -> Grid:
        """How much more everything costs with the session, which is not placed, in each cell."""
        return self._sum(self._together, session, self.own(session).copy())

    @staticmethod
    def _sum(senses: list[tuple[int, Sense]], session: int, total: Grid) -> Grid:
        for points, sense in senses:
            total += points * sense.field(session)
        return total

    def floor(self) -> int:
        """No complete schedule costs less: each session by itself in its best cell."""
        total = 0
        for session in range(len(self._canvas.names)):
            own = self.own(session)
            place = self._canvas.at.get(session)
            if session in self._canvas.fixed and place is not None:
                column = np.flatnonzero(self._canvas.starts == place[1])
                total += int(own[place[0], column[0]]) if len(column) else 0
            elif self._canvas.allowed(session).any():
                total += int(own[self._canvas.allowed(session)].min())
        return total
