"""Placing everything: the hardest first where they fit, then the rest by pushing others out.

The second half is a guided ejection search (after Nagata and Bräysy, 2009): a session that finds no free cell takes the
one whose occupants have been the least trouble so far, and these queue up in turn.  Whoever could not be placed without
pushing gains weight, so that no two sessions push each other out for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

import numpy as np

from solver.canvas import FIXED, Canvas
from solver.countdown import Remaining

ASTRAY = 0.05
"""How often a session goes just anywhere."""
SLICE = 64
"""So many insertions lie between two looks at the clock."""


def fill(
    canvas: Canvas,
    sessions: Iterable[int],
    rng: Random,
    remaining: Remaining,
    note: Callable[[int], None] = lambda unplaced: None,
) -> list[int]:
    """Place the sessions; those that are still unplaced when the time has run out.

    The canvas ends with the most sessions placed that were placed at once; `note` hears of each such step.
    """
    queue = greedy(canvas, sessions)
    note(len(queue))
    if not queue:
        return []
    return _Ejection(canvas, queue, rng).run(remaining, note)


def greedy(canvas: Canvas, sessions: Iterable[int]) -> list[int]:
    """Place each session in the first free cell of the least useful room, the hardest first; those left over."""
    circles = canvas.circles

    def ease(session: int) -> tuple[float, int, int]:
        cells = int(canvas.allowed(session).sum())
        return cells / canvas.minutes[session], -len(circles[session]), session

    left = []
    for session in sorted(sessions, key=ease):
        free = canvas.field(session).ravel() == 0
        flat = int(free.argmax()) if free.size else 0
        if free.size and free[flat]:
            room, start = canvas.cell(flat)
            canvas.place(session, room, canvas.start_list[start])
        else:
            left.append(session)
    return left


class _Ejection:
    """The search, and the best that it has seen."""

    def __init__(self, canvas: Canvas, queue: list[int], rng: Random) -> None:
        self.canvas = canvas
        self.queue = queue
        self.rng = rng
        self.trouble = dict.fromkeys(range(len(canvas.names)), 1)
        for session in queue:
            self._reweigh(session)
        places = dict(canvas.at)
        for session in places.keys() - canvas.fixed:
            where = canvas.remove(session)
            self._reweigh(session)
            canvas.place(session, *where)

    def _reweigh(self, session: int) -> None:
        self.canvas.weight[session] = min(self.trouble[session] * (4 + self.canvas.minutes[session] // 5), FIXED // 64)

    def run(self, remaining: Remaining, note: Callable[[int], None]) -> list[int]:
        best, left = dict(self.canvas.at), list(self.queue)
        steps = 0
        while self.queue and (steps % SLICE or remaining() > 0):
            steps += 1
            self._insert(self.queue.pop(self.rng.randrange(len(self.queue))))
            if len(self.queue) < len(left):
                best, left = dict(self.canvas.at), list(self.queue)
                note(len(left))
        self.canvas.load(best)
        return left

    def _insert(self, session: int) -> None:
        canvas = self.canvas
        field = canvas.field(session).ravel()
        least = int(field.min()) if field.size else FIXED
        if least >= FIXED:
            self.queue.append(session)
            return
        # Two sessions that leave each other no place anywhere else would take turns for ever.
        astray = least and self.rng.random() < ASTRAY
        choices = np.flatnonzero(field < FIXED if astray else field == least)
        room, start = canvas.cell(int(choices[self.rng.randrange(len(choices))]))
        minute = canvas.start_list[start]
        if least:
            self.trouble[session] += 1
            self._reweigh(session)
            for other in canvas.in_the_way(session, room, minute):
                canvas.remove(other)
                self.queue.append(other)
        canvas.place(session, room, minute)
