"""Rows ↔ facts: a schedule's conference and placements, loaded whole and kept by version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as DatabaseSession

from solver.conference import (
    Conference,
    Day,
    Interval,
    Order,
    Person,
    Placement,
    Room,
    Schedule,
    Session,
    Travel,
)
from webapp.store.rows import PersonRow, RoomRow, ScheduleRow, SessionRow


@dataclass(frozen=True)
class Facts:
    """A conference and its schedule at one version; immutable, so it may be shared."""

    schedule_id: str
    version: int
    conference: Conference
    schedule: Schedule


def insert_facts(session: DatabaseSession, facts: Facts) -> None:
    """Write the rooms, people and sessions of a new schedule."""
    for table, rows in rows_of(facts).items():
        if rows:
            session.execute(insert(table), rows)


def rows_of(facts: Facts) -> dict[type[RoomRow | PersonRow | SessionRow], list[dict[str, Any]]]:
    """The rows that hold rooms, people and sessions, by their tables, in the order in which they are written."""
    conference = facts.conference
    values: dict[type[RoomRow | PersonRow | SessionRow], list[dict[str, Any]]] = {
        RoomRow: [_room_values(room) for room in conference.rooms],
        PersonRow: [_person_values(person) for person in conference.people],
        SessionRow: [_session_values(one, facts.schedule.get(one.id)) for one in conference.sessions],
    }
    return {
        table: [{"schedule_id": facts.schedule_id, "position": position, **one} for position, one in enumerate(things)]
        for table, things in values.items()
    }


def update_facts(session: DatabaseSession, facts: Facts, changed: Iterable[tuple[str, str]]) -> None:
    """Write the changed resources, each named by its kind (room, person, session) and its id."""
    conference = facts.conference
    rows: dict[type[RoomRow | PersonRow | SessionRow], list[dict[str, Any]]] = {}
    for kind, identifier in changed:
        if kind == "room":
            rows.setdefault(RoomRow, []).append(_room_values(conference.room[identifier]))
        elif kind == "person":
            rows.setdefault(PersonRow, []).append(_person_values(conference.person[identifier]))
        else:
            values = _session_values(conference.session[identifier], facts.schedule.get(identifier))
            rows.setdefault(SessionRow, []).append(values)
    for table, things in rows.items():
        session.execute(update(table), [{"schedule_id": facts.schedule_id, **values} for values in things])


def frame(conference: Conference) -> dict[str, Any]:
    """What the schedule's own row keeps of the facts, besides name and time zone."""
    return {
        "grid_minutes": conference.grid_minutes,
        "speaker_gap": conference.speaker_gap,
        "days": [[day.date.isoformat(), *_pair(day.hours)] for day in conference.days],
        "apart": [list(group) for group in conference.apart],
        "order": [[entry.before, entry.after, entry.gap] for entry in conference.order],
        "travel": [[way.origin, way.target, way.minutes] for way in conference.travel],
    }


def load_facts(session: DatabaseSession, row: ScheduleRow) -> Facts:
    """The facts of a schedule at its present version, from the tables."""
    rooms = session.execute(
        select(RoomRow.__table__).where(RoomRow.schedule_id == row.id).order_by(RoomRow.position)
    ).all()
    people = session.execute(
        select(PersonRow.__table__).where(PersonRow.schedule_id == row.id).order_by(PersonRow.position)
    ).all()
    sessions = session.execute(
        select(SessionRow.__table__).where(SessionRow.schedule_id == row.id).order_by(SessionRow.position)
    ).all()
    framed = row.frame
    conference = Conference(
        name=row.name,
        timezone=row.timezone,
        grid_minutes=framed["grid_minutes"],
        speaker_gap=framed["speaker_gap"],
        days=tuple(Day(date.fromisoformat(day), Interval(start, end)) for day, start, end in framed["days"]),
        apart=tuple(tuple(group) for group in framed["apart"]),
        order=tuple(Order(*entry) for entry in framed["order"]),
        travel=tuple(Travel(*entry) for entry in framed["travel"]),
        rooms=tuple(map(_room, rooms)),
        people=tuple(Person(one.id, one.name, _intervals(one.unavailable)) for one in people),
        sessions=tuple(map(_session, sessions)),
    )
    schedule = {one.id: Placement(one.room_id, one.start) for one in sessions if one.room_id is not None}
    return Facts(row.id, row.version, conference, schedule)


def _room(row: Any) -> Room:
    return Room(
        id=row.id,
        name=row.name,
        building=row.building,
        capacity=row.capacity,
        features=frozenset(row.features),
        turnover=row.turnover,
        closed=_intervals(row.closed),
    )


def _session(row: Any) -> Session:
    return Session(
        id=row.id,
        minutes=row.minutes,
        title=row.title,
        track=row.track,
        speakers=tuple(row.speakers),
        needs=frozenset(row.needs),
        audience=row.audience,
        pinned=row.pinned,
    )


def _room_values(room: Room) -> dict[str, Any]:
    return {
        "id": room.id,
        "name": room.name,
        "building": room.building,
        "capacity": room.capacity,
        "features": sorted(room.features),
        "turnover": room.turnover,
        "closed": [_pair(closed) for closed in room.closed],
    }


def _person_values(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name, "unavailable": [_pair(one) for one in person.unavailable]}


def _session_values(session: Session, placement: Placement | None) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "minutes": session.minutes,
        "track": session.track,
        "speakers": list(session.speakers),
        "needs": sorted(session.needs),
        "audience": session.audience,
        "pinned": session.pinned,
        "room_id": placement.room if placement else None,
        "start": placement.start if placement else None,
    }


def _pair(interval: Interval) -> list[int]:
    return [interval.start, interval.end]


def _intervals(pairs: list[list[int]]) -> tuple[Interval, ...]:
    return tuple(Interval(start, end) for start, end in pairs)
