"""The schedule as plain rows: what the live view shows before, or without, JavaScript."""

from __future__ import annotations

from dataclasses import dataclass

from solver.conference import Conference, Day, Minute, Schedule


@dataclass(frozen=True)
class Row:
    """One session on the list."""

    time: str
    title: str
    room: str
    speakers: str


@dataclass(frozen=True)
class PlainDay:
    """One day's sessions in order of their start."""

    title: str
    rows: tuple[Row, ...]


def plain_days(conference: Conference, schedule: Schedule) -> list[PlainDay]:
    """Every placed session under the day it belongs to; empty days are left out."""
    rows: dict[Day, list[tuple[Minute, int, Row]]] = {day: [] for day in conference.days}
    column = {room.id: index for index, room in enumerate(conference.rooms)}
    for session, placement in schedule.items():
        row = _row(conference, schedule, session)
        rows[_day(conference, placement.start)].append((placement.start, column[placement.room], row))
    return [
        PlainDay(_title(day), tuple(row for _, _, row in sorted(found, key=lambda one: one[:2])))
        for day, found in rows.items()
        if found
    ]


def _row(conference: Conference, schedule: Schedule, session_id: str) -> Row:
    session, placement = conference.session[session_id], schedule[session_id]
    local = conference.clock.local
    return Row(
        time=f"{local(placement.start):%H:%M}–{local(placement.start + session.minutes):%H:%M}",
        title=session.title or session.id,
        room=conference.room[placement.room].label,
        speakers=", ".join(conference.person[person].label for person in session.speakers),
    )


def _day(conference: Conference, minute: Minute) -> Day:
    """The day that holds a minute, else the nearest one."""
    return min(conference.days, key=lambda day: max(day.hours.start - minute, minute - day.hours.end + 1, 0))


def _title(day: Day) -> str:
    return f"{day.date:%A}, {day.date.day} {day.date:%B %Y}"
