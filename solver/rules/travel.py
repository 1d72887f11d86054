"""A person cannot get from one building to the other in time."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import combinations, product
from typing import TYPE_CHECKING

from solver.conference import Conference, Schedule, Session
from solver.rules.rule import PairRule, Window, by_start, span, speaking
from solver.rules.speaker_overlap import sharing_a_speaker
from solver.rules.violation import Violation

if TYPE_CHECKING:
    from solver.choices import Choices


class Travel(PairRule):
    """In the search and in CP-SAT this rule also forbids overlaps of sessions in two such buildings."""

    name = "travel"

    def violations(self, conference: Conference, schedule: Schedule) -> Iterator[Violation]:
        if not conference.travel:
            return
        for person, sessions in speaking(conference, schedule):
            for first, second in combinations(by_start(conference, schedule, sessions), 2):
                end, start = conference.end(first.id, schedule[first.id]), schedule[second.id].start
                if start < end or start - end < conference.speaker_gap:
                    continue  # that is speaker_overlap
                origin, target = (conference.room[schedule[one].room].building for one in (first.id, second.id))
                needed = conference.travel_minutes(origin, target)
                if start - end < needed:
                    yield Violation(
                        self.name,
                        (first.id, second.id),
                        end,
                        start,
                        f"{conference.person[person].label} has {start - end} minutes from {first.label} in "
                        f"{origin} to {second.label} in {target}, the way takes {needed}, "
                        f"{span(conference, end, start)}",
                        person=person,
                    )

    def partners(self, conference: Conference, session: Session) -> Iterable[str]:
        return sharing_a_speaker(conference, session) if conference.travel else ()

    def windows(self, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        if set(a.speakers).isdisjoint(b.speakers):
            return
        there = conference.room[room_b].building
        for building, rooms in rooms_by_building(conference).items():
            out, back = conference.travel_minutes(building, there), conference.travel_minutes(there, building)
            if out or back:
                yield rooms, -a.minutes - out, b.minutes + back

    def room_kind(self, conference: Conference, room: str) -> Hashable:
        return conference.room[room].building

    def post(self, choices: Choices) -> None:
        conference = choices.conference
        buildings = rooms_by_building(conference)
        ways = {(way.origin, way.target) for way in conference.travel} & set(product(buildings, repeat=2))
        ways |= {(target, origin) for origin, target in ways}
        for first, second in {
            (a.id, b.id) for sessions in conference.sessions_of.values() for a, b in combinations(sessions, 2)
        }:
            ours, theirs = choices.of([first]), choices.of([second])
            for here, there in sorted(ways):
                mine, other = choices.within(ours, buildings[here]), choices.within(theirs, buildings[there])
                choices.no_overlap_between(
                    (mine, choices.start[mine], choices.end[mine] + conference.travel_minutes(here, there)),
                    (other, choices.start[other], choices.end[other] + conference.travel_minutes(there, here)),
                )


def rooms_by_building(conference: Conference) -> dict[str, list[str]]:
    """Building → its rooms, for rooms that say where they are."""
    found: dict[str, list[str]] = {}
    for room in conference.rooms:
        if room.building is not None:
            found.setdefault(room.building, []).append(room.id)
    return found
