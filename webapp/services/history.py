"""What happened to a schedule since a version, from the audit; and how the schedule was then."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from solver.conference import Conference, Interval, Placement, Schedule
from solver.grid import Clock
from webapp.services.views import instant
from webapp.store.rows import AuditRow, ScheduleRow


def changed_since(session: Session, schedule: ScheduleRow, version: int) -> list[dict[str, Any]]:
    """Each change after `version`, oldest first: what it touched, which fields, by whom and when."""
    entries = session.scalars(
        select(AuditRow)
        .where(AuditRow.schedule_id == schedule.id, AuditRow.version > version)
        .order_by(AuditRow.number)
    )
    return [told for entry in entries for told in changes_of(entry)]


def changes_of(entry: AuditRow) -> list[dict[str, Any]]:
    """The changes of one audit entry, each with who made it, when, and at which version."""
    return [
        {
            "resource": change["resource"],
            f"{change['resource']}Id": change["resourceId"],
            "updatedFields": change["updatedFields"],
            "previousValues": change["previousValues"],
            "values": change["values"],
            "version": entry.version,
            "editorId": entry.editor_id,
            "changedAt": instant(entry.created_at),
        }
        for change in json.loads(entry.details).get("changes", [])
    ]


def earlier(
    conference: Conference, schedule: Schedule, since: Sequence[Mapping[str, Any]]
) -> tuple[Conference, Schedule]:
    """The conference and schedule before the changes `since`, as `changed_since` tells them, were made."""
    rooms, people, sessions = dict(conference.room), dict(conference.person), dict(conference.session)
    places, clock = dict(schedule), conference.clock
    for change in reversed(since):
        previous = change["previousValues"]
        match change:
            case {"resource": "room", "roomId": room}:
                rooms[room] = replace(rooms[room], closed=_intervals(clock, previous["closed"]))
            case {"resource": "person", "personId": person}:
                people[person] = replace(people[person], unavailable=_intervals(clock, previous["unavailable"]))
            case {"resource": "session", "sessionId": session}:
                facts = {key: previous[key] for key in ("minutes", "pinned", "audience") if key in previous}
                sessions[session] = replace(sessions[session], **facts)
                _put_back(clock, places, session, previous)
    then = replace(
        conference,
        rooms=tuple(rooms.values()),
        people=tuple(people.values()),
        sessions=tuple(sessions.values()),
    )
    return then, places


def _put_back(clock: Clock, places: dict[str, Placement], session: str, previous: Mapping[str, Any]) -> None:
    """Give a session its previous place: of room and start, what did not change is not among the previous values."""
    now = places.pop(session, None)
    room = previous.get("roomId", now.room if now else None)
    start = now.start if now else None
    if "startTime" in previous:
        start = None if previous["startTime"] is None else _minute(clock, previous["startTime"])
    if room is not None and start is not None:
        places[session] = Placement(room, start)


def _intervals(clock: Clock, told: Sequence[Mapping[str, str]]) -> tuple[Interval, ...]:
    return tuple(Interval(_minute(clock, one["from"]), _minute(clock, one["to"])) for one in told)


def _minute(clock: Clock, told: str) -> int:
    return clock.minute(datetime.fromisoformat(told))
