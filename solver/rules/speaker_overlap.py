"""A person is in two sessions that overlap, or that leave too short a gap."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from solver.conference import Conference, Schedule, Session
from solver.rules.rule import PairRule, Window, pairs_within, span, speaking
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class SpeakerOverlap(PairRule):
    """A person is in one session at a time, with the speaker gap between two."""

    name = "speaker_overlap"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        gap = conference.speaker_gap
        for person, sessions in speaking(conference, schedule):
            who = conference.person[person].label
            for first, second, end, start in pairs_within(conference, schedule, sessions, gap):
                if start < end:
                    until = min(end, conference.end(second.id, schedule[second.id]))
                    text = f"{who} is in {first.label} and in {second.label} at once, {span(conference, start, until)}"
                    yield Violation(self.name, (first.id, second.id), start, until, text, person=person)
                else:
                    text = (
                        f"{who} has {start - end} of {gap} minutes between {first.label} and {second.label}, "
                        f"{span(conference, end, start)}"
                    )
                    yield Violation(self.name, (first.id, second.id), end, start, text, person=person)

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        return sharing_a_speaker(conference, session)

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        if not set(a.speakers).isdisjoint(b.speakers):
            yield None, -a.minutes - conference.speaker_gap, b.minutes + conference.speaker_gap

    def room_kind(self, conference: Conference, room: str) -> Hashable:
        return None

    def post(self, choices: Choices) -> None:
        for sessions in choices.conference.sessions_of.values():
            if len(sessions) > 1:
                rows = choices.of(session.id for session in sessions)
                choices.no_overlap(rows, choices.start[rows], choices.end[rows] + choices.conference.speaker_gap)


def sharing_a_speaker(conference: Conference, session: Session) -> Iterable[str]:
    """The other sessions in which one of the session's speakers speaks."""
    return {
        other.id for speaker in session.speakers for other in conference.sessions_of[speaker] if other.id != session.id
    }
