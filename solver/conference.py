"""The facts of a conference: frozen, checked once when they are built, and never doubted again.

Every time is a `Minute`, a whole number of minutes since 1970-01-01T00:00Z, and every interval is
half-open.  Local times, daylight saving and midnight are the business of `solver.grid` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

from solver.grid import Clock

Minute = int
"""Minutes since 1970-01-01T00:00Z."""

MAX_MINUTES = 100_000
"""The longest session, gap or turnover that is believed (about ten weeks)."""


class FactError(ValueError):
    """A fact that cannot be true.  The message is one sentence for the organiser."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open stretch of time, `start <= t < end`."""

    start: Minute
    end: Minute

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise FactError("the interval ends before it starts")

    def overlaps(self, start: Minute, end: Minute) -> bool:
        return self.start < end and start < self.end


@dataclass(frozen=True, slots=True)
class Day:
    """One day's opening hours; a night programme may end on the next calendar day."""

    date: date
    hours: Interval


@dataclass(frozen=True, slots=True)
class Room:
    """A place with what it holds and offers; None where it is not known."""

    id: str
    name: str = ""
    building: str | None = None
    capacity: int | None = None
    features: frozenset[str] = frozenset()
    turnover: int = 0
    """Minutes that must pass between any two sessions in the room."""
    closed: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        _named(self.id, "room")
        _counted(self.capacity, f"room '{self.id}': the capacity")
        _counted(self.turnover, f"room '{self.id}': the turnover")

    @property
    def label(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who speaks, and when they cannot."""

    id: str
    name: str = ""
    unavailable: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        _named(self.id, "person")

    @property
    def label(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Session:
    """One item of the programme.  Where and when it is placed is the schedule's business."""

    id: str
    minutes: int
    title: str = ""
    track: str | None = None
    speakers: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()
    audience: int | None = None
    pinned: bool = False

    def __post_init__(self) -> None:
        _named(self.id, "session")
        if not 0 < self.minutes <= MAX_MINUTES:
            raise FactError(f"session '{self.id}': it lasts {self.minutes} minutes, not 1 to {MAX_MINUTES}")
        _counted(self.audience, f"session '{self.id}': the audience", limit=10**9)
        if len(set(self.speakers)) != len(self.speakers):
            raise FactError(f"session '{self.id}': a speaker is listed twice")

    @property
    def label(self) -> str:
        return f"“{self.title}” ({self.id})" if self.title else f"“{self.id}”"


@dataclass(frozen=True, slots=True)
class Order:
    """`after` may start once `before` has ended and `gap` minutes have passed."""

    before: str
    after: str
    gap: int = 0

    def __post_init__(self) -> None:
        _counted(self.gap, "order: the gap")
        if self.before == self.after:
            raise FactError(f"order: session '{self.before}' cannot come before itself")


@dataclass(frozen=True, slots=True)
class Travel:
    """The minutes a person needs from one building to another, both ways unless the other way is listed."""

    origin: str
    target: str
    minutes: int

    def __post_init__(self) -> None:
        _counted(self.minutes, "travel: the time")
        if self.origin == self.target:
            raise FactError(f"travel: '{self.origin}' is both ends of the way")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and when a session takes place."""

    room: str
    start: Minute


Schedule = Mapping[str, Placement]
"""Session id → placement.  A session that is absent is unplaced.  Treated as immutable."""


@dataclass(frozen=True)
class Conference:
    """Everything that is fixed while sessions move.  Build it whole; use `dataclasses.replace` to change a fact."""

    days: tuple[Day, ...]
    rooms: tuple[Room, ...]
    sessions: tuple[Session, ...]
    people: tuple[Person, ...] = ()
    name: str = ""
    timezone: str = "UTC"
    grid_minutes: int = 5
    speaker_gap: int = 0
    apart: tuple[tuple[str, ...], ...] = ()
    order: tuple[Order, ...] = ()
    travel: tuple[Travel, ...] = ()
    waived: frozenset[str] = frozenset()
    """Plugged-in rules that are let go of while it is found out why there is no repair; in no file."""

    def __post_init__(self) -> None:
        _counted(self.speaker_gap, "the speaker gap")
        for session in self.sessions:
            for speaker in session.speakers:
                _known(speaker, self.person, f"session '{session.id}': speaker '{speaker}' is not among the people")
        _ = self.clock, self.room, self.session
        for group in self.apart:
            if len(set(group)) != len(group):
                raise FactError("apart: a session is listed twice in one group")
            for one in group:
                _known(one, self.session, f"apart: there is no session '{one}'")
        for entry in self.order:
            for one in (entry.before, entry.after):
                _known(one, self.session, f"order: there is no session '{one}'")
        ways = [(way.origin, way.target) for way in self.travel]
        if len(set(ways)) != len(ways):
            raise FactError("travel: the same way is listed twice")

    @cached_property
    def clock(self) -> Clock:
        """The conference's wall clock and grid."""
        try:
            return Clock(self.timezone, self.grid_minutes)
        except ValueError as error:
            raise FactError(str(error)) from None

    @cached_property
    def room(self) -> Mapping[str, Room]:
        return _by_id(self.rooms, "room")

    @cached_property
    def person(self) -> Mapping[str, Person]:
        return _by_id(self.people, "person")

    @cached_property
    def session(self) -> Mapping[str, Session]:
        return _by_id(self.sessions, "session")

    @cached_property
    def sessions_by_track(self) -> Mapping[str, tuple[str, ...]]:
        """Track → the ids of its sessions."""
        found: dict[str, list[str]] = {}
        for session in self.sessions:
            if session.track is not None:
                found.setdefault(session.track, []).append(session.id)
        return {track: tuple(sessions) for track, sessions in found.items()}

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """Session id → its position in the list of sessions."""
        return {session.id: position for position, session in enumerate(self.sessions)}

    @cached_property
    def kin(self) -> Mapping[str, frozenset[str]]:
        """Session id → the others that share a speaker, an apart group or an order entry with it, if there are any."""
        found: dict[str, set[str]] = {}
        groups = [tuple(one.id for one in sessions) for sessions in self.sessions_of.values()]
        for group in (*groups, *self.apart, *((entry.before, entry.after) for entry in self.order)):
            if len(group) > 1:
                for one in group:
                    found.setdefault(one, set()).update(group)
        return {one: frozenset(others - {one}) for one, others in found.items()}

    @cached_property
    def sessions_of(self) -> Mapping[str, tuple[Session, ...]]:
        """Person id → the sessions they speak in, for people who speak at all."""
        found: dict[str, list[Session]] = {}
        for session in self.sessions:
            for speaker in session.speakers:
                found.setdefault(speaker, []).append(session)
        return {person: tuple(sessions) for person, sessions in found.items()}

    @cached_property
    def busy(self) -> Mapping[str, tuple[Session, ...]]:
        """The people of `sessions_of` who speak in more than one session."""
        return {person: sessions for person, sessions in self.sessions_of.items() if len(sessions) > 1}

    @cached_property
    def _ways(self) -> Mapping[tuple[str, str], int]:
        ways = {(way.target, way.origin): way.minutes for way in self.travel}
        return ways | {(way.origin, way.target): way.minutes for way in self.travel}

    def travel_minutes(self, origin: str | None, target: str | None) -> int:
        """Minutes a person needs from building to building; 0 where nothing is known."""
        if origin is None or target is None or origin == target:
            return 0
        return self._ways.get((origin, target), 0)

    def day_of(self, minute: Minute) -> Day | None:
        """The conference day whose hours hold `minute`."""
        return next((day for day in self.days if day.hours.start <= minute < day.hours.end), None)

    def end(self, session: str, placement: Placement) -> Minute:
        return placement.start + self.session[session].minutes

    def revised(
        self, *, rooms: Mapping[str, Room], people: Mapping[str, Person], sessions: Mapping[str, Session]
    ) -> Conference:
        """The conference with some rooms, people and sessions revised: the same ids and the same speakers as before.

        What has been worked out of what stays the same is taken over, so this is quick.
        """
        revised = object.__new__(Conference)
        kept = {"clock", "_ways", "rank", "kin", "sessions_by_track", "room", "person", "session"}
        if not sessions:
            kept |= {"sessions_of", "busy"}
        revised.__dict__.update(
            {name: value for name, value in self.__dict__.items() if name in self.__dataclass_fields__ or name in kept}
        )
        if rooms:
            revised.__dict__["room"] = {**self.room, **rooms}
            revised.__dict__["rooms"] = tuple(revised.room.values())
        if people:
            revised.__dict__["person"] = {**self.person, **people}
            revised.__dict__["people"] = tuple(revised.person.values())
        if sessions:
            revised.__dict__["session"] = {**self.session, **sessions}
            revised.__dict__["sessions"] = tuple(revised.session.values())
            speakers = {speaker for one in sessions.values() for speaker in one.speakers}
            revised.__dict__["sessions_of"] = {
                **self.sessions_of,
                **{who: tuple(revised.session[one.id] for one in self.sessions_of[who]) for who in speakers},
            }
        return revised

    def check_schedule(self, schedule: Schedule) -> None:
        """Raise `FactError` where a placement names a session or a room that is not there."""
        for session, placement in schedule.items():
            _known(session, self.session, f"there is no session '{session}'")
            _known(placement.room, self.room, f"session '{session}': there is no room '{placement.room}'")


Identified = TypeVar("Identified", Room, Person, Session)


def _by_id(things: Iterable[Identified], noun: str) -> dict[str, Identified]:
    found: dict[str, Identified] = {}
    for thing in things:
        if thing.id in found:
            raise FactError(f"{noun} '{thing.id}' is listed twice")
        found[thing.id] = thing
    return found


def _named(identifier: str, noun: str) -> None:
    if not identifier:
        raise FactError(f"a {noun} has an empty id")


def _counted(number: int | None, noun: str, *, limit: int = MAX_MINUTES * 10) -> None:
    if number is not None and not 0 <= number <= limit:
        raise FactError(f"{noun} is {number}, not 0 to {limit}")


def _known(one: str, table: Mapping[str, object], sentence: str) -> None:
    if one not in table:
        raise FactError(sentence)
