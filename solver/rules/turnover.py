"""Two sessions in one room do not overlap, but the room needs more time between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Room, Schedule
from solver.rules.room_overlap import sessions_by_room
from solver.rules.rule import RoomRule, pairs_within, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class Turnover(RoomRule):
    """In the search and in CP-SAT this rule also forbids what `room_overlap` forbids."""

    name = "turnover"

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

    def pad(self, room: Room) -> Minute:
        return room.turnover

    def post(self, choices: Choices) -> None:
        for room in choices.conference.rooms:
            if room.turnover:
                rows = choices.in_room(room.id)
                choices.no_overlap(rows, choices.start[rows], choices.end[rows] + room.turnover)
