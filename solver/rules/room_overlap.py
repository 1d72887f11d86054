"""Two sessions in one room overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Schedule, Session
from solver.rules.rule import PairRule, Window, pairs_within, placed, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class RoomOverlap(PairRule):
    name = "room_overlap"
    sparse = False

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

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        return (other.id for other in conference.sessions if other.id != session.id)

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        yield (room_b,), -a.minutes, b.minutes

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
