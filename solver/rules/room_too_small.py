"""The expected audience is larger than the room's capacity."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Schedule, Session
from solver.rules.rule import FOREVER, UnaryRule, placed
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class RoomTooSmall(UnaryRule):
    """A room holds the audience that is expected."""

    name = "room_too_small"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for session, placement, end in placed(conference, schedule):
            room = conference.room[placement.room]
            if session.audience is not None and room.capacity is not None and session.audience > room.capacity:
                text = f"{session.label} expects {session.audience} people, {room.label} holds {room.capacity}"
                yield Violation(self.name, (session.id,), placement.start, end, text, room=room.id)

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        capacity = conference.room[room].capacity
        if capacity is not None and session.audience is not None and capacity < session.audience:
            yield -FOREVER, FOREVER

    def depends_on(self, conference: Conference, session: Session) -> tuple[Hashable, ...]:
        return (session.audience, tuple(room.capacity for room in conference.rooms))

    def post(self, choices: Choices) -> None:
        for session in choices.conference.sessions:
            if session.audience is not None:
                small = [
                    room.id
                    for room in choices.conference.rooms
                    if room.capacity is not None and not session.audience <= room.capacity
                ]
                choices.forbid(choices.within(choices.of([session.id]), small))
