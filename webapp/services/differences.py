"""What a save changes: each resource with its previous and its new values, for rows, audit and events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solver.conference import Conference, Schedule
from solver.intervals import without
from webapp.events.types import Event
from webapp.services.views import intervals_json, placement_json, read_intervals

PLACE = ("roomId", "startTime", "endTime")


@dataclass(frozen=True)
class Change:
    """A room, person or session before and after, with the names of the values that differ."""

    resource: str
    id: str
    before: dict[str, Any]
    after: dict[str, Any]
    fields: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.resource, self.id

    def json(self) -> dict[str, Any]:
        return {
            "resource": self.resource,
            "resourceId": self.id,
            "updatedFields": list(self.fields),
            "previousValues": {field: self.before[field] for field in self.fields},
            "values": {field: self.after[field] for field in self.fields},
        }


def between(conference: Conference, schedule: Schedule, later: Conference, rescheduled: Schedule) -> list[Change]:
    """Every resource whose facts or placement differ."""
    changed: list[tuple[str, str]] = []
    for room, new_room in zip(conference.rooms, later.rooms, strict=True):
        if room is not new_room:
            changed.append(("room", room.id))
    for person, new_person in zip(conference.people, later.people, strict=True):
        if person is not new_person:
            changed.append(("person", person.id))
    for session, new_session in zip(conference.sessions, later.sessions, strict=True):
        same_place = schedule.get(session.id) == rescheduled.get(session.id)
        if session is not new_session or not same_place:
            changed.append(("session", session.id))
    changes: list[Change] = []
    for resource, identifier in changed:
        old = values_of(conference, schedule, resource, identifier)
        new = values_of(later, rescheduled, resource, identifier)
        fields = tuple(key for key in new if old[key] != new[key])
        if fields:
            changes.append(Change(resource, identifier, old, new, fields))
    return changes


def events_of(change: Change) -> Iterator[Event]:
    """An event for each thing that happened to the resource."""
    if change.resource == "room":
        told = {"roomId": change.id, **change.after, "previous": change.before}
        was, now = read_intervals(change.before["closed"]), read_intervals(change.after["closed"])
        if without(now, was):
            yield Event("room.closed", told)
        if without(was, now):
            yield Event("room.opened", told)
    elif change.resource == "person":
        yield Event("person.availability_changed", {"personId": change.id, **change.after, "previous": change.before})
    else:
        for kind, keys in _session_kinds(change):
            told = {key: change.after[key] for key in keys}
            yield Event(kind, {"sessionId": change.id, **told, "previous": {key: change.before[key] for key in keys}})


def _session_kinds(change: Change) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What happened to a session, each with the values that tell it."""
    if "roomId" in change.fields or "startTime" in change.fields:
        if change.before["roomId"] is None:
            yield "session.placed", PLACE
        elif change.after["roomId"] is None:
            yield "session.unplaced", PLACE
        else:
            yield "session.moved", PLACE
    if "minutes" in change.fields:
        yield "session.resized", ("minutes", "endTime")
    if "pinned" in change.fields:
        yield ("session.pinned" if change.after["pinned"] else "session.unpinned"), ("pinned",)
    if "audience" in change.fields:
        yield "session.audience_changed", ("audience",)


def values_of(conference: Conference, schedule: Schedule, resource: str, identifier: str) -> dict[str, Any]:
    """Everything about a room, person or session that a save can change."""
    if resource == "room":
        return {"closed": intervals_json(conference.clock, conference.room[identifier].closed)}
    if resource == "person":
        return {"unavailable": intervals_json(conference.clock, conference.person[identifier].unavailable)}
    return _session_values(conference, schedule, identifier)


def _session_values(conference: Conference, schedule: Schedule, session_id: str) -> dict[str, Any]:
    session = conference.session[session_id]
    return {
        **placement_json(conference, session_id, schedule.get(session_id)),
        "minutes": session.minutes,
        "pinned": session.pinned,
        "audience": session.audience,
    }
