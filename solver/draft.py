"""A problem opened up so that facts can be let go of, and closed again as a problem that is easier.

Whatever is done here only ever allows more: what solved the problem before still solves it after.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, time, timedelta

from solver.conference import Conference, Day, Interval, Minute, Order, Person, Room, Session
from solver.grid import LocalTimeError
from solver.problem import Problem

WEAKENED = {"room_overlap": "turnover", "speaker_overlap": "travel"}
"""A violation of the one rule may become one of the other when a session is shorter or a gap may be."""


class Draft:
    """The facts of a problem, one by one.  With `only`, the other sessions are left out of it altogether."""

    def __init__(self, problem: Problem, only: Collection[str] | None = None) -> None:
        conference = problem.conference
        self.before = problem
        kept = conference.sessions if only is None else [one for one in conference.sessions if one.id in only]
        self.sessions = {one.id: one for one in kept}
        self.rooms = dict(conference.room)
        speakers = {speaker for one in kept for speaker in one.speakers}
        self.people = {one.id: one for one in conference.people if only is None or one.id in speakers}
        self.days = {day: day.hours for day in conference.days}
        self.speaker_gap = conference.speaker_gap
        self.apart = [tuple(one for one in group if one in self.sessions) for group in conference.apart]
        self.order: list[Order | None] = [self._still_there(entry) for entry in conference.order]
        self.travel = {(way.origin, way.target): way for way in conference.travel}
        self.waived = conference.waived
        self.held = problem.held & self.sessions.keys()
        self.homeless = [one for one in problem.homeless if one in self.sessions]

    def _still_there(self, entry: Order) -> Order | None:
        return entry if entry.before in self.sessions and entry.after in self.sessions else None

    def session(self, session: str, change: Callable[[Session], Session]) -> None:
        """Change a session; nothing happens where it was left out."""
        if session in self.sessions:
            self.sessions[session] = change(self.sessions[session])

    def room(self, room: str, change: Callable[[Room], Room]) -> None:
        self.rooms[room] = change(self.rooms[room])

    def person(self, person: str, change: Callable[[Person], Person]) -> None:
        """Change a person; nothing happens where all their sessions were left out."""
        if person in self.people:
            self.people[person] = change(self.people[person])

    def release(self, session: str) -> None:
        """Let a session move that was pinned or held."""
        self.held -= {session}
        self.session(session, lambda one: replace(one, pinned=False))

    def problem(self) -> Problem:
        """What is left, as a problem of its own."""
        old = self.before
        entries = [number for number, entry in enumerate(self.order) if entry is not None]
        conference = replace(
            old.conference,
            days=tuple(replace(day, hours=hours) for day, hours in self.days.items()),
            rooms=tuple(self.rooms.values()),
            sessions=tuple(self.sessions.values()),
            people=tuple(self.people.values()),
            speaker_gap=self.speaker_gap,
            apart=tuple(self.apart),
            order=tuple(entry for entry in self.order if entry is not None),
            travel=tuple(self.travel.values()),
            waived=self.waived,
        )
        schedule = {session: place for session, place in old.schedule.items() if session in self.sessions}
        return replace(
            old,
            conference=conference,
            schedule=schedule,
            held=self.held,
            homeless=tuple(self.homeless),
            old_keys=_renumbered(old.old_keys, {number: now for now, number in enumerate(entries)}),
            origins={session: place for session, place in old.origins.items() if session in self.sessions},
        )


def _renumbered(keys: Collection[tuple[object, ...]], entries: dict[int, int]) -> frozenset[tuple[object, ...]]:
    """The violations that may stay, under the numbers that order entries have now, and in their weaker forms."""
    found: set[tuple[object, ...]] = set()
    for rule, sessions, person, group, entry in keys:
        if entry is None:
            found.add((rule, sessions, person, group, entry))
            if rule in WEAKENED:
                found.add((WEAKENED[str(rule)], sessions, person, group, entry))
        elif isinstance(entry, int) and entry in entries:
            found.add((rule, sessions, person, group, entries[entry]))
    return frozenset(found)


def widest(conference: Conference, day: Day) -> Interval:
    """A day without opening hours: from midnight to midnight, as far as it does not run into another day."""
    others = [other.hours for other in conference.days if other != day]
    before = max((hours.end for hours in others if hours.end <= day.hours.start), default=0)
    after = min((hours.start for hours in others if hours.start >= day.hours.end), default=2**40)
    midnight = datetime.combine(day.date, time())
    first = max(before, min(_minute(conference, midnight, day.hours.start), day.hours.start))
    last = min(after, max(_minute(conference, midnight + timedelta(days=1), day.hours.end), day.hours.end))
    return Interval(first, last)


def _minute(conference: Conference, moment: datetime, otherwise: Minute) -> Minute:
    try:
        return conference.clock.minute(moment)
    except LocalTimeError:  # a midnight that the clock change skips
        return otherwise
