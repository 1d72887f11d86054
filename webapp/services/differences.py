"""What a save changes: each resource with its previous and its new values, for rows, audit and events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solver.conference import Conference, Schedule
from webapp.events.types import Event
from webapp.services.views import intervals_json, placement_json

PLACE = ("roomId", "startTime", "endTime")


@dataclass(frozen=True)
class Change:
    """A room, person or session with the values that differ, before and after."""

    resource: str
    id: str
    previous: dict[str, Any]
    values: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        return self.resource, self.id

    def json(self) -> dict[str, Any]:
        return {
            "resource": self.resource,
            "resourceId": self.id,
            "updatedFields": list(self.values),
            "previousValues": self.previous,
            "values": self.values,
        }


def between(conference: Conference, schedule: Schedule, later: Conference, rescheduled: Schedule) -> list[Change]:
    """Every resource whose facts or placement differ."""
    clock = conference.clock
    changes: list[Change] = []
    for room, new_room in zip(conference.rooms, later.rooms, strict=True):
        if room is not new_room:
            old, new = ({"closed": intervals_json(clock, one.closed)} for one in (room, new_room))
            changes.extend(_differing("room", room.id, old, new))
    for person, new_person in zip(conference.people, later.people, strict=True):
        if person is not new_person:
            old, new = ({"unavailable": intervals_json(clock, one.unavailable)} for one in (person, new_person))
            changes.extend(_differing("person", person.id, old, new))
    for session, new_session in zip(conference.sessions, later.sessions, strict=True):
        same_place = schedule.get(session.id) == rescheduled.get(session.id)
        if session is not new_session or not same_place:
            old = _session_values(conference, schedule, session.id)
            new = _session_values(later, rescheduled, session.id)
            changes.extend(_differing("session", session.id, old, new))
    return changes


def events_of(change: Change) -> Iterator[Event]:
    """What a change means: an event for each thing that happened to the resource, then `schedule.updated`'s body."""
    values, previous = change.values, change.previous
    if change.resource == "room":
        yield Event("room.closed", {"roomId": change.id, **values, "previous": previous})
    elif change.resource == "person":
        yield Event("person.availability_changed", {"personId": change.id, **values, "previous": previous})
    else:
        for kind, keys in _session_kinds(change):
            told = {key: values[key] for key in keys if key in values}
            before = {key: previous[key] for key in keys if key in previous}
            yield Event(kind, {"sessionId": change.id, **told, "previous": before})


def _session_kinds(change: Change) -> Iterator[tuple[str, tuple[str, ...]]]:
    values, previous = change.values, change.previous
    if "roomId" in values and previous["roomId"] is None:
        yield "session.placed", PLACE
    elif "roomId" in values and values["roomId"] is None:
        yield "session.unplaced", PLACE
    elif "roomId" in values or "startTime" in values:
        yield "session.moved", PLACE
    if "minutes" in values:
        yield "session.resized", ("minutes", "endTime")
    if "pinned" in values:
        yield ("session.pinned" if values["pinned"] else "session.unpinned"), ("pinned",)
    if "audience" in values:
        yield "session.audience_changed", ("audience",)


def _session_values(conference: Conference, schedule: Schedule, session_id: str) -> dict[str, Any]:
    session = conference.session[session_id]
    return {
        **placement_json(conference, session_id, schedule.get(session_id)),
        "minutes": session.minutes,
        "pinned": session.pinned,
        "audience": session.audience,
    }


def _differing(resource: str, identifier: str, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    keys = [key for key in new if old[key] != new[key]]
    if not keys:
        return []
    return [Change(resource, identifier, {key: old[key] for key in keys}, {key: new[key] for key in keys})]
