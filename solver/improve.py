"""Making a complete schedule better: a few sessions are taken away, and put back where they cost least.

This is a large neighbourhood search (Shaw, 1998): what is taken away belongs together – a stretch of a room, a track, a
moment of the day, what people or rules tie together –, what comes back may be a little worse at first and less and less
so as the time runs out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from random import Random

import numpy as np

from solver.canvas import Canvas
from solver.conference import Schedule
from solver.countdown import Remaining
from solver.wishes import NOWHERE, Wishes

MOST_AWAY = 8
"""So many sessions are taken away at once."""
WARMTH = 40.0
"""At first, a change for the worse by so many points is taken about every third time."""


class Improving:
    """The search from one complete schedule; the canvas ends with the best that was seen."""

    def __init__(
        self,
        canvas: Canvas,
        wishes: Wishes,
        announced: Schedule,
        rng: Random,
        budget: int | None = None,
    ) -> None:
        """With a `budget`, no more than so many sessions are elsewhere than announced."""
        self._canvas = canvas
        self._wishes = wishes
        self._rng = rng
        self._budget = budget
        self._home = {
            canvas.number[session]: (canvas.room_number[place.room], place.start)
            for session, place in announced.items()
        }
        column = {start: number for number, start in enumerate(canvas.start_list)}
        self._column = column
        self._movable = [one for one, (_, start) in canvas.at.items() if one not in canvas.fixed and start in column]
        self._tracks: dict[str, list[int]] = {}
        for one in self._movable:
            track = canvas.conference.sessions[one].track
            if track is not None:
                self._tracks.setdefault(track, []).append(one)
        self._moved = sum(canvas.at.get(one) != place for one, place in self._home.items())

    def run(self, remaining: Remaining, note: Callable[[int], None]) -> int:
        """Search until no time remains; by how many points the schedule is better than at the start.

        `note` hears of the best gain so far whenever it grows; the canvas holds that schedule then.
        """
        gain = best_gain = 0
        best = dict(self._canvas.at)
        whole = max(remaining(), 1e-9)
        while self._movable and (left := remaining()) > 0:
            warmth = WARMTH * min(left / whole, 1.0)
            won = self._try(warmth)
            gain += won
            if gain > best_gain:
                best_gain, best = gain, dict(self._canvas.at)
                note(best_gain)
        self._canvas.load(best)
        return best_gain

    def _try(self, warmth: float) -> int:
        """Take some away and put them back; the points that were won (or, if negative, given)."""
        canvas, rng = self._canvas, self._rng
        away = self._related(rng.choice(self._movable))
        rng.shuffle(away)
        before = {session: canvas.at[session] for session in away}
        won = sum(self._take(session) for session in away)
        for session in sorted(away, key=lambda one: -canvas.minutes[one] * rng.uniform(0.5, 1.5)):
            cost = self._put(session, before[session])
            if cost is None:
                break
            won -= cost
        else:
            moved = self._moved + sum(self._strays(one, canvas.at[one]) for one in away)
            moved -= sum(self._strays(one, place) for one, place in before.items())
            cheap_enough = won >= 0 or (warmth > 0 and rng.random() < exp(won / warmth))
            within = self._budget is None or moved <= max(self._budget, self._moved)
            if cheap_enough and within:
                self._moved = moved
                return won
        for session in away:
            if session in canvas.at:
                canvas.remove(session)
        for session, place in before.items():
            canvas.place(session, *place)
        return 0

    def _strays(self, session: int, place: tuple[int, int]) -> bool:
        return session in self._home and self._home[session] != place

    def _related(self, session: int) -> list[int]:
        """The session and a few that belong to it in one way or another."""
        canvas, rng = self._canvas, self._rng
        room, start = canvas.at[session]
        kind = rng.randrange(5)
        if kind == 0:
            pool = [one for one in canvas.in_room[room] if abs(canvas.in_room[room][one] - start) <= 180]
        elif kind == 1:
            pool = self._tracks.get(canvas.conference.sessions[session].track or "", [])
        elif kind == 2:
            pool = [one for one in rng.sample(self._movable, min(200, len(self._movable))) if self._near(one, start)]
        elif kind == 3:
            pool = [one for one in canvas.circles[session] if one in canvas.at]
        else:
            pool = rng.sample(self._movable, min(MOST_AWAY, len(self._movable)))
        found = [
            one for one in pool if one != session and one not in canvas.fixed and canvas.at[one][1] in self._column
        ]
        return [session, *rng.sample(found, min(len(found), rng.randrange(MOST_AWAY)))]

    def _near(self, session: int, start: int) -> bool:
        return abs(self._canvas.at[session][1] - start) <= 30

    def _take(self, session: int) -> int:
        """Take the session away; how many points that saves."""
        room, start = self._canvas.remove(session)
        return int(self._wishes.field(session)[room, self._column[start]])

    def _put(self, session: int, before: tuple[int, int]) -> int | None:
        """Put the session where it costs least, now and then second best; its points, or None where it has no place."""
        canvas = self._canvas
        free = canvas.field(session) == 0
        if not free.any():
            return None
        costs = np.where(free, self._wishes.field(session), NOWHERE).ravel()
        if self._rng.random() < 0.1:
            # Not where it came from, if there is anything else.
            here = before[0] * canvas.shape[1] + self._column[before[1]]
            shunned, costs[here] = int(costs[here]), NOWHERE
            if costs.min() >= NOWHERE:
                costs[here] = shunned
        flat = int(costs.argmin())
        room, column = canvas.cell(flat)
        canvas.place(session, room, canvas.start_list[column])
        return int(costs[flat])
