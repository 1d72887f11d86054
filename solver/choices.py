"""A table of every place that every session of a model may take, to which the rules are posted.

One row is one (session, room, start).  Rows that *stay* are where a session is now.  A rule says
what it forbids with three verbs (`forbid`, `no_overlap`, `no_overlap_between`); what they mean for a
CP-SAT model is in `solver.cp_sat`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from solver.countdown import OutOfTimeError, Remaining, countdown
from solver.problem import Problem
from solver.rules import RULES
from solver.rules.rule import FOREVER

Rows = NDArray[np.int64]
Times = NDArray[np.int64]
Stretch = tuple[Rows, Times, Times]
"""Rows, and the half-open stretch of time that each of them occupies."""


class Choices:
    """The table, and what the rules have forbidden in it so far.

    `free` sessions may take any room and any start on the grid; every other placed session has its present place only.
    Posting rules takes long in a large conference; it raises `OutOfTimeError` when no time remains.
    """

    def __init__(self, problem: Problem, free: Iterable[str], remaining: Remaining | None = None) -> None:
        self.problem = problem
        self._remaining = remaining or countdown(inf)
        self.conference = problem.conference
        self.rooms = [room.id for room in self.conference.rooms]
        self._room_number = {room: number for number, room in enumerate(self.rooms)}
        self.free = list(dict.fromkeys(free))
        others = problem.schedule.keys() - set(self.free)
        self.sessions = self.free + [one.id for one in self.conference.sessions if one.id in others]
        self._number = {session: number for number, session in enumerate(self.sessions)}
        self._fill()
        self.dead = np.zeros(len(self.start), dtype=bool)
        self.clashes: set[tuple[int, int]] = set()
        """Pairs of staying rows that break a rule together."""
        self.hits: dict[tuple[int, int], list[Rows]] = {}
        """(session, staying row of another session) → rows that cannot be taken while the other stays."""
        self.cliques: list[Rows] = []
        """Sets of rows of which at most one can be taken."""
        self._rule = ""

    def _fill(self) -> None:
        clock = self.conference.clock
        hours = [clock.starts(day.hours.start, day.hours.end) for day in self.problem.days_in_order]
        self.grid: Times = np.unique(np.array([start for starts in hours for start in starts], dtype=np.int64))
        grid = self.grid
        columns: list[tuple[Rows, Rows, Times, NDArray[np.bool_]]] = []
        self._first = [0]
        for number, session in enumerate(self.sessions):
            now = self.problem.schedule.get(session)
            room, start = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
            if number < len(self.free):
                room, start = np.repeat(np.arange(len(self.rooms)), len(grid)), np.tile(grid, len(self.rooms))
            stays = np.zeros(len(room), dtype=bool)
            if now is not None:
                here = self._room_number[now.room]
                other = (room != here) | (start != now.start)
                room, start = np.append(room[other], here), np.append(start[other], now.start)
                stays = np.append(stays[other], True)
            columns.append((np.full(len(room), number, dtype=np.int64), room, start, stays))
            self._first.append(self._first[-1] + len(room))
        parts = list(zip(*columns, strict=True)) if columns else [()] * 4
        empty = np.zeros(0, dtype=np.int64)
        self.session: Rows = np.concatenate(parts[0]) if columns else empty
        self.room: Rows = np.concatenate(parts[1]) if columns else empty
        self.start: Times = np.concatenate(parts[2]) if columns else empty
        self.stays: NDArray[np.bool_] = np.concatenate(parts[3]) if columns else np.zeros(0, dtype=bool)
        minutes = np.array([self.conference.session[one].minutes for one in self.sessions], dtype=np.int64)
        self.end: Times = self.start + (minutes[self.session] if columns else empty)
        order = np.argsort(self.room, kind="stable")
        bounds = np.searchsorted(self.room[order], np.arange(len(self.rooms) + 1))
        self._by_room = [order[first:last] for first, last in pairwise(bounds)]

    # What a rule may ask.

    def all(self) -> Rows:
        return np.arange(len(self.start))

    def nowhere(self) -> NDArray[np.bool_]:
        """A mask over all rows that is false everywhere."""
        return np.zeros(len(self.start), dtype=bool)

    def of(self, sessions: Iterable[str]) -> Rows:
        """The rows of the sessions; none for a session that has no place here."""
        numbers = [self._number[one] for one in sessions if one in self._number]
        parts = [np.arange(self._first[number], self._first[number + 1]) for number in numbers]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def in_room(self, room: str) -> Rows:
        return self._by_room[self._room_number[room]]

    def within(self, rows: Rows, rooms: Iterable[str]) -> Rows:
        """Those of the rows that lie in one of the rooms."""
        wanted = np.zeros(len(self.rooms), dtype=bool)
        wanted[[self._room_number[room] for room in rooms]] = True
        return rows[wanted[self.room[rows]]]

    def stay(self, session: int) -> int | None:
        """The row where a session (by number) is now."""
        last = self._first[session + 1] - 1
        return last if last >= self._first[session] and self.stays[last] else None

    # What a rule may say.

    def keep_time(self) -> None:
        """Raise `OutOfTimeError` if no time remains."""
        if self._remaining() <= 0:
            raise OutOfTimeError

    def post_rules(self) -> None:
        """Post every rule of the list; starts that a free session may take are on the grid already."""
        for rule in RULES:
            self.keep_time()
            self._rule = rule.name
            rule.post(self)

    def forbid(self, rows: Rows, person: str | None = None) -> None:
        """No session may take these rows; a violation that may stay is let be."""
        for row in rows[self.stays[rows]]:
            session = self.sessions[self.session[row]]
            key = (self._rule, frozenset((session,)), person, None, None)
            self.dead[row] |= not (key in self.problem.old_keys and session not in self.problem.touched)
        self.dead[rows[~self.stays[rows]]] = True

    def no_overlap(self, rows: Rows, starts: Times, ends: Times) -> None:
        """No two sessions may take rows whose stretches overlap."""
        stays = self.stays[rows]
        self._clash_within(rows[stays], starts[stays], ends[stays])
        movers = (rows[~stays], starts[~stays], ends[~stays])
        if len(movers[0]):
            self._hit(movers, (rows[stays], starts[stays], ends[stays]))
            self._clique(*movers)

    def no_overlap_between(self, ours: Stretch, theirs: Stretch) -> None:
        """No row of one session may overlap a row of another one; rows of the same session never do."""
        for some, others in ((ours, theirs), (theirs, ours)):
            moving, staying = ~self.stays[some[0]], self.stays[others[0]]
            self._hit(_where(some, moving), _where(others, staying))
        our_stays, their_stays = _where(ours, self.stays[ours[0]]), _where(theirs, self.stays[theirs[0]])
        for row, start, end in zip(*our_stays, strict=True):
            for other, begins, ends in zip(*their_stays, strict=True):
                if start < ends and begins < end:
                    self._clash(int(row), int(other))
        movers = [_where(ours, ~self.stays[ours[0]]), _where(theirs, ~self.stays[theirs[0]])]
        if len(movers[0][0]) and len(movers[1][0]):
            rows, starts, ends = (np.concatenate(parts) for parts in zip(*movers, strict=True))
            self._clique(rows, starts, ends)

    def _clash_within(self, rows: Rows, starts: Times, ends: Times) -> None:
        order = np.argsort(starts, kind="stable")
        row, start, end = rows[order].tolist(), starts[order].tolist(), ends[order].tolist()
        for i in range(len(row)):
            self.keep_time()
            for j in range(i + 1, len(row)):
                if start[j] >= end[i]:
                    break
                self._clash(row[i], row[j])

    def _clash(self, row: int, other: int) -> None:
        pair = [self.sessions[self.session[one]] for one in (row, other)]
        if not (self.problem.lenient and self.problem.untouched(pair)):
            self.clashes.add((min(row, other), max(row, other)))

    def _hit(self, movers: Stretch, staying: Stretch) -> None:
        rows, starts, ends = movers
        for stay, begin, finish in zip(*(part.tolist() for part in staying), strict=True):
            self.keep_time()
            hit = rows[(starts < finish) & (ends > begin)]
            for session in np.unique(self.session[hit]).tolist():
                if session != self.session[stay]:
                    self.hits.setdefault((session, stay), []).append(hit[self.session[hit] == session])

    def _clique(self, rows: Rows, starts: Times, ends: Times) -> None:
        """At every moment at most one of the rows: the maximal cliques of an interval graph."""
        sessions = self.session[rows]
        if len(rows) == 0 or (sessions == sessions[0]).all():
            return
        points = np.unique(starts)
        for point, following in zip(points, np.append(points[1:], FOREVER), strict=True):
            self.keep_time()
            active = (starts <= point) & (ends > point)
            present = sessions[active]
            # When all of them are still active at the next start, the clique there says it all.
            if (ends[active] <= following).any() and (present != present[0]).any():
                self.cliques.append(rows[active])


def _where(stretch: Stretch, mask: NDArray[np.bool_]) -> Stretch:
    rows, starts, ends = stretch
    return rows[mask], starts[mask], ends[mask]
