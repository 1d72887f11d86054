"""Two sessions that everybody wants to see are not at the same time."""

from __future__ import annotations

from solver.canvas import Canvas
from solver.conference import Conference, Schedule
from solver.preferences.preference import Costs, Preference, overlapping
from solver.preferences.together import Together


class Popular(Preference):
    """Pairs of popular sessions that overlap."""

    name = "popular"
    weight = 60
    says = "two of the tenth of sessions with the largest audience that overlap"

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        return overlapping(conference, schedule, popular(conference))

    def sense(self, canvas: Canvas, announced: Schedule) -> _Sense:
        return _Sense(canvas)


def popular(conference: Conference) -> list[str]:
    """The tenth of the sessions with the largest audience; more where several are alike, none where all are."""
    audiences = sorted((one.audience for one in conference.sessions if one.audience), reverse=True)
    if len(audiences) < 2 or audiences[0] == audiences[-1]:
        return []
    least = audiences[min(max(1, len(conference.sessions) // 10), len(audiences)) - 1]
    return [one.id for one in conference.sessions if one.audience is not None and one.audience >= least]


class _Sense:
    def __init__(self, canvas: Canvas) -> None:
        self._crowd = Together(canvas, [canvas.number[one] for one in popular(canvas.conference)])

    def field(self, session: int) -> Costs | int:
        return self._crowd.field(session) if session in self._crowd.members else 0
