"""The Callboard file: JSON to facts and back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from solver.conference import (
    Conference,
    Day,
    Order,
    Person,
    Placement,
    Room,
    Schedule,
    Session,
    Travel,
)
from solver.grid import Clock
from webapp.interop.document import DocumentError, shown
from webapp.schemas.models import CallboardShape, DayShape, SessionShape, first_repeated, shaped
from webapp.schemas.times import TimeReader, day_json

VERSION = 1
"""The version of the format, under the key `callboard`."""


def read_callboard(obj: object, name: str) -> tuple[Conference, dict[str, Placement]]:
    """The conference and schedule of a Callboard file; raises `DocumentError` with the path of what is wrong."""
    if not isinstance(obj, dict):
        raise DocumentError(name, "", f"a Callboard file is an object, not {shown(obj)}")
    version = obj.get("callboard", VERSION)
    if version != VERSION or not isinstance(version, int) or isinstance(version, bool):
        raise DocumentError(name, "callboard", f"it is {shown(version)}; this program reads {VERSION}")
    return _Reader(shaped(CallboardShape, obj, name), name).read()


def read_days(obj: object, clock: Clock, name: str, *, place: str) -> tuple[Day, ...]:
    """Days and their hours, as a Callboard file lists them; raises `DocumentError` with the path of what is wrong."""
    if not isinstance(obj, list):
        raise DocumentError(name, place, f"it must be a list, not {shown(obj)}")
    shapes = [shaped(DayShape, one, name, (place, index)) for index, one in enumerate(obj)]
    return ordered_days(TimeReader(clock, name), shapes, place)


def ordered_days(times: TimeReader, shapes: list[DayShape], place: str) -> tuple[Day, ...]:
    """The days, earliest first, none of which overlaps another."""
    read = [(times.day(shape, f"{place}[{index}]"), index) for index, shape in enumerate(shapes)]
    read.sort(key=lambda pair: (pair[0].hours.start, pair[0].hours.end))
    for (day, index), (later, later_index) in pairwise(read):
        if later.hours.start < day.hours.end:
            reason = f"the hours of {day.date} and {later.date} overlap"
            raise DocumentError(times.name, f"{place}[{max(index, later_index)}]", reason)
    return tuple(day for day, _ in read)


class _Reader:
    """Makes facts of a file whose shape is right."""

    def __init__(self, shape: CallboardShape, name: str) -> None:
        self.shape = shape
        self.name = name
        whole = shape.conference
        try:
            self.times = TimeReader(Clock(whole.timezone, whole.grid_minutes), name)
        except ValueError as error:
            raise self._error("conference.timezone", str(error)) from None

    def read(self) -> tuple[Conference, dict[str, Placement]]:
        self._check_ids()
        whole = self.shape.conference
        people = self._people()
        sessions = self._sessions({person.id for person in people})
        conference = Conference(
            days=ordered_days(self.times, whole.days, "conference.days"),
            rooms=self._rooms(),
            sessions=sessions,
            people=people,
            name=whole.name,
            timezone=whole.timezone,
            grid_minutes=whole.grid_minutes,
            speaker_gap=whole.speaker_gap_minutes,
            apart=self._apart(),
            order=self._order(),
            travel=self._travel(),
        )
        return conference, self._schedule()

    def _error(self, place: str, reason: str) -> DocumentError:
        return DocumentError(self.name, place, reason)

    def _check_ids(self) -> None:
        people = self.shape.people or []
        for kind, noun, ids in (
            ("rooms", "room", [room.id for room in self.shape.rooms]),
            ("people", "person", [person.id for person in people]),
            ("sessions", "session", [session.id for session in self.shape.sessions]),
        ):
            repeated = first_repeated(ids)
            if repeated:
                again, first = repeated
                reason = f"{noun} {shown(ids[again])} is listed twice, first at {kind}[{first}]"
                raise self._error(f"{kind}[{again}].id", reason)
        self.room_ids = {room.id for room in self.shape.rooms}
        self.session_ids = {session.id for session in self.shape.sessions}

    def _rooms(self) -> tuple[Room, ...]:
        return tuple(
            Room(
                id=shape.id,
                name=shape.name,
                building=shape.building or None,
                capacity=shape.capacity,
                features=frozenset(shape.features),
                turnover=shape.turnover_minutes,
                closed=tuple(
                    self.times.interval(closed, f"rooms[{index}].closed[{place}]")
                    for place, closed in enumerate(shape.closed)
                ),
            )
            for index, shape in enumerate(self.shape.rooms)
        )

    def _people(self) -> tuple[Person, ...]:
        """Those listed; where a file has no list at all, everybody who speaks."""
        if self.shape.people is None:
            spoken = (speaker for session in self.shape.sessions for speaker in session.speakers)
            return tuple(Person(id=speaker) for speaker in dict.fromkeys(spoken))
        return tuple(
            Person(
                id=shape.id,
                name=shape.name,
                unavailable=tuple(
                    self.times.interval(away, f"people[{index}].unavailable[{place}]")
                    for place, away in enumerate(shape.unavailable)
                ),
            )
            for index, shape in enumerate(self.shape.people)
        )

    def _sessions(self, people: set[str]) -> tuple[Session, ...]:
        return tuple(self._session(shape, index, people) for index, shape in enumerate(self.shape.sessions))

    def _session(self, shape: SessionShape, index: int, people: set[str]) -> Session:
        for place, speaker in enumerate(shape.speakers):
            if speaker not in people:
                raise self._error(f"sessions[{index}].speakers[{place}]", f"there is no person {shown(speaker)}")
        repeated = first_repeated(shape.speakers)
        if repeated:
            again, _ = repeated
            reason = f"speaker {shown(shape.speakers[again])} is listed twice"
            raise self._error(f"sessions[{index}].speakers[{again}]", reason)
        return Session(
            id=shape.id,
            minutes=shape.minutes,
            title=shape.title,
            track=shape.track or None,
            speakers=tuple(shape.speakers),
            needs=frozenset(shape.needs),
            audience=shape.audience,
            pinned=shape.pinned,
        )

    def _schedule(self) -> dict[str, Placement]:
        schedule: dict[str, Placement] = {}
        for index, shape in enumerate(self.shape.sessions):
            place = f"sessions[{index}]"
            if shape.room is None and shape.start is None:
                continue
            if shape.start is None:
                raise self._error(f"{place}.start", f"session {shown(shape.id)} has a room but no start")
            if shape.room is None:
                raise self._error(f"{place}.room", f"session {shown(shape.id)} has a start but no room")
            if shape.room not in self.room_ids:
                raise self._error(f"{place}.room", f"there is no room {shown(shape.room)}")
            schedule[shape.id] = Placement(shape.room, self.times.moment(shape.start, f"{place}.start"))
        return schedule

    def _apart(self) -> tuple[tuple[str, ...], ...]:
        for index, group in enumerate(self.shape.apart):
            for place, session in enumerate(group):
                self._known_session(session, f"apart[{index}][{place}]")
            repeated = first_repeated(group)
            if repeated:
                again, _ = repeated
                raise self._error(f"apart[{index}][{again}]", f"session {shown(group[again])} is listed twice")
        return tuple(map(tuple, self.shape.apart))

    def _order(self) -> tuple[Order, ...]:
        for index, entry in enumerate(self.shape.order):
            self._known_session(entry.before, f"order[{index}].before")
            self._known_session(entry.after, f"order[{index}].after")
            if entry.before == entry.after:
                reason = f"session {shown(entry.after)} cannot come before itself"
                raise self._error(f"order[{index}].after", reason)
        return tuple(Order(entry.before, entry.after, entry.gap_minutes) for entry in self.shape.order)

    def _travel(self) -> tuple[Travel, ...]:
        ways: set[tuple[str, str]] = set()
        for index, way in enumerate(self.shape.travel):
            if way.start == way.end:
                raise self._error(f"travel[{index}].to", f"{shown(way.end)} is both ends of the way")
            if (way.start, way.end) in ways:
                raise self._error(
                    f"travel[{index}]", f"the way from {shown(way.start)} to {shown(way.end)} is listed twice"
                )
            ways.add((way.start, way.end))
        return tuple(Travel(way.start, way.end, way.minutes) for way in self.shape.travel)

    def _known_session(self, session: str, place: str) -> None:
        if session not in self.session_ids:
            raise self._error(place, f"there is no session {shown(session)}")


def callboard_json(conference: Conference, schedule: Schedule) -> dict[str, Any]:
    """The Callboard file of a conference and schedule.  Keys that would say nothing are left out."""
    clock = conference.clock
    return {
        "callboard": VERSION,
        "conference": {
            "name": conference.name,
            "timezone": conference.timezone,
            "grid_minutes": conference.grid_minutes,
            "speaker_gap_minutes": conference.speaker_gap,
            "days": [day_json(clock, day) for day in conference.days],
        },
        "rooms": [_room_json(clock, room) for room in conference.rooms],
        "people": [_person_json(clock, person) for person in conference.people],
        "sessions": [_session_json(clock, session, schedule.get(session.id)) for session in conference.sessions],
        "apart": [list(group) for group in conference.apart],
        "order": [
            {"before": entry.before, "after": entry.after, "gap_minutes": entry.gap} for entry in conference.order
        ],
        "travel": [{"from": way.origin, "to": way.target, "minutes": way.minutes} for way in conference.travel],
    }


def _said(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _room_json(clock: Clock, room: Room) -> dict[str, Any]:
    capacity = {} if room.capacity is None else {"capacity": room.capacity}
    return (
        {"id": room.id, "name": room.name}
        | capacity
        | _said(
            building=room.building,
            features=sorted(room.features),
            turnover_minutes=room.turnover,
            closed=[{"from": clock.text(part.start), "to": clock.text(part.end)} for part in room.closed],
        )
    )


def _person_json(clock: Clock, person: Person) -> dict[str, Any]:
    away = [{"from": clock.text(part.start), "to": clock.text(part.end)} for part in person.unavailable]
    return {"id": person.id, "name": person.name} | _said(unavailable=away)


def _session_json(clock: Clock, session: Session, placement: Placement | None) -> dict[str, Any]:
    audience = {} if session.audience is None else {"audience": session.audience}
    placed = {} if placement is None else {"room": placement.room, "start": clock.text(placement.start)}
    return (
        {"id": session.id, "title": session.title, "minutes": session.minutes}
        | _said(
            track=session.track,
            speakers=list(session.speakers),
            needs=sorted(session.needs),
            pinned=session.pinned,
        )
        | audience
        | placed
    )
