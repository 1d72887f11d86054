"""Two rules of our own for Callboard: families start late, and there is one keynote at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time
from itertools import combinations
from typing import TYPE_CHECKING

from solver.conference import Conference, Minute, Schedule, Session
from solver.rules import PairRule, UnaryRule, Violation
from solver.rules.rule import Window, placed, span

if TYPE_CHECKING:
    from solver.choices import Choices


class QuietHours(UnaryRule):
    """No session of the track “Families” starts before 10:00."""

    name = "quiet_hours"

    def __init__(self, track: str = "Families", opens: time = time(10)) -> None:
        self.track = track
        self.opens = opens

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        for session, placement, end in placed(conference, schedule):
            day = conference.day_of(placement.start)
            if day is None or session.track != self.track:
                continue
            start = conference.clock.local(placement.start)
            if start < datetime.combine(day.date, self.opens, start.tzinfo):
                text = f"{session.label} starts {start:%H:%M}, sessions for {self.track} not before {self.opens:%H:%M}"
                yield Violation(self.name, (session.id,), placement.start, end, text, room=placement.room)

    def barred(self, conference: Conference, session: Session, room: str) -> Iterable[tuple[Minute, Minute]]:
        if session.track == self.track:
            for day in conference.days:
                opens = conference.clock.on_day(day.date, self.opens)
                if day.hours.start < opens:
                    yield day.hours.start, min(opens, day.hours.end)

    def post(self, choices: Choices) -> None:
        conference = choices.conference
        ours = choices.of(one.id for one in conference.sessions if one.track == self.track)
        start = choices.start[ours]
        for day in conference.days:
            opens = conference.clock.on_day(day.date, self.opens)
            choices.forbid(ours[(day.hours.start <= start) & (start < day.hours.end) & (start < opens)])


class OneKeynote(PairRule):
    """Two keynotes are never at the same time."""

    name = "one_keynote"

    def __init__(self, track: str = "Keynotes") -> None:
        self.track = track

    def keynotes(self, conference: Conference) -> list[Session]:
        return [one for one in conference.sessions if one.track == self.track]

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        keynotes = [one for one in self.keynotes(conference) if one.id in schedule]
        for one, other in combinations(keynotes, 2):
            start = max(schedule[one.id].start, schedule[other.id].start)
            end = min(conference.end(one.id, schedule[one.id]), conference.end(other.id, schedule[other.id]))
            if start < end:
                text = f"{one.label} and {other.label} are keynotes, but overlap, {span(conference, start, end)}"
                yield Violation(self.name, (one.id, other.id), start, end, text)

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        if session.track == self.track:
            yield from (one.id for one in self.keynotes(conference) if one.id != session.id)

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        if a.track == b.track == self.track:
            yield None, -a.minutes, b.minutes

    def post(self, choices: Choices) -> None:
        rows = choices.of(one.id for one in self.keynotes(choices.conference))
        choices.no_overlap(rows, choices.start[rows], choices.end[rows])
