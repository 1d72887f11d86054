"""How many of a group of sessions would overlap with one more of them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from solver.canvas import Canvas
from solver.preferences.preference import Costs


class Together:
    """A group of sessions on a canvas."""

    def __init__(self, canvas: Canvas, members: Collection[int]) -> None:
        self._canvas = canvas
        self.members = frozenset(members)

    def field(self, session: int) -> Costs | int:
        """By start: how many of the others, where they are placed, the session would overlap."""
        canvas = self._canvas
        spans = [
            (canvas.at[one][1], canvas.at[one][1] + canvas.minutes[one])
            for one in self.members
            if one in canvas.at and one != session
        ]
        if not spans:
            return 0
        begins, ends = np.sort(np.array(spans, dtype=np.int64), axis=0).T
        begun = np.searchsorted(begins, canvas.starts + canvas.minutes[session], side="left")
        over = np.searchsorted(ends, canvas.starts, side="right")
        line: Costs = begun - over
        return line
