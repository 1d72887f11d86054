"""A session overlaps a closed time of its room."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Schedule, Session
from solver.rules.rule import UnaryRule, placed, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class RoomClosed(UnaryRule):
    """A session is held while its room is open."""

    name = "room_closed"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for session, placement, end in placed(conference, schedule):
            room = conference.room[placement.room]
            closed = [time for time in room.closed if time.overlaps(placement.start, end)]
            if closed:
                first, last = max(placement.start, closed[0].start), min(end, closed[0].end)
                text = f"{room.label} is closed during {session.label}, {span(conference, first, last)}"
                yield Violation(self.name, (session.id,), first, last, text, room=room.id)

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        for closed in conference.room[room].closed:
            yield closed.start - session.minutes + 1, closed.end

    def depends_on(self, conference: Conference, session: Session) -> tuple[Hashable, ...]:
        return (session.minutes, tuple(room.closed for room in conference.rooms))

    def post(self, choices: Choices) -> None:
        for room in choices.conference.rooms:
            rows = choices.in_room(room.id)
            for closed in room.closed:
                choices.forbid(rows[(choices.start[rows] < closed.end) & (choices.end[rows] > closed.start)])
