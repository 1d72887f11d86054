"""What both feed formats write: days, rooms and events, with identifiers that every reader accepts.

The formats want a positive number and a UUID for every event, names that are unique for rooms, and numbers or
UUIDs for persons.  Where our own identifier is something else, a stable one takes its place: a UUID is made of
the conference's name and our identifier, a number of the UUID.  `Outgoing.restore` says which is whose, and the
writers put it where the formats have room for it, so that our own reader brings every identifier back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from solver.conference import Conference, Person, Room, Schedule, Session
from webapp.interop.document import identifier
from webapp.interop.feed_times import read_date, read_moment
from webapp.interop.feed_values import acronym_of, is_uuid
from webapp.interop.xml_text import xml_safe

NAMESPACE = UUID("6d0f8a1c-5f0e-5c0b-9d5e-0c3b7a4e2f61")
"""The namespace of every UUID that Callboard makes for a feed; it never changes."""

_NUMBER = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_NUMBERS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class OutPerson:
    """A person as a feed names one; empty where the format should say nothing."""

    name: str
    id: str
    guid: str
    carried: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutEvent:
    """A placed session as a feed tells it."""

    session: Session
    number: int
    guid: str
    start: datetime
    end: datetime
    persons: tuple[OutPerson, ...]
    carried: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutDay:
    """A day of a feed; `events` has an entry for every room, by the room's name in the feed."""

    index: int
    date: date
    start: datetime
    end: datetime
    events: dict[str, list[OutEvent]]


@dataclass(slots=True)
class Outgoing:
    """A conference and schedule on the way out."""

    conference: Conference
    acronym: str
    days: list[OutDay] = field(default_factory=list)
    rooms: dict[str, tuple[Room, str, Mapping[str, Any]]] = field(default_factory=dict)
    """By name in the feed: the room, its guid, and what was carried of it."""
    restore: dict[str, dict[str, str]] = field(default_factory=dict)


def outgoing(conference: Conference, schedule: Schedule, carried: Mapping[str, Any]) -> Outgoing:
    """Everything that a feed says, ready to be written."""
    return _Builder(conference, schedule, carried).build()


