"""A speaker comes on few days, and need not run from one end of the venue to the other."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from solver.canvas import Canvas
from solver.conference import Conference, Schedule
from solver.preferences.preference import Costs, Preference, day_number

CALM = 30
"""Minutes between two sessions in different buildings that nobody minds."""


class SpeakerDays(Preference):
    """Days of a speaker beyond the first."""

    name = "speaker_days"
    weight = 240
    says = "each day but one on which a speaker must come"

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        total = 0
        for sessions in conference.busy.values():
            days = {day_number(conference, schedule[one.id].start) for one in sessions if one.id in schedule}
            total += max(len(days) - 1, 0)
        return total

    def sense(self, canvas: Canvas, announced: Schedule) -> _Days:
        return _Days(canvas)


class _Speakers:
    """Who else the speakers of a session are with: for each of them, their other sessions."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._others = [
            [
                [canvas.number[other.id] for other in canvas.conference.busy[speaker] if other.id != session.id]
                for speaker in session.speakers
                if speaker in canvas.conference.busy
            ]
            for session in canvas.conference.sessions
        ]


class _Days(_Speakers):
    def field(self, session: int) -> Costs | int:
        canvas = self._canvas
        line: Costs | int = 0
        for others in self._others[session]:
            starts = [canvas.at[other][1] for other in others if other in canvas.at]
            if starts:
                ends = sorted(day.hours.end for day in canvas.conference.days)
                line = line + ~np.isin(canvas.day_of, np.searchsorted(ends, starts, side="right")) * 1
        return line


class SpeakerWalks(Preference):
    """Hurried walks of a speaker."""

    name = "speaker_walks"
    weight = 60
    says = f"two sessions of a speaker in different buildings with less than {CALM} minutes between them"

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        total = 0
        for sessions in conference.busy.values():
            for a, b in combinations([one.id for one in sessions if one.id in schedule], 2):
                one, other = schedule[a], schedule[b]
                here, there = conference.room[one.room].building, conference.room[other.room].building
                near = one.start < conference.end(b, other) + CALM and other.start < conference.end(a, one) + CALM
                total += here is not None and there is not None and here != there and near
        return total

    def sense(self, canvas: Canvas, announced: Schedule) -> _Walks:
        return _Walks(canvas)


class _Walks(_Speakers):
    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        buildings = [canvas.conference.room[room].building for room in canvas.rooms]
        names = sorted({one for one in buildings if one is not None})
        self._building = np.array([-1 if one is None else names.index(one) for one in buildings], dtype=np.int64)
        self._several = len(names) > 1

    def field(self, session: int) -> Costs | int:
        if not self._several or not self._others[session]:
            return 0
        canvas = self._canvas
        costs = np.zeros(canvas.shape, dtype=np.int64)
        for others in self._others[session]:
            for other in others:
                if other not in canvas.at:
                    continue
                room, start = canvas.at[other]
                building = self._building[room]
                if building >= 0:
                    first = np.searchsorted(canvas.starts, start - canvas.minutes[session] - CALM, side="right")
                    last = np.searchsorted(canvas.starts, start + canvas.minutes[other] + CALM, side="left")
                    far = (self._building >= 0) & (self._building != building)
                    costs[far, first:last] += 1
        return costs
