"""What an audit entry changed, told field by field in the organiser's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from solver.conference import Conference

ACTIONS = {
    "import": "Imported",
    "save": "Saved",
    "override": "Saved in spite of conflicts",
    "undo": "Undone",
    "redo": "Redone",
    "publish": "Published",
    "refresh": "Asked every screen to reload",
    "settings": "Settings changed",
}
FIELDS = {
    "roomId": "Room",
    "startTime": "Start",
    "minutes": "Minutes",
    "pinned": "Pinned",
    "audience": "People expected",
    "closed": "Closed",
    "unavailable": "Cannot come",
    "severities": "Severity",
    "hours": "Opening hours",
    "lockPolicy": "Locks",
    "preferences": "Preferences",
}
"""The values that are told, each with its name; the others follow from these."""


@dataclass(frozen=True)
class Line:
    """One value before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """A resource that was changed; `session` where it has a history of its own."""

    title: str
    session: str | None
    lines: tuple[Line, ...]


def told(entry: Mapping[str, Any], conference: Conference) -> list[Told]:
    """Every change of an audit entry, as `reading.audit` gives it."""
    return [_told(change, conference) for change in entry.get("changes", ())]


def moment(told: str | None) -> str:
    """A moment of the server's clock as people read it, in UTC."""
    return "never" if told is None else f"{told[:10]} {told[11:16]} UTC"


def _told(change: Mapping[str, Any], conference: Conference) -> Told:
    resource, identifier = change["resource"], change["resourceId"]
    lines = tuple(
        line
        for field in change["updatedFields"]
        if field in FIELDS
        for line in _lines(field, change["previousValues"].get(field), change["values"].get(field), conference)
    )
    if resource == "session":
        known = conference.session.get(identifier)
        return Told((known.title if known else "") or identifier, identifier, lines)
    if resource in ("room", "person"):
        named = (conference.room if resource == "room" else conference.person).get(identifier)
        return Told(named.label if named else identifier, None, lines)
    return Told("The conference", None, lines)


def _lines(field: str, before: Any, after: Any, conference: Conference) -> Iterator[Line]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            if before.get(key) != after.get(key):
                yield Line(f"{FIELDS[field]}, {key}", _value(key, before.get(key)), _value(key, after.get(key)))
        return
    if field == "roomId":
        before, after = (None if one not in conference.room else conference.room[one].label for one in (before, after))
    yield Line(FIELDS[field], _value(field, before), _value(field, after))


def _value(field: str, value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "startTime":
        return f"{datetime.fromisoformat(value):%a %d %b, %H:%M}"
    if isinstance(value, list):
        return "; ".join(_stretch(one) for one in value)
    return str(value)


def _stretch(told: Mapping[str, str]) -> str:
    """An interval, or a day's hours."""
    start, end = (datetime.fromisoformat(told[key]) for key in (("from", "to") if "from" in told else ("start", "end")))
    return f"{start:%a %d %b, %H:%M} to {end:%H:%M}"
