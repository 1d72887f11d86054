"""A track stays together: in few rooms, and one session after the other."""

from __future__ import annotations

import numpy as np

from solver.canvas import Canvas
from solver.conference import Conference, Schedule
from solver.preferences.preference import Costs, Preference, day_number, overlapping
from solver.preferences.together import Together


class TrackRooms(Preference):
    """Rooms of a track beyond its first."""

    name = "track_rooms"
    weight = 30
    says = "each room but one that a track uses on a day"

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        used: dict[tuple[str, int], set[str]] = {}
        for track, sessions in conference.sessions_by_track.items():
            for one in sessions:
                if one in schedule:
                    day = day_number(conference, schedule[one].start)
                    used.setdefault((track, day), set()).add(schedule[one].room)
        return sum(len(rooms) - 1 for rooms in used.values())

    def sense(self, canvas: Canvas, announced: Schedule) -> _Rooms:
        return _Rooms(canvas)


class _Rooms:
    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._track = [one.track for one in canvas.conference.sessions]
        self._members = {
            track: [canvas.number[one] for one in sessions]
            for track, sessions in canvas.conference.sessions_by_track.items()
        }
        self._days = len(canvas.conference.days) + 1
        self._ends = np.array(sorted(day.hours.end for day in canvas.conference.days), dtype=np.int64)

    def field(self, session: int) -> Costs | int:
        canvas, track = self._canvas, self._track[session]
        places = [canvas.at[one] for one in self._members.get(track or "", ()) if one in canvas.at and one != session]
        if not places:
            return 0
        rooms, starts = zip(*places, strict=True)
        hosts = np.zeros((canvas.shape[0], self._days), dtype=np.int64)
        hosts[list(rooms), np.searchsorted(self._ends, starts, side="right")] = 1
        more: Costs = np.where(hosts.any(axis=0), 1 - hosts, 0)
        wide: Costs = more[:, canvas.day_of]
        return wide


class TrackOverlap(Preference):
    """Pairs of one track that overlap."""

    name = "track_overlap"
    weight = 45
    says = "two sessions of one track that overlap"

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        return sum(
            overlapping(conference, schedule, list(sessions)) for sessions in conference.sessions_by_track.values()
        )

    def sense(self, canvas: Canvas, announced: Schedule) -> _Overlap:
        return _Overlap(canvas)


class _Overlap:
    def __init__(self, canvas: Canvas) -> None:
        self._track = [one.track for one in canvas.conference.sessions]
        self._groups = {
            track: Together(canvas, [canvas.number[one] for one in sessions])
            for track, sessions in canvas.conference.sessions_by_track.items()
        }

    def field(self, session: int) -> Costs | int:
        track = self._track[session]
        return 0 if track is None else self._groups[track].field(session)
