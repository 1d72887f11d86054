"""Placing everything, then making it better: the engine of batch jobs.

A plan keeps every rule, leaves as few sessions unplaced as it can, and then costs as few points as it can by what
people would like (`solver.preferences`).  It is best so far, not proved best: `bound` says how far off it is at most.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from typing import Literal

import numpy as np

from solver import check
from solver.canvas import FIXED, Canvas
from solver.conference import Conference, Placement, Schedule
from solver.construct import fill
from solver.countdown import Remaining
from solver.improve import Improving
from solver.preferences import PREFERENCES, Preference
from solver.preferences.rooms import open_minutes
from solver.rules import Violation
from solver.wishes import Wishes, costs

Status = Literal["complete", "partial", "infeasible"]

PROGRESS_SECONDS = 0.2
"""Progress is told at most so often, and whenever fewer sessions are unplaced."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The best plan so far."""

    seconds: float
    """Since the plan began."""
    placed: int
    unplaced: int
    moved: int
    """Sessions that are elsewhere than in the schedule that was given; those that had no place count too."""
    objective: int
    """Points; fewer are better.  To be compared only where as many are placed."""
    bound: int
    """No complete plan costs fewer points."""
    schedule: Schedule = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer: the schedule, what it costs, and what is known about better ones."""

    status: Status
    schedule: Schedule = field(repr=False)
    unplaced: tuple[str, ...]
    moved: int
    objective: int
    bound: int
    costs: Mapping[str, int]
    """Points by preference."""
    violations: tuple[Violation, ...]
    """By the plain checker; there are none but those among sessions that may not move."""
    reasons: tuple[str, ...]
    """When infeasible: why."""
    seconds: float
    first_complete: float | None = None
    """Seconds until everything was placed for the first time."""


def plan(
    conference: Conference,
    schedule: Schedule,
    *,
    from_scratch: bool = False,
    held: Collection[str] = (),
    start: Schedule | None = None,
    budget: int | None = None,
    weights: Mapping[str, int] | None = None,
    preferences: Sequence[Preference] = PREFERENCES,
    seed: int = 0,
    remaining: Remaining,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Place every session, then improve the schedule, until `remaining` says that no seconds are left.

    Pinned sessions that are placed, and those `held`, stay where they are; what is held may break rules with its like.
    With `from_scratch`, the others are placed anew, and where they were counts for nothing; otherwise those that break
    no rule stay unless moving them is worth it.
    `start` is a plan of an earlier run to go on from.  With a `budget`, improving leaves no more than so many sessions
    elsewhere than they were.  `preferences` may be others than the usual ones.  Raises `FactError` for a schedule that
    does not fit the conference.
    """
    conference.check_schedule(schedule)
    return _Planning(
        conference,
        schedule,
        from_scratch=from_scratch,
        held=frozenset(held),
        budget=budget,
        weights=weights,
        preferences=preferences,
        seed=seed,
        remaining=remaining,
        progress=progress,
    ).run(start)


