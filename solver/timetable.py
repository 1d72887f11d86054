"""A schedule kept in order by room and by whom it sets against whom: what one change breaks is known in microseconds.

A timetable answers for one conference and one schedule.  Another one *follows* from it when something has changed, and
shares whatever is the same: that is how edits are checked, and how a save is followed.  The rules are said here once
more, for speed; their sentences are the plain checker's, which must agree.  With rules of the organisers' own, which
may look anywhere, the plain checker answers alone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import ChainMap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from solver import check
from solver.breach import Breach, breach_of, first_overlap, for_one_person, in_one_room, said
from solver.conference import Conference, Interval, Minute, Placement, Room, Schedule, Session
from solver.rules import OFF_GRID, RULES, Violation

FRAME = ("days", "grid_minutes", "timezone", "speaker_gap", "apart", "order", "travel", "waived")
"""The facts of a conference that do not belong to a room, a person or a session."""


class Change(NamedTuple):
    """What differs between two conferences with their schedules."""

    sessions: Collection[str]
    """Those with other facts or another place."""
    rooms: Collection[str]
    people: Collection[str]


def change(before: Conference, schedule: Schedule, after: Conference, rescheduled: Schedule) -> Change | None:
    """What has changed; None where it is more than facts of rooms, people and sessions, and places.

    Who and what there is must be the same, in the same order, and who speaks where.
    """
    sessions: set[str] = set()
    if before.sessions is not after.sessions:
        for old, new in zip(before.sessions, after.sessions, strict=False):
            if old is not new and old != new:
                if old.id != new.id or old.speakers != new.speakers:
                    return None
                sessions.add(old.id)
    if schedule is not rescheduled:
        sessions.update(one for one, place in schedule.items() if rescheduled.get(one) != place)
        sessions.update(one for one in rescheduled if one not in schedule)
    if before is after:
        return Change(sessions, (), ())
    if (
        any(getattr(before, name) != getattr(after, name) for name in FRAME)
        or len(before.sessions) != len(after.sessions)
        or [one.id for one in before.rooms] != [one.id for one in after.rooms]
        or before.person.keys() != after.person.keys()
    ):
        return None
    rooms = {one.id for one in after.rooms if _differ(before.room[one.id], one)}
    people = {one.id for one in after.people if _differ(before.person[one.id], one)}
    return Change(sessions, rooms, people)


def _differ(old: object, new: object) -> bool:
    return old is not new and old != new


class Row(NamedTuple):
    """One room, and the sessions in it in the order of their starts."""

    room: str
    pad: Minute
    starts: list[Minute]
    spans: list[tuple[Minute, Minute, str]]
    """Start, end, session."""
    longest: Minute
    closed: Sequence[Interval]
    capacity: int | None
    features: frozenset[str]

    @staticmethod
    def of(room: Room, spans: list[tuple[Minute, Minute, str]]) -> Row:
        """The row of a room and its sessions, in order."""
        longest = max([end - start for start, end, _ in spans], default=0)
        starts = [start for start, _, _ in spans]
        return Row(room.id, room.turnover, starts, spans, longest, room.closed, room.capacity, room.features)


class Ties(NamedTuple):
    """Whom pair rules set against a session."""

    people: tuple[tuple[str, str], ...]
    """Others that a person speaks in too: the other, the person."""
    apart: tuple[tuple[str, int], ...]
    """Others of an apart group: the other, the group."""
    order: tuple[int, ...]
    """Its entries in the order."""


class Timetable:
    """A conference with one schedule; neither may be changed afterwards.

    Raises `FactError` if the schedule names a session or a room that the conference does not have.
    """

    def __init__(self, conference: Conference, schedule: Schedule) -> None:
        conference.check_schedule(schedule)
        self.conference = conference
        self.schedule = schedule
        spans: dict[str, list[tuple[Minute, Minute, str]]] = {room: [] for room in conference.room}
        for one, place in schedule.items():
            spans[place.room].append((place.start, conference.end(one, place), one))
        self._rows = {room: Row.of(conference.room[room], sorted(row)) for room, row in spans.items()}
        self._ties = _ties(conference)
        self._away = {one: away for one, away in _away(conference, conference.sessions_of).items() if away}
        self._frame = _Frame(conference)

    def follow(self, conference: Conference, schedule: Schedule) -> Timetable:
        """The timetable of a later conference and schedule, quickly where little has changed."""
        changed = change(self.conference, self.schedule, conference, schedule)
        if changed is None or RULES.own:
            return Timetable(conference, schedule)
        return self._followed(conference, schedule, changed)

    def _followed(self, conference: Conference, schedule: Schedule, changed: Change) -> Timetable:
        after = self._patched(conference, schedule, changed)
        concerned = set(changed.sessions)
        concerned.update(one for room in changed.rooms for one in self.in_room(room))
        concerned.update(one.id for person in changed.people for one in conference.sessions_of.get(person, ()))
        if "violations" in self.__dict__:
            after.__dict__["violations"] = self._with(after, concerned)
        if "notes" in self.__dict__:
            after.__dict__["notes"] = self.notes_after(conference, schedule, concerned)
        return after

    def _patched(self, conference: Conference, schedule: Schedule, changed: Change) -> Timetable:
        after = object.__new__(Timetable)
        after.conference, after.schedule = conference, schedule
        after._ties, after._frame = self._ties, self._frame
        moves = [(one, self.schedule.get(one), schedule.get(one)) for one in changed.sessions]
        rooms = {place.room for _, *places in moves for place in places if place is not None}
        spans = {room: list(self._rows[room].spans) for room in rooms.union(changed.rooms)}
        for one, old, new in moves:
            if old is not None:
                spans[old.room].remove((old.start, self.conference.end(one, old), one))
            if new is not None:
                insort(spans[new.room], (new.start, conference.end(one, new), one))
        after._rows = self._rows | {room: Row.of(conference.room[room], row) for room, row in spans.items()}
        after._away = self._away | _away(conference, changed.people) if changed.people else self._away
        return after

    # What the schedule breaks.

    @cached_property
    def violations(self) -> list[Violation]:
        """Everything that the schedule breaks, rule by rule, by the plain checker."""
        return check.violations(self.conference, self.schedule)

    @cached_property
    def notes(self) -> list[Violation]:
        """What is worth saying but breaks nothing."""
        return check.notes(self.conference, self.schedule)

    def violations_in(self, conference: Conference, schedule: Schedule) -> list[Violation]:
        """Everything that another conference and schedule break, quickly where they are much like these."""
        changed = change(self.conference, self.schedule, conference, schedule)
        if changed is None or RULES.own:
            return check.violations(conference, schedule)
        _ = self.violations
        return self._followed(conference, schedule, changed).violations

    def violations_after(
        self, conference: Conference, schedule: Schedule, concerned: Collection[str]
    ) -> list[Violation]:
        """Everything that is broken, rule by rule, when something has changed about the sessions concerned.

        Those are sessions with other facts, another place, or a room or a speaker with other facts.
        """
        if RULES.own:
            return check.violations(conference, schedule)
        return self._with(self._edited(conference, schedule, concerned), concerned)

    def notes_after(self, conference: Conference, schedule: Schedule, concerned: Collection[str]) -> list[Violation]:
        """What is worth saying then."""
        kept = [one for one in self.notes if one.sessions[0] not in concerned]
        part = {one: schedule[one] for one in concerned if one in schedule and not self._frame.on_grid(schedule[one])}
        found = kept + list(OFF_GRID.violations(conference, part))
        return sorted(found, key=lambda one: conference.rank[one.sessions[0]])

    def breaches_of(self, session: str, room: str, start: Minute, minutes: int | None = None) -> list[Breach]:
        """What a session would break in this room from this minute on, everybody else being where they are.

        `minutes`: its length, if that is to be another.  Raises `KeyError` for a session or a room that is not there.
        """
        one = self.conference.session[session]
        if RULES.own:
            return list(map(breach_of, self.violations_of(session, room, start, minutes)))
        found: list[Breach] = []
        self._look(one, self._rows[room], start, start + (one.minutes if minutes is None else minutes), found)
        return found

    def breaches_of_swap(self, first: str, second: str) -> list[Breach]:
        """What two placed sessions would break in each other's places, everybody else being where they are."""
        places = {first: self.schedule[second], second: self.schedule[first]}
        schedule = ChainMap(places, self.schedule)  # type: ignore[arg-type]  # it is not written to
        if RULES.own:
            whole = check.violations(self.conference, dict(schedule))
            return [breach_of(one) for one in whole if not places.keys().isdisjoint(one.sessions)]
        tied = second in self.conference.kin.get(first, ())
        if tied or places[first].room == places[second].room:
            return self._edited(self.conference, schedule, places)._breaches(places)
        # Nothing sets them against one another: each is looked at alone, and the other has left.
        return [
            breach
            for one, other in ((first, second), (second, first))
            for breach in self.breaches_of(one, places[one].room, places[one].start)
            if other not in breach.sessions
        ]

    def violations_of(self, session: str, room: str, start: Minute, minutes: int | None = None) -> list[Violation]:
        """The breaches of a session in the plain checker's words, rule by rule."""
        conference, one = self.conference, self.conference.session[session]
        if minutes is not None:
            conference = conference.revised(rooms={}, people={}, sessions={session: replace(one, minutes=minutes)})
        schedule = {**self.schedule, session: Placement(room, start)}
        return [one for one in self.violations_after(conference, schedule, (session,)) if session in one.sessions]

    def displaced(self, session: str, room: str, start: Minute) -> set[str]:
        """The other sessions that would have to leave if this one stood there; the place may be barred besides."""
        pairs = (breach.sessions for breach in self.breaches_of(session, room, start) if len(breach.sessions) == 2)
        return {other for pair in pairs for other in pair if other != session}

    def in_room(self, room: str) -> list[str]:
        """Who is in the room, in the order of their starts."""
        return [one for _, _, one in self._rows[room].spans]

    def _edited(self, conference: Conference, schedule: Schedule, concerned: Collection[str]) -> Timetable:
        """The timetable once something has changed about the sessions concerned."""
        if conference is self.conference:
            return self._patched(conference, schedule, Change(concerned, (), ()))
        rooms = {schedule[one].room for one in concerned if one in schedule}
        people = {who for one in concerned for who in conference.session[one].speakers}
        return self._patched(conference, schedule, Change(concerned, rooms, people))

    def _with(self, after: Timetable, concerned: Collection[str]) -> list[Violation]:
        """Everything that is broken after a change about the sessions concerned."""
        kept = [one for one in self.violations if not any(session in concerned for session in one.sessions)]
        anew = said(after._breaches(sorted(concerned)), after.conference, after.schedule)
        order, rank = {rule.name: number for number, rule in enumerate(RULES)}, after.conference.rank
        return sorted(kept + anew, key=lambda one: (order[one.rule], [rank[session] for session in one.sessions]))

    # The rules.

    def _breaches(self, sessions: Iterable[str]) -> list[Breach]:
        """What some of the sessions break where they are, each pair once."""
        found: list[Breach] = []
        seen: set[str] = set()
        for session in sessions:
            place = self.schedule.get(session)
            if place is not None:
                mine: list[Breach] = []
                one = self.conference.session[session]
                self._look(one, self._rows[place.room], place.start, place.start + one.minutes, mine)
                found += [breach for breach in mine if seen.isdisjoint(breach.sessions)] if seen else mine
                seen.add(session)
        return found

    def _look(self, one: Session, row: Row, start: Minute, end: Minute, found: list[Breach]) -> None:
        """Add everything that a session breaks in a room from start to end."""
        me = one.id
        room, pad, starts, spans, longest, closed, capacity, features = row
        begun = start - pad
        for there, until, other in spans[bisect_left(starts, begun - longest) : bisect_left(starts, end + pad)]:
            if until > begun and other != me:
                found.append(in_one_room(me, start, end, other, there, until, room))
        if me in self._ties:
            self._look_at_ties(me, room, start, end, found)
        if me in self._away:
            for person, times in self._away[me]:
                if away := first_overlap(times, start, end):
                    found.append(Breach("speaker_unavailable", (me,), *away, person, room))
        frame = self._frame
        day = bisect_right(frame.opens, start) - 1
        if (day < 0 or end > frame.closes[day]) and not frame.inside(start, end):
            found.append(Breach("outside_hours", (me,), start, end, None, room))
        if closed and (shut := first_overlap(closed, start, end)):
            found.append(Breach("room_closed", (me,), *shut, None, room))
        if capacity is not None and one.audience is not None and one.audience > capacity:
            found.append(Breach("room_too_small", (me,), start, end, None, room))
        if one.needs and not one.needs <= features:
            found.append(Breach("room_lacks_feature", (me,), start, end, None, room))

    def _look_at_ties(self, me: str, room: str, start: Minute, end: Minute, found: list[Breach]) -> None:
        people, apart, order = self._ties[me]
        conference, schedule, reach = self.conference, self.schedule, self._frame.reach
        for other, person in people:
            place = schedule.get(other)
            if place is not None and place.start < end + reach:
                until = place.start + conference.session[other].minutes
                if until + reach > start:
                    mine, theirs = (start, me, end, room), (place.start, other, until, place.room)
                    breach = for_one_person(conference, person, *sorted((mine, theirs)))
                    if breach is not None:
                        found.append(breach)
        for other, group in apart:
            place = schedule.get(other)
            if place is not None and place.start < end:
                until = place.start + conference.session[other].minutes
                if until > start:
                    pair = (me, other) if (start, me) < (place.start, other) else (other, me)
                    first, last = max(start, place.start), min(end, until)
                    found.append(Breach("apart_overlap", pair, first, last, None, None, group))
        for number in order:
            entry = conference.order[number]
            first_is_me = entry.before == me
            place = schedule.get(entry.after if first_is_me else entry.before)
            if place is not None:
                ended = end if first_is_me else place.start + conference.session[entry.before].minutes
                begun = place.start if first_is_me else start
                if begun < ended + entry.gap:
                    pair, until = (entry.before, entry.after), max(begun, ended + entry.gap)
                    found.append(Breach("order", pair, min(begun, ended), until, None, None, None, number))


