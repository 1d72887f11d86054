"""Two sessions of one `apart` group overlap."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Schedule, Session
from solver.rules.rule import PairRule, Window, pairs_within, span
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class ApartOverlap(PairRule):
    """Sessions of an apart group do not overlap."""

    name = "apart_overlap"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for group, members in enumerate(conference.apart):
            sessions = [conference.session[one] for one in members]
            for first, second, end, start in pairs_within(conference, schedule, sessions, 0):
                until = min(end, conference.end(second.id, schedule[second.id]))
                text = (
                    f"{first.label} and {second.label} are to be kept apart, but overlap, "
                    f"{span(conference, start, until)}"
                )
                yield Violation(self.name, (first.id, second.id), start, until, text, group=group)

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        return {other for group in conference.apart if session.id in group for other in group if other != session.id}

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        if any(a.id in group and b.id in group for group in conference.apart):
            yield None, -a.minutes, b.minutes

    def room_kind(self, conference: Conference, room: str) -> Hashable:
        return None

    def post(self, choices: Choices) -> None:
        for group in choices.conference.apart:
            rows = choices.of(group)
            choices.no_overlap(rows, choices.start[rows], choices.end[rows])
