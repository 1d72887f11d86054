"""A start is not on the grid: a note, not a fault.  Only a session that is moved must land on the grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Schedule, Session
from solver.rules.rule import UnaryRule, placed
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class OffGrid(UnaryRule):
    """Starts lie on the grid; a note where one that never moved does not."""

    name = "off_grid"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for session, placement, end in placed(conference, schedule):
            if not conference.clock.on_grid(placement.start):
                text = (
                    f"{session.label} starts {conference.clock.spoken(placement.start)}, "
                    f"off the {conference.grid_minutes}-minute grid"
                )
                yield Violation(self.name, (session.id,), placement.start, end, text, room=placement.room)

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        for day in conference.days:
            off_from = day.hours.start
            for start in conference.clock.starts(day.hours.start, day.hours.end):
                if off_from < start:
                    yield off_from, start
                off_from = start + 1
            if off_from < day.hours.end:
                yield off_from, day.hours.end

    def post(self, choices: Choices) -> None:
        clock = choices.conference.clock
        on_grid = {start: clock.on_grid(start) for start in {int(start) for start in choices.start}}
        rows = choices.all()
        off = [row for row in rows if not on_grid[int(choices.start[row])] and not choices.stays[row]]
        choices.forbid(rows[off])
