"""A session does not lie inside one day's hours."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Schedule, Session
from solver.rules.rule import FOREVER, UnaryRule, placed, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class OutsideHours(UnaryRule):
    """A session lies inside one day's hours; its room's turnover need not."""

    name = "outside_hours"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for session, placement, end in placed(conference, schedule):
            if not any(day.hours.start <= placement.start and end <= day.hours.end for day in conference.days):
                text = f"{session.label} is outside the conference's hours, {span(conference, placement.start, end)}"
                yield Violation(self.name, (session.id,), placement.start, end, text, room=placement.room)

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        opened = -FOREVER
        for day in sorted(conference.days, key=lambda day: day.hours.start):
            last = day.hours.end - session.minutes
            if last >= day.hours.start:
                yield opened, day.hours.start
                opened = max(opened, last + 1)
        yield opened, FOREVER

    def depends_on(self, conference: Conference, session: Session) -> tuple[Hashable, ...]:
        return (session.minutes, conference.days)

    def post(self, choices: Choices) -> None:
        inside = choices.nowhere()
        for day in choices.conference.days:
            inside |= (choices.start >= day.hours.start) & (choices.end <= day.hours.end)
        choices.forbid(choices.all()[~inside])
