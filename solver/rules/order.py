"""A session starts before the one that must come first has ended, plus the gap."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Schedule, Session
from solver.rules.rule import FOREVER, PairRule, Window
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class InOrder(PairRule):
    """A session starts after the one that must come first, and the gap."""

    name = "order"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for number, entry in enumerate(conference.order):
            if entry.before not in schedule or entry.after not in schedule:
                continue
            end = conference.end(entry.before, schedule[entry.before])
            start = schedule[entry.after].start
            if start < end + entry.gap:
                before, after = conference.session[entry.before], conference.session[entry.after]
                starts, ends = conference.clock.spoken(start), conference.clock.spoken(end)
                pause = f", with {entry.gap} minutes between them" if entry.gap else ""
                yield Violation(
                    self.name,
                    (entry.before, entry.after),
                    min(start, end),
                    max(start, end + entry.gap),
                    f"{after.label} must come after {before.label}{pause}, "
                    f"but starts {starts}, and the other ends {ends}",
                    entry=number,
                )

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        for entry in conference.order:
            if session.id == entry.before:
                yield entry.after
            elif session.id == entry.after:
                yield entry.before

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        for entry in conference.order:
            if (entry.before, entry.after) == (a.id, b.id):
                yield None, -a.minutes - entry.gap, FOREVER
            elif (entry.before, entry.after) == (b.id, a.id):
                yield None, -FOREVER, b.minutes + entry.gap

    def room_kind(self, conference: Conference, room: str) -> Hashable:
        return None

    def post(self, choices: Choices) -> None:
        for entry in choices.conference.order:
            before, after = choices.of([entry.before]), choices.of([entry.after])
            choices.no_overlap_between(
                (before, choices.start[before] * 0 - FOREVER, choices.end[before] + entry.gap),
                (after, choices.start[after], choices.start[after] * 0 + FOREVER),
            )
