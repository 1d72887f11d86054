"""A schedule feed (frab, pentabarf, pretalx, c3voc) as both of its formats tell it.

The readers of `schedule.xml` and `schedule.json` fill a `Feed`; what it means is decided by `feed_facts`, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from webapp.interop.document import identifier, is_plain

Carried = dict[str, Any]
PLACEHOLDERS = frozenset({"0", "-1"})
"""Person ids that feeds give to everybody whom they cannot tell apart."""


@dataclass(slots=True)
class FeedPerson:
    """A person as named by one event."""

    name: str = ""
    guid: str = ""
    code: str = ""
    id: str = ""
    carried: Carried = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Who it is: the guid, else the code, else the id if it means anything, else the name."""
        own_id = "" if self.id in PLACEHOLDERS else self.id
        return self.guid or self.code or own_id or identifier(self.name).lower()


@dataclass(slots=True)
class FeedEvent:
    """An event as written; every text as found."""

    place: str
    """Where it is in the file, for messages."""
    id: str = ""
    guid: str = ""
    code: str = ""
    title: str = ""
    room: str = ""
    date: str = ""
    start: str = ""
    end: str = ""
    length: str = ""
    track: str = ""
    persons: list[FeedPerson] = field(default_factory=list)
    carried: Carried = field(default_factory=dict)


@dataclass(slots=True)
class FeedDay:
    """A `day` of the feed."""

    date: date | None
    start: str
    end: str
    events: list[FeedEvent] = field(default_factory=list)


@dataclass(slots=True)
class Feed:
    """A whole feed."""

    title: str = ""
    zone: str = ""
    day_change: str = ""
    rooms: dict[str, Carried] = field(default_factory=dict)
    days: list[FeedDay] = field(default_factory=list)
    carried: Carried = field(default_factory=dict)
    restore: dict[str, dict[str, str]] = field(default_factory=dict)
    """Our own identifiers, which a feed that we wrote brings back: `sessions` by guid, `rooms` by name,
    `people` by key."""


def checked_restore(found: object) -> dict[str, dict[str, str]]:
    """A table of identifiers from a file, without anything that is not one."""
    if not isinstance(found, dict):
        return {}
    return {
        kind: {str(key): own for key, own in entries.items() if isinstance(own, str) and is_plain(own)}
        for kind, entries in found.items()
        if kind in ("sessions", "rooms", "people") and isinstance(entries, dict)
    }
