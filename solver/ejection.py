"""A repair at any price, where none is in hand: everybody may move, and most stay.

Very full conferences leave short chains no way to end, though there is a repair.  So those that are broken are taken
out and put back by the guided ejection search that makes plans (`solver.construct`), which may push out anybody, time
and again.  It proves nothing; what it finds is made smaller by others.
"""

from __future__ import annotations

from random import Random

from solver.canvas import Canvas
from solver.construct import fill
from solver.countdown import Remaining, countdown
from solver.problem import Places, Problem
from solver.rules import RULES

TRIES = 8
SHARE = 0.5
"""The part of the time after which no further try begins, once there is a repair."""


def anything(problem: Problem, remaining: Remaining) -> Places | None:
    """The smallest repair of several tries; None where none was found.

    Not asked where old violations may stay, which may keep a session off every canvas, or with rules of the organisers'
    own, of which a canvas knows nothing.
    """
    if problem.lenient or RULES.own:
        return None
    best: Places | None = None
    until = countdown(remaining() * SHARE)
    for seed in range(TRIES):
        if (remaining if best is None else until)() <= 0:
            break
        found = _try(problem, Random(seed), remaining)
        if found is not None and (best is None or len(found) < len(best)):
            best = found
    return best


def _try(problem: Problem, rng: Random, remaining: Remaining) -> Places | None:
    broken = {one for violation in problem.broken for one in violation.sessions if problem.movable(one)}
    fixed = {one: place for one, place in problem.schedule.items() if not problem.movable(one)}
    canvas = Canvas(problem.conference, fixed)
    for one, place in problem.schedule.items():
        if one not in fixed and one not in broken:
            canvas.place(canvas.number[one], canvas.room_number[place.room], place.start)
    queue = [canvas.number[one] for one in sorted({*broken, *problem.homeless})]
    if fill(canvas, queue, rng, remaining):
        return None
    return {one: place for one, place in canvas.schedule().items() if problem.schedule.get(one) != place}
