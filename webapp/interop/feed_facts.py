"""What a schedule feed says, as facts: identifiers, persons, hours, nights, and what is left out with a warning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time

from solver.conference import Conference, Day, FactError, Interval, Person, Placement, Room, Session
from solver.grid import Clock, LocalTimeError
from webapp.interop.document import DocumentError, Imported, shown
from webapp.interop.feed import PLACEHOLDERS, Carried, Feed, FeedDay, FeedEvent, FeedPerson
from webapp.interop.feed_times import read_clock, read_length, read_moment, start_of, zone_exists, zone_of_offsets

MAX_EVENTS = 50_000
LONGEST_TEXT = 20_000


def facts_of(feed: Feed, *, name: str, format: str) -> Imported:
    """What a feed says, as facts; raises `DocumentError` where it says what cannot be."""
    return _Facts(feed, name, format).imported()


@dataclass(slots=True)
class _Placed:
    """An event that became a session."""

    session: Session
    room: str
    moment: datetime | None
    event: FeedEvent


class _Facts:
    def __init__(self, feed: Feed, name: str, format: str) -> None:
        self.feed = feed
        self.name = name
        self.format = format
        self.warnings: list[str] = []
        self.people: dict[str, FeedPerson] = {}
        self.nameless: Counter[str] = Counter()
        self.ids: set[str] = set()
        self.sessions_carried: dict[str, Carried] = {}
        self.kept_ids = feed.restore.get("sessions", {})
        self.kept_rooms = feed.restore.get("rooms", {})
        self.kept_people = feed.restore.get("people", {})
        guids = {event.guid for day in feed.days for event in day.events}
        self.claimed = {own for guid, own in self.kept_ids.items() if guid in guids}

    def imported(self) -> Imported:
        if sum(len(day.events) for day in self.feed.days) > MAX_EVENTS:
            raise DocumentError(self.name, "", f"there are more than {MAX_EVENTS} events")
        days = [(day, list(self._events_of(day))) for day in self.feed.days]
        placed = [one for _, events in days for one in events]
        clock = self._clock([one.moment for one in placed if one.moment])
        schedule: dict[str, Placement] = {}
        hours: list[Day] = []
        for day, events in days:
            spans = [span for one in events if (span := self._place(one, clock, schedule))]
            if spans:
                start, end = min(start for start, _ in spans), max(end for _, end in spans)
                hours.append(Day(day.date or clock.local(start).date(), Interval(start, end)))
        self._compare_starts(placed, clock, schedule)
        self._say_placeholders()
        conference = self._conference(self._apart_days(hours), tuple(one.session for one in placed), clock.zone.key)
        return Imported(conference, schedule, tuple(self.warnings), self.format, self._carried())

    def _conference(self, days: tuple[Day, ...], sessions: tuple[Session, ...], timezone: str) -> Conference:
        try:
            return Conference(
                days=days,
                rooms=tuple(self._room(room) for room in self.feed.rooms),
                sessions=sessions,
                people=tuple(Person(id=key, name=person.name[:LONGEST_TEXT]) for key, person in self.people.items()),
                name=self.feed.title[:LONGEST_TEXT],
                timezone=timezone,
            )
        except FactError as error:
            raise DocumentError(self.name, "", str(error)) from None

    # --- sessions ---

    def _events_of(self, day: FeedDay) -> Iterator[_Placed]:
        """The day's events that can be sessions; the others leave a warning."""
        change = read_clock(self.feed.day_change)
        if change is None and (opening := read_moment(day.start)):
            change = opening.time()
        for event in day.events:
            moment = start_of(event.date, event.start, day.date, change)
            minutes = _minutes(event, moment)
            if not minutes or minutes < 0:
                self._warn_left_out(event, minutes)
                continue
            yield self._placed(event, minutes, moment)

    def _warn_left_out(self, event: FeedEvent, minutes: int | None) -> None:
        length = "zero" if minutes == 0 else f"not readable ({shown(event.length)})" if event.length else "not given"
        which = f"{shown(event.id or event.guid)} {shown(event.title)}"
        self.warnings.append(f"{event.place}: event {which} is left out: its length is {length}")

    def _placed(self, event: FeedEvent, minutes: int, moment: datetime | None) -> _Placed:
        session_id = self._session_id(event)
        speakers = tuple(dict.fromkeys(key for person in event.persons if (key := self._person(person))))
        try:
            title, track = event.title[:LONGEST_TEXT], event.track[:LONGEST_TEXT] or None
            session = Session(session_id, minutes, title, track, speakers)
        except FactError as error:
            raise DocumentError(self.name, event.place, str(error)) from None
        identity = {key: value for key in ("id", "guid", "code") if (value := getattr(event, key))}
        self.sessions_carried[session_id] = identity | event.carried
        return _Placed(session, event.room, moment, event)

    def _session_id(self, event: FeedEvent) -> str:
        kept = self.kept_ids.get(event.guid)
        if kept is not None and kept not in self.ids:
            self.ids.add(kept)
            return kept
        wanted = event.id or event.guid or event.code or "event"
        found, times = wanted, 1
        while found in self.ids or found in self.claimed:
            times += 1
            found = f"{wanted}#{times}"
        if found != wanted or not (event.id or event.guid):
            why = f"id {shown(wanted)} comes again" if found != wanted else "there is no id"
            self.warnings.append(f"{event.place}: {why}: {shown(event.title)} is called {shown(found)}")
        self.ids.add(found)
        return found

    def _person(self, person: FeedPerson) -> str:
        key = person.key
        if key and person.id in PLACEHOLDERS and not person.guid and not person.code:
            self.nameless[person.id] += 1
        key = self.kept_people.get(key, key)
        if key:
            known = self.people.get(key)
            if known is None:
                self.people[key] = person
            elif not known.name:
                self.people[key] = replace(known, name=person.name)
        return key

    def _say_placeholders(self) -> None:
        for placeholder, times in self.nameless.items():
            self.warnings.append(
                f"person id {shown(placeholder)} says nothing ({times} times): these people are told apart by name"
            )

    # --- places ---

    def _room(self, name: str) -> Room:
        capacity = self.feed.rooms[name].get("capacity")
        seats = capacity if type(capacity) is int and 0 <= capacity <= 1_000_000 else None
        return Room(id=self.kept_rooms.get(name, name), name=name, capacity=seats)

    def _place(self, one: _Placed, clock: Clock, schedule: dict[str, Placement]) -> tuple[int, int] | None:
        """Place the session; its start and end, or None with a warning where the feed does not say enough."""
        if one.moment is None or not one.room:
            lacks = "room" if one.moment else f"start that can be read ({shown(one.event.date or one.event.start)})"
            self.warnings.append(f"{one.event.place}: session {shown(one.session.id)} is unplaced: it has no {lacks}")
            return None
        try:
            start = clock.minute(one.moment)
        except LocalTimeError as error:
            raise DocumentError(self.name, one.event.place, f"session {shown(one.session.id)}: {error}") from None
        schedule[one.session.id] = Placement(self.kept_rooms.get(one.room, one.room), start)
        return start, start + one.session.minutes

    # --- time ---

    def _clock(self, moments: list[datetime]) -> Clock:
        zone = self.feed.zone
        if zone and zone_exists(zone):
            return Clock(zone)
        attributes = [moment for day in self.feed.days if (moment := read_moment(day.start))]
        found = zone_of_offsets(moments) or zone_of_offsets(attributes)
        if zone:
            self.warnings.append(f"there is no time zone {shown(zone)}: {found or 'UTC'} is taken")
        elif found is None:
            self.warnings.append("the file names no time zone: UTC is taken")
        return Clock(found or "UTC")

    def _compare_starts(self, placed: list[_Placed], clock: Clock, schedule: dict[str, Placement]) -> None:
        """Say where `start` and `date` of events tell different times; the full date is believed."""
        odd = [
            one
            for one in placed
            if one.session.id in schedule
            and (said := read_clock(one.event.start)) is not None
            and said != _time_of_day(clock, schedule[one.session.id].start)
        ]
        if odd:
            first = odd[0]
            meant = clock.text(schedule[first.session.id].start)
            self.warnings.append(
                f"{first.event.place}: the start {shown(first.event.start)} is not that of the date, {meant} in "
                f"{clock.zone.key}: the date is taken ({len(odd)} events)"
            )

    def _apart_days(self, hours: list[Day]) -> tuple[Day, ...]:
        """The days in order; where sessions make the hours of two overlap, they become one."""
        days: list[Day] = []
        for day in sorted(hours, key=lambda day: (day.hours.start, day.hours.end)):
            if days and day.hours.start < days[-1].hours.end:
                last = days.pop()
                end = max(last.hours.end, day.hours.end)
                self.warnings.append(f"the hours of {last.date} and {day.date} overlap: they are taken as one day")
                day = Day(last.date, Interval(last.hours.start, end))
            days.append(day)
        return tuple(days)

    # --- the way back ---

    def _carried(self) -> Carried:
        people = {
            key: {what: value for what in ("guid", "code", "id") if (value := getattr(person, what))} | person.carried
            for key, person in self.people.items()
        }
        rooms = {self.kept_rooms.get(name, name): carried for name, carried in self.feed.rooms.items()}
        days = [
            {"date": day.date.isoformat(), "start": day.start, "end": day.end} for day in self.feed.days if day.date
        ]
        return self.feed.carried | {
            "sessions": self.sessions_carried,
            "people": {key: carried for key, carried in people.items() if carried},
            "rooms": {key: carried for key, carried in rooms.items() if carried},
            "days": days,
        }


def _minutes(event: FeedEvent, moment: datetime | None) -> int | None:
    """The event's length; where the feed gives only an end, the time up to it."""
    if event.length.strip():
        return read_length(event.length)
    end = read_moment(event.end)
    if end is None or moment is None or (end.tzinfo is None) != (moment.tzinfo is None):
        return None
    return max(0, round((end - moment).total_seconds() / 60))


def _time_of_day(clock: Clock, minute: int) -> time:
    local = clock.local(minute)
    return time(local.hour, local.minute)
