"""What each type of event holds besides the envelope, for those who write programs against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT: Mapping[str, Any] = {"type": "string"}
TEXT_OR_NULL: Mapping[str, Any] = {"type": ["string", "null"]}
NUMBER: Mapping[str, Any] = {"type": "integer"}
LIST: Mapping[str, Any] = {"type": "array"}
TEXTS: Mapping[str, Any] = {"type": "array", "items": TEXT}
OBJECT: Mapping[str, Any] = {"type": "object"}

VALUES: Mapping[str, Mapping[str, Any]] = {
    "audience": {"type": ["integer", "null"]},
    "baseVersion": NUMBER,
    "cause": NUMBER,
    "changes": LIST,
    "closed": LIST,
    "conflictId": TEXT,
    "conflictIds": TEXTS,
    "conflictType": TEXT,
    "detail": TEXT,
    "editorId": TEXT_OR_NULL,
    "endTime": TEXT_OR_NULL,
    "expectedVersion": NUMBER,
    "format": TEXT,
    "jobId": TEXT,
    "kind": TEXT,
    "message": TEXT,
    "minutes": NUMBER,
    "original": NUMBER,
    "personId": TEXT_OR_NULL,
    "pinned": {"type": "boolean"},
    "previous": OBJECT,
    "previousSeq": NUMBER,
    "previousValues": OBJECT,
    "progress": OBJECT,
    "publishedVersion": NUMBER,
    "reasons": TEXTS,
    "repairs": LIST,
    "resource": {"enum": ["schedule", "room", "person", "session"]},
    "resourceId": TEXT,
    "result": {"enum": ["warning_required", "stale_blocked"]},
    "reverses": NUMBER,
    "roomId": TEXT_OR_NULL,
    "rule": TEXT,
    "saveAttemptId": TEXT_OR_NULL,
    "sessionId": TEXT,
    "sessionIds": TEXTS,
    "slug": TEXT,
    "spreadSeconds": NUMBER,
    "startTime": TEXT_OR_NULL,
    "state": TEXT,
    "status": {"enum": ["draft", "conflicted", "ready_to_publish", "published"]},
    "timestamp": TEXT,
    "unavailable": LIST,
    "updatedAt": TEXT,
    "updatedFields": TEXTS,
    "values": OBJECT,
}
"""Key → its JSON Schema, the same in every type that has it."""

_PLACE = ("sessionId", "roomId", "startTime", "endTime", "previous", "editorId", "saveAttemptId")
_SAVED = ("status", "updatedAt", "editorId", "saveAttemptId")
_CONFLICT = ("conflictId", "conflictType", "rule", "sessionIds", "personId", "roomId", "message")

HOLDS: Mapping[str, tuple[str, ...]] = {
    "schedule.imported": ("slug", "status", "format", "editorId"),
    "schedule.updated": (
        "resource",
        "resourceId",
        "updatedFields",
        "previousValues",
        "values",
        "timestamp",
        "editorId",
    ),
    "schedule.saved": _SAVED,
    "schedule.published": ("previousSeq", "publishedVersion", "changes"),
    "schedule.refreshed": ("previousSeq", "spreadSeconds"),
    "schedule.settings_changed": ("status", "updatedFields", "editorId"),
    "session.moved": _PLACE,
    "session.placed": _PLACE,
    "session.unplaced": _PLACE,
    "session.resized": ("sessionId", "minutes", "endTime", "previous", "editorId", "saveAttemptId"),
    "session.pinned": ("sessionId", "pinned", "previous", "editorId", "saveAttemptId"),
    "session.unpinned": ("sessionId", "pinned", "previous", "editorId", "saveAttemptId"),
    "session.audience_changed": ("sessionId", "audience", "previous", "editorId", "saveAttemptId"),
    "room.closed": ("roomId", "closed", "previous", "editorId", "saveAttemptId"),
    "room.opened": ("roomId", "closed", "previous", "editorId", "saveAttemptId"),
    "person.availability_changed": ("personId", "unavailable", "previous", "editorId", "saveAttemptId"),
    "availability.assessed": ("cause", "baseVersion", "resource", "resourceId", "state", "repairs", "reasons"),
    "conflict.detected": _CONFLICT,
    "conflict.resolved": _CONFLICT,
    "save.blocked": ("saveAttemptId", "expectedVersion", "result", "editorId", "detail", "conflictIds"),
    "schedule.undone": (*_SAVED, "original", "reverses"),
    "schedule.redone": (*_SAVED, "original", "reverses"),
    "job.progressed": ("jobId", "kind", "progress"),
    "job.proposed": ("jobId", "kind", "state", "progress", "editorId"),
    "job.finished": ("jobId", "kind", "state", "progress", "editorId"),
}
"""Type → the keys that every event of it has; some have more."""


def by_type() -> list[Any]:
    """For JSON Schema's `allOf`: what must be there, if an event is of a type."""
    return [
        {
            "if": {"properties": {"type": {"const": kind}}},
            "then": {"required": list(keys), "properties": {key: dict(VALUES[key]) for key in keys}},
        }
        for kind, keys in HOLDS.items()
    ]
