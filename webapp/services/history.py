"""What happened to a schedule since a version, from the audit; and how the schedule was then."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from solver.conference import Conference, Day, Interval, Placement, Schedule
from webapp.services.views import instant, read_intervals, read_minute
from webapp.store.rows import AuditRow, EditorRow, ScheduleRow


def changed_since(session: Session, schedule: ScheduleRow, version: int) -> list[dict[str, Any]]:
    """Each change after `version`, oldest first: what it touched, which fields, by whom and when."""
    entries = session.execute(
        select(AuditRow, EditorRow.name)
        .outerjoin(EditorRow, EditorRow.id == AuditRow.editor_id)
        .where(AuditRow.schedule_id == schedule.id, AuditRow.version > version)
        .order_by(AuditRow.number)
    )
    return [{**told, "editorName": name} for entry, name in entries for told in changes_of(entry)]


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
    places, days = dict(schedule), conference.days
    for change in reversed(since):
        previous = change["previousValues"]
        match change:
            case {"resource": "room", "roomId": room}:
                rooms[room] = replace(rooms[room], closed=read_intervals(previous["closed"]))
            case {"resource": "person", "personId": person}:
                people[person] = replace(people[person], unavailable=read_intervals(previous["unavailable"]))
            case {"resource": "session", "sessionId": session}:
                facts = {key: previous[key] for key in ("minutes", "pinned", "audience") if key in previous}
                sessions[session] = replace(sessions[session], **facts)
                _put_back(places, session, previous)
            case {"resource": "schedule"}:
                days = days_of(previous["hours"]) if "hours" in previous else days
    then = replace(
        conference,
        days=days,
        rooms=tuple(rooms.values()),
        people=tuple(people.values()),
        sessions=tuple(sessions.values()),
    )
    return then, places


def _put_back(places: dict[str, Placement], session: str, previous: Mapping[str, Any]) -> None:
    """Give a session its previous place: of room and start, what did not change is not among the previous values."""
    now = places.pop(session, None)
    room = previous.get("roomId", now.room if now else None)
    start = now.start if now else None
    if "startTime" in previous:
        start = None if previous["startTime"] is None else read_minute(previous["startTime"])
    if room is not None and start is not None:
        places[session] = Placement(room, start)


def days_of(told: Sequence[Mapping[str, str]]) -> tuple[Day, ...]:
    """Days and their hours as `hours_json` tells them."""
    return tuple(
        Day(date.fromisoformat(one["date"]), Interval(read_minute(one["start"]), read_minute(one["end"])))
        for one in told
    )
