"""A problem opened up so that facts can be let go of, and closed again as a problem that is easier.

Whatever is done here only ever allows more: what solved the problem before still solves it after.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, time, timedelta

from solver.conference import Conference, Day, Interval, Minute, Order, Person, Room, Schedule, Session
from solver.grid import LocalTimeError
from solver.problem import Problem

WEAKENED = {"room_overlap": "turnover", "speaker_overlap": "travel"}
"""A violation of the one rule may become one of the other when a session is shorter or a gap may be."""


class Draft:
    """The facts of a problem, one by one.  With `only`, the other sessions are left out of it altogether."""

    def __init__(self, problem: Problem, only: Collection[str] | None = None) -> None:
        conference = problem.conference
        self.before = problem
        self.only = only
        self.rooms = dict(conference.room)
        self.days = {day: day.hours for day in conference.days}
        self.speaker_gap = conference.speaker_gap
        self.travel = {(way.origin, way.target): way for way in conference.travel}
        self.waived = conference.waived
        if only is None:
            self.sessions = dict(conference.session)
            self.people = dict(conference.person)
            self.apart = list(conference.apart)
            self.order: list[Order | None] = list(conference.order)
            self.held = problem.held
            self.homeless = list(problem.homeless)
        else:
            here = sorted((one for one in only if one in conference.session), key=lambda one: conference.rank[one])
            self.sessions = {one: conference.session[one] for one in here}
            speakers = dict.fromkeys(speaker for one in self.sessions.values() for speaker in one.speakers)
            self.people = {one: conference.person[one] for one in speakers}
            self.apart = [tuple(one for one in group if one in self.sessions) for group in conference.apart]
            self.order = [self._still_there(entry) for entry in conference.order]
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
        if self._is_framed_as_before():
            return replace(old, conference=self._revised(), held=self.held, homeless=tuple(self.homeless))
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
        return replace(
            old,
            conference=conference,
            schedule=self._of_those_here(old.schedule),
            held=self.held,
            homeless=tuple(self.homeless),
            old_keys=_renumbered(old.old_keys, {number: now for now, number in enumerate(entries)}),
            origins=self._of_those_here(old.origins),
        )

    def _is_framed_as_before(self) -> bool:
        """Whether all sessions are here, and facts of single rooms, people and sessions at most are others."""
        conference = self.before.conference
        return (
            self.only is None
            and not self.before.old_keys
            and all(day.hours == hours for day, hours in self.days.items())
            and self.speaker_gap == conference.speaker_gap
            and self.apart == list(conference.apart)
            and self.order == list(conference.order)
            and tuple(self.travel.values()) == conference.travel
            and self.waived == conference.waived
        )

    def _revised(self) -> Conference:
        old = self.before.conference
        rooms = {one: room for one, room in self.rooms.items() if room is not old.room[one]}
        people = {one: person for one, person in self.people.items() if person is not old.person[one]}
        sessions = {one: session for one, session in self.sessions.items() if session is not old.session[one]}
        return old.revised(rooms=rooms, people=people, sessions=sessions) if rooms or people or sessions else old

    def _of_those_here(self, places: Schedule) -> Schedule:
        if self.only is None:
            return places
        return {one: places[one] for one in self.sessions if one in places}


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
