"""The room lacks something that the session needs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Schedule, Session
from solver.rules.rule import FOREVER, UnaryRule, placed
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class RoomLacksFeature(UnaryRule):
    """A room has all that a session needs."""

    name = "room_lacks_feature"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for session, placement, end in placed(conference, schedule):
            room = conference.room[placement.room]
            missing = sorted(session.needs - room.features)
            if missing:
                text = f"{session.label} needs {', '.join(missing)}, which {room.label} lacks"
                yield Violation(self.name, (session.id,), placement.start, end, text, room=room.id)

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        if not session.needs <= conference.room[room].features:
            yield -FOREVER, FOREVER

    def depends_on(self, conference: Conference, session: Session) -> tuple[Hashable, ...]:
        return (session.needs, tuple(room.features for room in conference.rooms))

    def post(self, choices: Choices) -> None:
        for session in choices.conference.sessions:
            if session.needs:
                unfit = [room.id for room in choices.conference.rooms if session.needs.difference(room.features)]
                choices.forbid(choices.within(choices.of([session.id]), unfit))
