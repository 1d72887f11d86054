"""A person cannot get from one building to the other in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from solver.conference import Conference, Schedule, Session
from solver.rules.rule import PairRule, Window, by_start, span
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
        for person, sessions in conference.sessions_of.items():
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

    def post(self, choices: Choices) -> None:
        conference = choices.conference
        buildings = {building: choices.in_rooms(rooms) for building, rooms in rooms_by_building(conference).items()}
        ways = {frozenset((way.origin, way.target)) for way in conference.travel}
        together = {
            frozenset(pair)
            for sessions in conference.sessions_of.values()
            for pair in combinations([session.id for session in sessions], 2)
        }
        for first, second in (sorted(pair) for pair in together):
            for way in ways:
                for here, there in (sorted(way), sorted(way, reverse=True)):
                    if here in buildings and there in buildings:
                        ours = choices.common(choices.of([first]), buildings[here])
                        theirs = choices.common(choices.of([second]), buildings[there])
                        choices.no_overlap_between(
                            (ours, choices.start[ours], choices.end[ours] + conference.travel_minutes(here, there)),
                            (
                                theirs,
                                choices.start[theirs],
                                choices.end[theirs] + conference.travel_minutes(there, here),
                            ),
                        )


def rooms_by_building(conference: Conference) -> dict[str, list[str]]:
    """Building → its rooms, for rooms that say where they are."""
    found: dict[str, list[str]] = {}
    for room in conference.rooms:
        if room.building is not None:
            found.setdefault(room.building, []).append(room.id)
    return found
