"""A session overlaps a time when one of its speakers is unavailable."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Schedule, Session
from solver.rules.rule import UnaryRule, placed, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class SpeakerUnavailable(UnaryRule):
    """A session is held while all its speakers are there."""

    name = "speaker_unavailable"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for session, placement, end in placed(conference, schedule):
            for speaker in session.speakers:
                person = conference.person[speaker]
                away = [time for time in person.unavailable if time.overlaps(placement.start, end)]
                if away:
                    first, last = max(placement.start, away[0].start), min(end, away[0].end)
                    text = f"{person.label} is unavailable during {session.label}, {span(conference, first, last)}"
                    yield Violation(self.name, (session.id,), first, last, text, person=speaker, room=placement.room)

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        for speaker in session.speakers:
            for away in conference.person[speaker].unavailable:
                yield away.start - session.minutes + 1, away.end

    def depends_on(self, conference: Conference, session: Session) -> tuple[Hashable, ...]:
        away = tuple(conference.person[speaker].unavailable for speaker in session.speakers)
        return (session.minutes, away) if any(away) else ()

    def post(self, choices: Choices) -> None:
        for session in choices.conference.sessions:
            rows = choices.of([session.id])
            for speaker in session.speakers:
                for away in choices.conference.person[speaker].unavailable:
                    hit = (choices.start[rows] < away.end) & (choices.end[rows] > away.start)
                    choices.forbid(rows[hit], person=speaker)
