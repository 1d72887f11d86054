"""Two sessions in one room do not overlap, but the room needs more time between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Schedule, Session
from solver.rules.room_overlap import sessions_by_room
from solver.rules.rule import PairRule, Window, pairs_within, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class Turnover(PairRule):
    """In the search and in CP-SAT this rule also forbids what `room_overlap` forbids."""

    name = "turnover"
    sparse = False

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for room_id, sessions in sessions_by_room(conference, schedule).items():
            room = conference.room[room_id]
            for first, second, end, start in pairs_within(conference, schedule, sessions, room.turnover):
                if start >= end:
                    yield Violation(
                        self.name,
                        (first.id, second.id),
                        end,
                        start,
                        f"{room.label} needs {room.turnover} minutes between sessions, but {first.label} and "
                        f"{second.label} leave {start - end}, {span(conference, end, start)}",
                        room=room_id,
                    )

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        return (other.id for other in conference.sessions if other.id != session.id)

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        turnover = conference.room[room_b].turnover
        if turnover:
            yield (room_b,), -a.minutes - turnover, b.minutes + turnover

    def post(self, choices: Choices) -> None:
        for room in choices.conference.rooms:
            if room.turnover:
                rows = choices.in_room(room.id)
                choices.no_overlap(rows, choices.start[rows], choices.end[rows] + room.turnover)
