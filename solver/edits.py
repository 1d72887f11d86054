"""What a person can ask for, and the schedule that results when they get it.

Edits apply in order and together.  What an edit places stays where the edit put it: `Edited.held`
names those sessions, and a repair moves the others.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from solver.conference import Conference, FactError, Interval, Minute, Person, Placement, Room, Schedule, Session
from solver.intervals import without


class EditError(ValueError):
    """An edit that cannot be applied; `index` is its place in the list."""

    def __init__(self, index: int, sentence: str) -> None:
        super().__init__(sentence)
        self.index = index


@dataclass(frozen=True, slots=True)
class Move:
    """Place a session; `None` keeps the room or the start that it has."""

    session: str
    room: str | None = None
    start: Minute | None = None


@dataclass(frozen=True, slots=True)
class Resize:
    """Let a session last so many minutes."""

    session: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Swap:
    """Exchange room and start of two placed sessions."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Unplace:
    """Take a session off the schedule."""

    session: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Forbid that a repair moves a session."""

    session: str


@dataclass(frozen=True, slots=True)
class Unpin:
    """Allow that again."""

    session: str


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """Close a room for a time, beside the times when it is closed already."""

    room: str
    closed: Interval


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """Open a room for a time, as far as it is closed then; opening hours stay what they are."""

    room: str
    opened: Interval


@dataclass(frozen=True, slots=True)
class PersonUnavailable:
    """Note a time when a person cannot speak."""

    person: str
    unavailable: Interval


@dataclass(frozen=True, slots=True)
class PersonAvailable:
    """Note that a person can speak at a time after all."""

    person: str
    available: Interval


@dataclass(frozen=True, slots=True)
class SetAudience:
    """Expect so many people; None: nobody knows."""

    session: str
    audience: int | None


Edit = (
    Move
    | Resize
    | Swap
    | Unplace
    | Pin
    | Unpin
    | CloseRoom
    | OpenRoom
    | PersonUnavailable
    | PersonAvailable
    | SetAudience
)


@dataclass(frozen=True, slots=True)
class Edited:
    """A conference and a schedule after edits."""

    conference: Conference
    schedule: Schedule
    held: frozenset[str] = frozenset()
    """Placed sessions that an edit moved, resized or swapped: a repair may not touch them."""
    touched: frozenset[str] = frozenset()
    """Sessions that an edit moved, resized, swapped or unplaced."""
    concerned: frozenset[str] = frozenset()
    """Sessions about which something has changed: where they are, their facts, their room's or their speakers'."""


def apply(conference: Conference, schedule: Schedule, edits: Sequence[Edit]) -> Edited:
    """The conference and schedule once `edits` are made, in order.

    Raises `EditError` for an edit that names something unknown or that makes no sense.
    """
    draft = _Draft(conference, schedule)
    for index, edit in enumerate(edits):
        try:
            draft.make(edit)
        except FactError as error:
            raise EditError(index, str(error)) from None
    return draft.done()


class _Draft:
    """Facts opened up for editing; closed again, and checked, by `done`."""

    def __init__(self, conference: Conference, schedule: Schedule) -> None:
        self.conference = conference
        self.rooms: ChainMap[str, Room] = ChainMap({}, conference.room)  # type: ignore[arg-type]
        self.people: ChainMap[str, Person] = ChainMap({}, conference.person)  # type: ignore[arg-type]
        self.sessions: ChainMap[str, Session] = ChainMap({}, conference.session)  # type: ignore[arg-type]
        self.schedule = dict(schedule)
        self.held: set[str] = set()
        self.touched: set[str] = set()

    def make(self, edit: Edit) -> None:
        match edit:
            case Move():
                self._move(edit)
            case Resize(session, minutes):
                self._session(session)
                self.sessions[session] = replace(self.sessions[session], minutes=minutes)
                self._hold(session)
            case Swap():
                self._swap(edit)
            case Unplace(session):
                self._session(session)
                self.schedule.pop(session, None)
                self.held.discard(session)
                self.touched.add(session)
            case Pin(session) | Unpin(session):
                self._session(session)
                self.sessions[session] = replace(self.sessions[session], pinned=isinstance(edit, Pin))
            case SetAudience(session, audience):
                self._session(session)
                self.sessions[session] = replace(self.sessions[session], audience=audience)
            case CloseRoom(room, closed):
                self._room(room)
                self.rooms[room] = replace(self.rooms[room], closed=(*self.rooms[room].closed, closed))
            case OpenRoom(room, opened):
                self._room(room)
                self.rooms[room] = replace(self.rooms[room], closed=without(self.rooms[room].closed, [opened]))
            case PersonUnavailable(person, unavailable):
                old = self._person(person)
                self.people[person] = replace(old, unavailable=(*old.unavailable, unavailable))
            case PersonAvailable(person, available):
                old = self._person(person)
                self.people[person] = replace(old, unavailable=without(old.unavailable, [available]))

    def done(self) -> Edited:
        rooms, people, sessions = self.rooms.maps[0], self.people.maps[0], self.sessions.maps[0]
        conference = self.conference
        if rooms or people or sessions:
            conference = conference.revised(rooms=rooms, people=people, sessions=sessions)
        concerned = self.touched | sessions.keys()
        concerned |= {one.id for person in people for one in conference.sessions_of.get(person, ())}
        if rooms:
            concerned |= {one for one, place in self.schedule.items() if place.room in rooms}
        held = frozenset(self.held & self.schedule.keys())
        return Edited(conference, self.schedule, held, frozenset(self.touched), frozenset(concerned))

    def _move(self, edit: Move) -> None:
        self._session(edit.session)
        old = self.schedule.get(edit.session)
        room = edit.room if edit.room is not None or old is None else old.room
        start = edit.start if edit.start is not None or old is None else old.start
        if room is None or start is None:
            raise FactError(f"session '{edit.session}' is unplaced: the move must give a room and a start")
        self._room(room)
        self.schedule[edit.session] = Placement(room, start)
        self._hold(edit.session)

    def _swap(self, edit: Swap) -> None:
        if edit.first == edit.second:
            raise FactError(f"session '{edit.first}' cannot be swapped with itself")
        for session in (edit.first, edit.second):
            self._session(session)
            if session not in self.schedule:
                raise FactError(f"session '{session}' is unplaced and cannot be swapped")
        first, second = self.schedule[edit.first], self.schedule[edit.second]
        self.schedule[edit.first], self.schedule[edit.second] = second, first
        self._hold(edit.first)
        self._hold(edit.second)

    def _hold(self, session: str) -> None:
        self.held.add(session)
        self.touched.add(session)

    def _session(self, session: str) -> None:
        if session not in self.sessions:
            raise FactError(f"there is no session '{session}'")

    def _person(self, person: str) -> Person:
        if person not in self.people:
            raise FactError(f"there is no person '{person}'")
        return self.people[person]

    def _room(self, room: str) -> None:
        if room not in self.rooms:
            raise FactError(f"there is no room '{room}'")
