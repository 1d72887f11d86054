"""The events: facts in the past tense, and what of each one attendees may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PUBLIC: Mapping[str, frozenset[str]] = {
    "schedule.published": frozenset({"publishedVersion", "changes"}),
}
"""Public event types, each with the keys of its own that attendees get: what may go out, not what may not."""

ENVELOPE = ("seq", "previousSeq", "type", "time", "scheduleId", "version")


@dataclass(frozen=True)
class Event:
    """Something that happened to a schedule; the log adds seq, time, schedule and version."""

    type: str
    body: Mapping[str, Any]

    @property
    def public(self) -> bool:
        return self.type in PUBLIC


def public_view(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The event as attendees get it, or None if it is none of theirs."""
    allowed = PUBLIC.get(event["type"])
    if allowed is None:
        return None
    return {key: value for key, value in event.items() if key in ENVELOPE or key in allowed}