class _Frame:
    """What a conference says of all its sessions."""

    def __init__(self, conference: Conference) -> None:
        days = sorted((day.hours.start, day.hours.end) for day in conference.days)
        self.opens = [first for first, _ in days]
        self.closes = [last for _, last in days]
        self.reach = max(conference.speaker_gap, *(way.minutes for way in conference.travel), 0)
        """So many minutes between two sessions are enough for everybody."""
        self._clock = conference.clock
        self._grid = frozenset(start for first, last in days for start in conference.clock.starts(first, last))

    def inside(self, start: Minute, end: Minute) -> bool:
        """Whether a stretch lies inside one day's hours."""
        return any(first <= start and end <= last for first, last in zip(self.opens, self.closes, strict=True))

    def on_grid(self, place: Placement) -> bool:
        """Whether a place is on the grid."""
        return place.start in self._grid or self._clock.on_grid(place.start)


def _ties(conference: Conference) -> Mapping[str, Ties]:
    """Session → whom it is set against, for those that are set against anybody."""
    people: dict[str, list[tuple[str, str]]] = {}
    apart: dict[str, list[tuple[str, int]]] = {}
    order: dict[str, list[int]] = {}
    for person, sessions in conference.busy.items():
        for first, second in combinations(sessions, 2):
            people.setdefault(first.id, []).append((second.id, person))
            people.setdefault(second.id, []).append((first.id, person))
    for group, members in enumerate(conference.apart):
        for one, other in combinations(members, 2):
            apart.setdefault(one, []).append((other, group))
            apart.setdefault(other, []).append((one, group))
    for number, entry in enumerate(conference.order):
        order.setdefault(entry.before, []).append(number)
        order.setdefault(entry.after, []).append(number)
    return {
        one: Ties(tuple(people.get(one, ())), tuple(apart.get(one, ())), tuple(order.get(one, ())))
        for one in people.keys() | apart.keys() | order.keys()
    }


def _away(conference: Conference, people: Iterable[str]) -> dict[str, list[tuple[str, tuple[Interval, ...]]]]:
    """Session → its speakers who are away at times, for the sessions of these people."""
    found = {}
    for session in {one.id: one for person in people for one in conference.sessions_of.get(person, ())}.values():
        away = [(who, conference.person[who].unavailable) for who in session.speakers]
        found[session.id] = [(who, times) for who, times in away if times]
    return found
