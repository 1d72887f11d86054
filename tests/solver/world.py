"""Whether everything fits, in the plainest words: every place of every session is tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta

from solver.conference import Conference, Day, Interval, Placement, Schedule
from solver.facts import Fact
from solver.facts.gaps import Apart, Ordered, SpeakerGap, Turnover, Way
from solver.facts.own import Plugged
from solver.facts.sessions import Expects, Lasts, Needs, Placing, Stays
from solver.facts.times import Away, Closed, Hours
from solver.problem import Problem
from solver.rules import RULES
from tests.solver import statement


@dataclass(frozen=True)
class World:
    """What has to be arranged, in plain words."""

    conference: Conference
    schedule: Schedule
    fixed: frozenset[str]
    homeless: tuple[str, ...] = ()

    @staticmethod
    def of(problem: Problem) -> World:
        fixed = frozenset(one for one in problem.schedule if not problem.movable(one))
        return World(problem.conference, problem.schedule, fixed, problem.homeless)

    def possible(self) -> bool:
        """Whether there is any arrangement that breaks nothing."""
        question = statement.Question(self.conference, self.schedule, frozenset(), frozenset())
        everywhere = question.places()
        domains = {}
        for session in (*self.schedule, *self.homeless):
            one, here = question.session(session), self.schedule.get(session)
            wanted = [here] if session in self.fixed else [*everywhere, here]
            domains[session] = [
                at for at in wanted if at is not None and not list(statement.alone(self.conference, one, at))
            ]
        return self._fill(question, domains)

    def _fill(self, question: statement.Question, domains: Mapping[str, list[Placement]]) -> bool:
        if not domains:
            return True
        session = min(domains, key=lambda one: len(domains[one]))
        one = question.session(session)
        for at in domains[session]:
            rest = {
                other: [
                    there
                    for there in places
                    if not list(statement.together(self.conference, one, at, question.session(other), there))
                ]
                for other, places in domains.items()
                if other != session
            }
            if all(rest.values()) and self._fill(question, rest):
                return True
        return False


def holding(problem: Problem, facts: Collection[Fact], *, pinned_lengths: bool) -> World:
    """The world in which these facts hold and no others; without `pinned_lengths`, pinned sessions keep theirs."""
    conference = problem.conference
    kept = set(facts)
    fixed = frozenset(fact.session for fact in kept if isinstance(fact, Stays))
    sessions = [
        replace(
            one,
            minutes=one.minutes
            if Lasts(one.id) in kept or (one.pinned and one.id not in problem.held and not pinned_lengths)
            else min(one.minutes, conference.grid_minutes),
            needs=frozenset(need for need in one.needs if Needs(one.id, need) in kept),
            audience=one.audience if Expects(one.id) in kept else None,
            pinned=False,
        )
        for one in conference.sessions
    ]
    rooms = [
        replace(
            room,
            closed=tuple(closed for closed in room.closed if Closed(room.id, closed) in kept),
            turnover=room.turnover if Turnover(room.id) in kept else 0,
        )
        for room in conference.rooms
    ]
    people = [
        replace(one, unavailable=tuple(away for away in one.unavailable if Away(one.id, away) in kept))
        for one in conference.people
    ]
    ways = [
        replace(way, minutes=way.minutes if Way(way.origin, way.target, way.minutes) in kept else 0)
        for way in conference.travel
    ]
    return World(
        replace(
            conference,
            sessions=tuple(sessions),
            rooms=tuple(rooms),
            people=tuple(people),
            days=tuple(day if Hours(day) in kept else around_the_clock(conference, day) for day in conference.days),
            speaker_gap=conference.speaker_gap if SpeakerGap() in kept else 0,
            apart=tuple(group for number, group in enumerate(conference.apart) if Apart(number) in kept),
            order=tuple(entry for number, entry in enumerate(conference.order) if Ordered(number) in kept),
            travel=tuple(ways),
            waived=frozenset(one.name for one in RULES.own if Plugged(one.name, one.purpose) not in kept),
        ),
        problem.schedule,
        fixed,
        tuple(one for one in problem.homeless if Placing(one) in kept),
    )


def around_the_clock(conference: Conference, day: Day) -> Day:
    """The whole calendar day; the days of the tiny conferences do not pass midnight."""
    clock = conference.clock
    return replace(
        day, hours=Interval(clock.on_day(day.date, time()), clock.on_day(day.date + timedelta(days=1), time()))
    )
