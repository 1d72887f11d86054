"""Two sessions in one room overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Room, Schedule, Session
from solver.rules.rule import RoomRule, pairs_within, placed, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class RoomOverlap(RoomRule):
    """A room holds one session at a time."""

    name = "room_overlap"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for room, sessions in sessions_by_room(conference, schedule).items():
            for first, second, end, start in pairs_within(conference, schedule, sessions, 0):
                until = min(end, conference.end(second.id, schedule[second.id]))
                yield Violation(
                    self.name,
                    (first.id, second.id),
                    start,
                    until,
                    f"{first.label} and {second.label} overlap in {conference.room[room].label}, "
                    f"{span(conference, start, until)}",
                    room=room,
                )

    def pad(self, room: Room) -> Minute:
        return 0

    def post(self, choices: Choices) -> None:
        for room in choices.conference.rooms:
            rows = choices.in_room(room.id)
            choices.no_overlap(rows, choices.start[rows], choices.end[rows])


def sessions_by_room(conference: Conference, schedule: Schedule) -> dict[str, list[Session]]:
    """Room id → the sessions placed there."""
    found: defaultdict[str, list[Session]] = defaultdict(list)
    for session, placement, _ in placed(conference, schedule):
        found[placement.room].append(session)
    return found