class _Planning:
    """One call of `plan`."""

    def __init__(
        self,
        conference: Conference,
        schedule: Schedule,
        *,
        from_scratch: bool,
        held: frozenset[str],
        budget: int | None,
        weights: Mapping[str, int] | None,
        preferences: Sequence[Preference],
        seed: int,
        remaining: Remaining,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.began = perf_counter()
        self.conference = conference
        self.before = schedule
        self.from_scratch = from_scratch
        self.held = held
        self.announced: Schedule = {} if from_scratch else schedule
        self.budget = budget
        self.weights = weights
        self.preferences = preferences
        self.rng = Random(seed)
        self.remaining = remaining
        self.progress = progress
        self.fixed = {
            session: place
            for session, place in schedule.items()
            if conference.session[session].pinned or session in held
        }
        self.canvas = Canvas(conference, self.fixed)
        self.wishes = Wishes(self.canvas, self.announced, weights, preferences)
        self.bound = 0
        self.objective = 0
        self.first_complete: float | None = None
        self._told = -1.0
        self._told_unplaced = len(conference.sessions) + 1

    def run(self, start: Schedule | None) -> Plan:
        reasons = self._why_not()
        if reasons:
            return self._plan("infeasible", reasons)
        canvas = self.canvas
        self._keep({} if self.from_scratch else self.before)
        self._keep(start or {})
        if not self._sessions_left() and self.progress is not None:
            self._note_placed(0)
        fill(canvas, self._sessions_left(), self.rng, self.remaining, self._note_placed)
        self.bound = self.wishes.floor()
        self.objective = self._count()
        self._tell(force=True)
        if not self._sessions_left():
            self._improve()
        return self._plan("partial" if self._sessions_left() else "complete", ())

    # Whether it can be done at all.

    def _why_not(self) -> tuple[str, ...]:
        """Facts that leave no complete plan, each in a sentence; empty where none of the simple ones does."""
        pinned = {one: place for one, place in self.fixed.items() if one not in self.held}
        broken = [one.message for one in check.violations(self.conference, pinned)]
        if broken:
            return tuple(f"Pinned sessions break a rule: {message}." for message in broken[:5])
        nowhere = [
            session.label
            for number, session in enumerate(self.conference.sessions)
            if session.id not in self.fixed and not (self.canvas.field(number) < FIXED).any()
        ]
        if nowhere:
            return tuple(f"No room and time is left for {label}." for label in nowhere[:5])
        return self._too_full()

    def _too_full(self) -> tuple[str, ...]:
        """Rooms that are open for fewer minutes than the sessions last that fit nowhere else."""
        canvas = self.canvas
        minutes = np.array([open_minutes(self.conference, self.conference.room[room]) for room in canvas.rooms])
        uses = np.array([canvas.allowed(session).any(axis=1) for session in range(len(canvas.names))], dtype=bool)
        for session, place in canvas.at.items():
            uses[session] = np.arange(len(canvas.rooms)) == place[0]
        lasts = np.array(canvas.minutes, dtype=np.int64)
        for rooms in np.unique(uses, axis=0):
            needed, there = int(lasts[~(uses & ~rooms).any(axis=1)].sum()), int(minutes[rooms].sum())
            if needed > there:
                names = [self.conference.room[canvas.rooms[one]].label for one in np.flatnonzero(rooms)]
                said = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
                return (f"Sessions that fit nowhere else need {needed} minutes, but {said} are open for {there}.",)
        return ()

    # The stages.

    def _keep(self, schedule: Schedule) -> None:
        """Put sessions where the schedule has them, as far as they break no rule there."""
        canvas = self.canvas
        for session, place in schedule.items():
            number, room = canvas.number[session], canvas.room_number[place.room]
            if session in self.fixed:
                continue
            if number in canvas.at:
                canvas.remove(number)
            if self._may_be(session, place) and not canvas.in_the_way(number, room, place.start):
                canvas.place(number, room, place.start)

    def _may_be(self, session: str, place: Placement) -> bool:
        """Whether no fact bars the session there; also off the grid."""
        return not check.around(self.conference, {session: place}, [session], ())

    def _sessions_left(self) -> list[int]:
        return [one for one in range(len(self.canvas.names)) if one not in self.canvas.at]

    def _improve(self) -> None:
        reached = self.objective

        def note(gain: int) -> None:
            self.objective = reached - gain
            self._tell()

        search = Improving(self.canvas, self.wishes, self.before, self.rng, self.budget)
        # Nothing is better than what costs as little as the bound.
        gain = search.run(lambda: self.remaining() if self.objective > self.bound else 0.0, note)
        self.objective = reached - gain

    # What is told.

    def _note_placed(self, unplaced: int) -> None:
        if not unplaced and self.first_complete is None:
            self.first_complete = perf_counter() - self.began
        self._tell()

    def _tell(self, *, force: bool = False) -> None:
        if self.progress is None:
            return
        unplaced = len(self.canvas.names) - len(self.canvas.at)
        now = perf_counter() - self.began
        if force or now - self._told >= PROGRESS_SECONDS:
            self._told = now
            schedule = self.canvas.schedule()
            objective = self.objective or self._count()
            placed = len(schedule)
            self.progress(Progress(now, placed, unplaced, self._moved(schedule), objective, self.bound, schedule))

    def _count(self) -> int:
        return sum(self._costs(self.canvas.schedule()).values())

    def _costs(self, schedule: Schedule) -> dict[str, int]:
        return costs(self.conference, schedule, self.announced, self.weights, self.preferences)

    def _moved(self, schedule: Schedule) -> int:
        return sum(self.before.get(session) != place for session, place in schedule.items())

    def _plan(self, status: Status, reasons: tuple[str, ...]) -> Plan:
        schedule = self.canvas.schedule()
        if status == "infeasible":
            schedule = dict(self.before)
        found = tuple(check.violations(self.conference, schedule))
        if status != "infeasible":
            for one in found:
                if not self.fixed.keys() >= set(one.sessions):
                    raise AssertionError(f"the plan breaks {one.rule}: {one.message}")
        points = self._costs(schedule)
        objective = sum(points.values())
        if status == "complete" and objective != self.objective:
            raise AssertionError(f"the plan costs {objective} points, not {self.objective} as the search counted")
        return Plan(
            status=status,
            schedule=schedule,
            unplaced=tuple(one for one in self.canvas.names if one not in schedule),
            moved=self._moved(schedule),
            objective=objective,
            bound=self.bound,
            costs=points,
            violations=found,
            reasons=reasons,
            seconds=perf_counter() - self.began,
            first_complete=self.first_complete,
        )