class _Builder:
    def __init__(self, conference: Conference, schedule: Schedule, carried: Mapping[str, Any]) -> None:
        self.conference = conference
        self.schedule = schedule
        self.carried = carried
        first = conference.days[0].date.isoformat() if conference.days else ""
        self.namespace = uuid5(NAMESPACE, conference.name or first)
        self.restore: dict[str, dict[str, str]] = {"sessions": {}, "rooms": {}, "people": {}}
        self.room_names = self._name_rooms()
        self.guids = self._session_guids()
        self.numbers = self._session_numbers()
        self.persons = {person.id: self._person(person) for person in conference.people}

    def build(self) -> Outgoing:
        out = Outgoing(self.conference, acronym_of(self.conference, self.carried))
        for room in self.conference.rooms:
            carried = _section(self.carried, "rooms", room.id)
            guid = carried.get("guid")
            out.rooms[self.room_names[room.id]] = (
                room,
                guid if is_uuid(guid) else self._guid("room", room.id),
                carried,
            )
        out.days = self._days()
        out.restore = {kind: entries for kind, entries in self.restore.items() if entries}
        return out

    def _guid(self, kind: str, own_id: str) -> str:
        return str(uuid5(self.namespace, own_id if kind == "session" else f"{kind}:{own_id}"))

    # --- identifiers ---

    def _name_rooms(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for room in self.conference.rooms:
            name = identifier(xml_safe(room.label)) or identifier(xml_safe(room.id)) or "Room"
            if name in names.values():
                name = f"{name} ({room.id})"
            while name in names.values():
                name += "'"
            names[room.id] = name
            if name != room.id:
                self.restore["rooms"][name] = room.id
        return names

    def _session_guids(self) -> dict[str, str]:
        guids: dict[str, str] = {}
        used: set[str] = set()
        for session in self.conference.sessions:
            guid = _section(self.carried, "sessions", session.id).get("guid")
            if not is_uuid(guid) or guid.lower() in used:
                guid = self._guid("session", session.id)
            used.add(guid.lower())
            guids[session.id] = guid
        return guids

    def _session_numbers(self) -> dict[str, int]:
        """Own numbers first, so that none is taken away; every other id gets one made of its guid."""
        own = {session.id: int(session.id) for session in self.conference.sessions if _NUMBER.fullmatch(session.id)}
        numbers, used = dict(own), set(own.values())
        for session in self.conference.sessions:
            if session.id in own:
                continue
            number = UUID(self.guids[session.id]).int % _NUMBERS + 1
            while number in used:
                number = number % _NUMBERS + 1
            used.add(number)
            numbers[session.id] = number
            self.restore["sessions"][self.guids[session.id]] = session.id
        return numbers

    def _person(self, person: Person) -> OutPerson:
        carried = _section(self.carried, "people", person.id)
        number, guid = str(carried.get("id", "")), carried.get("guid")
        number = number if re.fullmatch(r"0|-?[1-9][0-9]{0,14}", number, re.ASCII) else ""
        if guid == person.id or is_uuid(person.id):
            return OutPerson(person.name, number, person.id if is_uuid(person.id) else "", carried)
        if _NUMBER.fullmatch(person.id) and number in ("", person.id):
            return OutPerson(person.name, person.id, "", carried)
        if identifier(xml_safe(person.name)).lower() == person.id and number in ("", "0", "-1"):
            return OutPerson(person.name, number, "", carried)
        guid = self._guid("person", person.id)
        self.restore["people"][guid] = person.id
        return OutPerson(person.name, number, guid, carried)

    # --- days ---

    def _days(self) -> list[OutDay]:
        """The conference's days and, with their rooms, the days that a feed had without any session."""
        clock = self.conference.clock
        spans = [(day.date, clock.local(day.hours.start), clock.local(day.hours.end)) for day in self.conference.days]
        known = {day for day, _, _ in spans}
        written = {day: span for attributes in self.carried.get("days", []) for day, *span in _written(attributes)}
        spans.extend((day, start, end) for day, (start, end) in written.items() if day not in known)
        spans.sort(key=lambda span: span[1])
        days = [
            OutDay(index, day, start, end, {name: [] for name in self.room_names.values()})
            for index, (day, start, end) in enumerate(spans, 1)
        ]
        self._fill(days)
        return [_as_written(day, written) for day in days]

    def _fill(self, days: list[OutDay]) -> None:
        if not days:
            return
        for session in self.conference.sessions:
            placement = self.schedule.get(session.id)
            if placement is not None:
                day = self._day_for(placement.start, days)
                day.events[self.room_names[placement.room]].append(self._event(session, placement.start))
        for day in days:
            for events in day.events.values():
                events.sort(key=lambda event: event.start)

    def _day_for(self, minute: int, days: list[OutDay]) -> OutDay:
        """The day whose hours hold the start, else the nearest."""
        moment = self.conference.clock.local(minute)

        def away(day: OutDay) -> timedelta:
            if day.start <= moment < day.end:
                return timedelta(0)
            return max(day.start - moment, moment - day.end + timedelta(minutes=1))

        return min(days, key=away)

    def _event(self, session: Session, start: int) -> OutEvent:
        clock = self.conference.clock
        return OutEvent(
            session=session,
            number=self.numbers[session.id],
            guid=self.guids[session.id],
            start=clock.local(start),
            end=clock.local(start + session.minutes),
            persons=tuple(self.persons[speaker] for speaker in session.speakers),
            carried=_section(self.carried, "sessions", session.id),
        )


def day_dates(days: list[OutDay]) -> tuple[str, str]:
    """The first and the last date."""
    return min(day.date for day in days).isoformat(), max(day.date for day in days).isoformat()


def _written(attributes: Mapping[str, Any]) -> Iterator[tuple[date, datetime, datetime]]:
    """The date, start and end that a feed gave a day, where they are whole."""
    day = read_date(str(attributes.get("date", "")))
    start, end = (read_moment(str(attributes.get(key, ""))) for key in ("start", "end"))
    if day and start and end and start.tzinfo and end.tzinfo and start < end:
        yield day, start, end


def _as_written(day: OutDay, written: Mapping[date, list[datetime]]) -> OutDay:
    """The day with the start and end that the feed gave it, if every hour of it still lies between them."""
    start, end = written.get(day.date, (day.start, day.end))
    return replace(day, start=start, end=end) if start <= day.start and day.end <= end else day


def _section(carried: Mapping[str, Any], kind: str, own_id: str) -> Mapping[str, Any]:
    found = carried.get(kind, {}).get(own_id, {})
    return found if isinstance(found, Mapping) else {}
