"""The events: facts in the past tense, and what of each one attendees may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TYPES: Mapping[str, str] = {
    "schedule.imported": "a file became a schedule",
    "schedule.updated": "one for each resource that changed, with `updatedFields`, `previousValues` and `values`",
    "schedule.saved": "a save, whole",
    "schedule.published": "with `changes` against what was published before",
    "schedule.refreshed": "every screen was asked to read the schedule afresh, spread over `spreadSeconds`",
    "schedule.settings_changed": "severities, hours, lock policy or preferences changed; `previous` hours",
    "session.moved": "a session has another room or start",
    "session.placed": "an unplaced session got a room and a start",
    "session.unplaced": "a session lost them",
    "session.resized": "a session lasts longer or shorter",
    "session.pinned": "no repair may move a session any more",
    "session.unpinned": "repairs may move it again",
    "session.audience_changed": "another audience is expected",
    "room.closed": "a room cannot be used at a time when it could be",
    "room.opened": "a room can be used at a time when it could not be",
    "person.availability_changed": "a person can come at other times than before",
    "availability.assessed": "which sessions such a change breaks, with ranked `repairs`; nothing was moved",
    "conflict.detected": "a rule is broken that was not, or broken again (`reopened`)",
    "conflict.resolved": "it is not any more",
    "save.blocked": "a save was held up: `result` is `warning_required` or `stale_blocked`, `sessionIds` what it names",
    "schedule.undone": "a change was taken back, by a new save",
    "schedule.redone": "an undone change was made again, by a new save",
    "job.progressed": "a batch job found something better",
    "job.proposed": "a batch job has a result to review",
    "job.finished": "a batch job came to its end: applied, stale, failed or cancelled",
}
"""Every type of event, and when it happens."""

PUBLIC: Mapping[str, frozenset[str]] = {
    "schedule.published": frozenset({"publishedVersion", "changes"}),
    "schedule.refreshed": frozenset({"spreadSeconds"}),
}
"""Public event types, each with the keys of its own that attendees get: what may go out, not what may not."""

ENVELOPE = ("seq", "previousSeq", "type", "time", "scheduleId", "version")


@dataclass(frozen=True)
class Event:
    """Something that happened to a schedule; the log adds seq, time, schedule and version."""

    type: str
    body: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"there is no event type '{self.type}': webapp.events.types lists them")

    @property
    def public(self) -> bool:
        return self.type in PUBLIC


def public_view(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """The event as attendees get it, or None if it is none of theirs."""
    allowed = PUBLIC.get(event["type"])
    if allowed is None:
        return None
    return {key: value for key, value in event.items() if key in ENVELOPE or key in allowed}
