"""The schedule as plain rows: what the live view shows before, or without, JavaScript."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from solver.conference import Conference, Day, Minute, Schedule
from webapp.pages.words import Words


@dataclass(frozen=True)
class PlainPerson:
    """One speaker."""

    id: str
    name: str


@dataclass(frozen=True)
class Row:
    """One session on the list."""

    id: str
    time: str
    title: str
    room: str
    people: tuple[PlainPerson, ...]

    @property
    def speakers(self) -> str:
        """Their names."""
        return ", ".join(person.name for person in self.people)


@dataclass(frozen=True)
class PlainDay:
    """One day's sessions in order of their start."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class PlainSession:
    """One session by itself; without a day it has no place."""

    row: Row
    day: str
    track: str


def plain_days(
    conference: Conference, schedule: Schedule, words: Words, sessions: Iterable[str] | None = None
) -> list[PlainDay]:
    """Every placed session, or every one of `sessions`, under the day it belongs to; empty days are left out."""
    rows: dict[Day, list[tuple[Minute, int, Row]]] = {day: [] for day in conference.days}
    column = {room.id: index for index, room in enumerate(conference.rooms)}
    for session in schedule if sessions is None else [one for one in sessions if one in schedule]:
        placement = schedule[session]
        row = _row(conference, schedule, session)
        rows[_day(conference, placement.start)].append((placement.start, column[placement.room], row))
    return [
        PlainDay(words.day(day.date), tuple(row for _, _, row in sorted(found, key=lambda one: one[:2])))
        for day, found in rows.items()
        if found
    ]


def plain_session(conference: Conference, schedule: Schedule, words: Words, session: str) -> PlainSession:
    """One session of the conference."""
    placement = schedule.get(session)
    day = "" if placement is None else words.day(_day(conference, placement.start).date)
    return PlainSession(_row(conference, schedule, session), day, conference.session[session].track or "")


def _row(conference: Conference, schedule: Schedule, session_id: str) -> Row:
    session, placement = conference.session[session_id], schedule.get(session_id)
    local = conference.clock.local
    return Row(
        id=session.id,
        time=""
        if placement is None
        else f"{local(placement.start):%H:%M}–{local(placement.start + session.minutes):%H:%M}",
        title=session.title or session.id,
        room="" if placement is None else conference.room[placement.room].label,
        people=tuple(PlainPerson(person, conference.person[person].label) for person in session.speakers),
    )


def _day(conference: Conference, minute: Minute) -> Day:
    """The day that holds a minute, else the nearest one."""
    return min(conference.days, key=lambda day: max(day.hours.start - minute, minute - day.hours.end + 1, 0))
