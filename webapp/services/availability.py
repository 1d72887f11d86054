"""Availability: when rooms and people are free, kept from events, told at the version of now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Literal, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from solver.conference import Conference, Interval, Schedule
from solver.intervals import union, without
from webapp.events import log
from webapp.services.reading import draft_facts
from webapp.services.views import intervals_json
from webapp.store import Facts, Store
from webapp.store.databases import upsert
from webapp.store.rows import AvailabilityRow, EventCursorRow

HANDLER = "availability"
"""The handler that keeps the free windows, whose cursor says how far they can be trusted."""
EVERYTHING = frozenset({"schedule.imported", "schedule.settings_changed"})
"""Events after which anybody's free time may be another."""
TYPES = EVERYTHING | {"schedule.updated"}

Kind = Literal["person", "room"]
Key = tuple[Kind, str]


def free(facts: Facts, kind: Kind, identifier: str) -> tuple[Interval, ...]:
    """When a room or a person can be had: hours less closures, absences, sessions and the gaps beside these."""
    conference, schedule = facts.conference, facts.schedule
    hours = union(day.hours for day in conference.days)
    if kind == "room":
        room = conference.room[identifier]
        return without(hours, [*room.closed, *_taken_in(conference, schedule, identifier, room.turnover)])
    person = conference.person[identifier]
    sessions = conference.sessions_of.get(identifier, ())
    taken = _taken(conference, schedule, (session.id for session in sessions), conference.speaker_gap)
    return without(hours, [*person.unavailable, *taken])


@cache
def _upsert(dialect: str) -> Any:
    return upsert(dialect, cast(Table, AvailabilityRow.__table__))


def everybody(conference: Conference) -> list[Key]:
    """Every person and every room, in the order in which they are listed."""
    return [
        *(("person", person.id) for person in conference.people),
        *(("room", room.id) for room in conference.rooms),
    ]


def affected(facts: Facts, events: Iterable[Mapping[str, Any]]) -> set[Key]:
    """Those whose free time these events may have changed, and nobody else; `facts` are no older than the events."""
    conference = facts.conference
    found: set[Key] = set()
    for event in events:
        if event["type"] in EVERYTHING:
            return set(everybody(conference))
        if event["type"] != "schedule.updated":
            continue
        match event["resource"]:
            case "room":
                found.add(("room", event["resourceId"]))
            case "person":
                found.add(("person", event["resourceId"]))
            case "session":
                found |= _of_session(facts, event)
    return found & set(everybody(conference))


def recalculate(session: Session, facts: Facts, keys: Collection[Key]) -> None:
    """Write the free windows of these rooms and people, as they are at the facts' version."""
    rows = [
        {
            "schedule_id": facts.schedule_id,
            "kind": kind,
            "id": identifier,
            "version": facts.version,
            "free": [[one.start, one.end] for one in free(facts, kind, identifier)],
        }
        for kind, identifier in keys
    ]
    if rows:
        connection = session.connection()
        connection.execute(_upsert(connection.dialect.name), rows)


def availability(
    store: Store, reference: str, *, kind: Kind | None, identifier: str | None, after: str, limit: int
) -> dict[str, Any]:
    """A page of free windows at the draft's present version.

    What the handler has kept is used as far as its cursor reaches; whoever is affected by later events, or was never
    looked at, is calculated on the spot.  So a handler that lags costs time and never tells what is not so.
    """

    def work(session: Session) -> dict[str, Any]:
        row, facts = draft_facts(store, session, reference)
        wanted = [
            key
            for key in sorted(everybody(facts.conference))
            if (kind is None or key[0] == kind) and (identifier is None or key[1] == identifier) and _text(key) > after
        ][:limit]
        known = kept(session, facts, row.last_seq)
        return {
            "version": row.version,
            "items": [_told(facts, key, known.get(key)) for key in wanted],
        }

    return store.read(work)


def kept(session: Session, facts: Facts, last_seq: int) -> dict[Key, AvailabilityRow]:
    """The stored windows that hold at the facts' version."""
    cursor = session.get(EventCursorRow, (HANDLER, facts.schedule_id))
    if cursor is None or last_seq - cursor.seq > log.PAGE:
        return {}
    outdated = affected(facts, log.read(session, facts.schedule_id, cursor.seq))
    rows = session.scalars(select(AvailabilityRow).where(AvailabilityRow.schedule_id == facts.schedule_id))
    found = {(cast(Kind, row.kind), row.id): row for row in rows}
    return {key: row for key, row in found.items() if key not in outdated}


def _told(facts: Facts, key: Key, row: AvailabilityRow | None) -> dict[str, Any]:
    kind, identifier = key
    conference = facts.conference
    windows = free(facts, *key) if row is None else [Interval(start, end) for start, end in row.free]
    label = conference.room[identifier].label if kind == "room" else conference.person[identifier].label
    return {
        "key": _text(key),
        "kind": kind,
        "id": identifier,
        "name": label,
        "version": facts.version if row is None else row.version,
        "free": intervals_json(conference.clock, windows),
    }


def _text(key: Key) -> str:
    """What a page goes on after."""
    return ":".join(key)


def _of_session(facts: Facts, event: Mapping[str, Any]) -> set[Key]:
    """The rooms that a session was in and is in, and its speakers.

    A room that the event does not name is the one that the session is in now: leaving it would be an event of its own.
    """
    identifier = event["resourceId"]
    rooms = {event["previousValues"].get("roomId"), event["values"].get("roomId")}
    placement = facts.schedule.get(identifier)
    if placement is not None:
        rooms.add(placement.room)
    found: set[Key] = {("room", room) for room in rooms if room is not None}
    session = facts.conference.session.get(identifier)
    if session is not None:
        found |= {("person", speaker) for speaker in session.speakers}
    return found


def _taken_in(conference: Conference, schedule: Schedule, room: str, gap: int) -> list[Interval]:
    placed = (session for session, placement in schedule.items() if placement.room == room)
    return _taken(conference, schedule, placed, gap)


def _taken(conference: Conference, schedule: Schedule, sessions: Iterable[str], gap: int) -> list[Interval]:
    """The time of the placed ones among the sessions, with the gap on both sides."""
    return [
        Interval(placement.start - gap, conference.end(session, placement) + gap)
        for session in sessions
        if (placement := schedule.get(session)) is not None
    ]
