"""How facts are told to the outside: the JSON of sessions, rooms, people and whole schedules.

Keys are camelCase and times carry the conference's offset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from solver.conference import Conference, Interval, Minute, Person, Placement, Room, Session
from solver.grid import Clock
from webapp.store import Facts
from webapp.store.rows import ScheduleRow


def instant(moment: datetime | None) -> str | None:
    """A moment of the clock on the wall of the server, in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def placement_json(conference: Conference, session: str, placement: Placement | None) -> dict[str, Any]:
    """Room, start and end of a session; all null while it is unplaced."""
    if placement is None:
        return {"roomId": None, "startTime": None, "endTime": None}
    clock = conference.clock
    return {
        "roomId": placement.room,
        "startTime": clock.iso(placement.start),
        "endTime": clock.iso(conference.end(session, placement)),
    }


def session_json(
    conference: Conference, session: Session, placement: Placement | None, *, public: bool
) -> dict[str, Any]:
    """A session with its placement; attendees do not see what it needs or how many are expected."""
    told: dict[str, Any] = {
        "sessionId": session.id,
        "title": session.title,
        "minutes": session.minutes,
        "track": session.track,
        "speakerIds": list(session.speakers),
        **placement_json(conference, session.id, placement),
        "pinned": session.pinned,
    }
    if not public:
        told |= {"needs": sorted(session.needs), "audience": session.audience}
    return told


def room_json(clock: Clock, room: Room, *, public: bool) -> dict[str, Any]:
    """A room; attendees see no closures and no turnover."""
    told: dict[str, Any] = {
        # Both names on purpose: `id` is the file's key, `roomId` is how sessions refer to it.
        "id": room.id,
        "roomId": room.id,
        "name": room.label,
        "building": room.building,
        "capacity": room.capacity,
        "features": sorted(room.features),
    }
    if not public:
        told |= {"turnoverMinutes": room.turnover, "closed": intervals_json(clock, room.closed)}
    return told


def person_json(clock: Clock, person: Person, *, public: bool) -> dict[str, Any]:
    """A person; when they cannot come is nobody's business but the organisers'."""
    told: dict[str, Any] = {"id": person.id, "personId": person.id, "name": person.label}
    if not public:
        told["unavailable"] = intervals_json(clock, person.unavailable)
    return told


def conference_json(conference: Conference) -> dict[str, Any]:
    """The conference itself: name, time zone, grid and days."""
    return {
        "name": conference.name,
        "timezone": conference.timezone,
        "gridMinutes": conference.grid_minutes,
        "speakerGapMinutes": conference.speaker_gap,
        "days": hours_json(conference),
    }


def hours_json(conference: Conference) -> list[dict[str, str]]:
    """The days and their opening hours."""
    clock = conference.clock
    return [
        {"date": day.date.isoformat(), "start": clock.iso(day.hours.start), "end": clock.iso(day.hours.end)}
        for day in conference.days
    ]


def public_facts(conference: Conference) -> Conference:
    """The conference without what only organisers may know, for files that go out."""
    return replace(
        conference,
        rooms=tuple(replace(room, closed=(), turnover=0) for room in conference.rooms),
        people=tuple(replace(person, unavailable=()) for person in conference.people),
        sessions=tuple(replace(session, audience=None, needs=frozenset()) for session in conference.sessions),
        apart=(),
        order=(),
        travel=(),
    )


def facts_json(facts: Facts, *, public: bool) -> dict[str, Any]:
    """Everything a schedule holds besides its head."""
    conference, schedule = facts.conference, facts.schedule
    clock = conference.clock
    told: dict[str, Any] = {
        "conference": conference_json(conference),
        "rooms": [room_json(clock, room, public=public) for room in conference.rooms],
        "people": [person_json(clock, person, public=public) for person in conference.people],
        "sessions": [
            session_json(conference, session, schedule.get(session.id), public=public)
            for session in conference.sessions
        ],
    }
    if not public:
        told |= {
            "apart": [list(group) for group in conference.apart],
            "order": [
                {"before": entry.before, "after": entry.after, "gapMinutes": entry.gap} for entry in conference.order
            ],
            "travel": [{"from": way.origin, "to": way.target, "minutes": way.minutes} for way in conference.travel],
        }
    return told


def head_json(row: ScheduleRow) -> dict[str, Any]:
    """How a schedule stands, for editors."""
    return {
        "scheduleId": row.id,
        "slug": row.slug,
        "version": row.version,
        "publishedVersion": row.published_version,
        "status": row.status,
        "updatedAt": instant(row.updated_at),
        "updatedBy": row.updated_by,
        "lastSeq": row.last_seq,
        "lastBroadcastAt": instant(row.last_broadcast_at),
        "lastSyncAt": instant(row.last_sync_at),
    }


def intervals_json(clock: Clock, intervals: Iterable[Interval]) -> list[dict[str, str]]:
    """Stretches of time."""
    return [{"from": clock.iso(one.start), "to": clock.iso(one.end)} for one in intervals]


def read_intervals(told: Iterable[Mapping[str, str]]) -> tuple[Interval, ...]:
    """Stretches of time as `intervals_json` tells them."""
    return tuple(Interval(read_minute(one["from"]), read_minute(one["to"])) for one in told)


def read_minute(told: str) -> Minute:
    """A moment that carries its offset."""
    return int(datetime.fromisoformat(told).timestamp() // 60)
