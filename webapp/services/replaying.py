"""Replaying: what a schedule's audit, from its first entry to its last, says must be stored now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from webapp.schemas import read_callboard
from webapp.services import configuring, differences, ledger
from webapp.services.history import changes_of, earlier
from webapp.services.severities import severity
from webapp.services.views import hours_json
from webapp.store import Facts
from webapp.store.rows import AuditRow, ConflictRow

STEPS = frozenset({"save", "override", "undo", "redo"})
"""The actions that make a new version whatever they change."""

Found = Iterator[tuple[str, str]]
"""Places and what is wrong there."""
Values = dict[tuple[str, str], dict[str, Any]]
"""The values that changes have given to each resource, over those of the imported file."""


@dataclass
class Replay:
    """One schedule, replayed as far as `entries` have been taken."""

    schedule_id: str
    head: dict[str, Any] = field(default_factory=dict)
    """What the schedule's own row must hold, by column."""
    conflicts: dict[str, ConflictRow] = field(default_factory=dict)
    """The ledger; these rows are in no database."""
    publication: dict[str, Any] | None = None
    """What the row of the published schedule must hold."""
    carried: dict[str, Any] = field(default_factory=dict)
    """The format of the imported file, and the digest of what was carried along."""
    imported: Facts | None = None
    values: Values = field(default_factory=dict)
    published_values: Values = field(default_factory=dict)

    def take(self, entries: Sequence[AuditRow]) -> Found:
        """Replay the entries; what does not follow from those before is told on the way."""
        for entry in entries:
            details = json.loads(entry.details)
            if entry.action == "import":
                self._import(entry, details)
            else:
                yield from self._change(entry)
            if _makes_a_version(entry):
                self.head["version"] += 1
            if self.head["version"] != entry.version:
                yield f"audit entry {entry.number}", f"it is of version {entry.version}, not {self.head['version']}"
                self.head["version"] = entry.version
            if "conflicts" in details:
                self._judge(entry, details["conflicts"])
            if entry.action in STEPS or entry.action in ("import", "settings"):
                self.head |= {"updated_at": entry.created_at, "updated_by": entry.editor_id}
            if entry.action in ("publish", "refresh"):
                self.head |= {"last_broadcast_at": entry.created_at, "last_public_seq": details["seq"]}
            if entry.action == "publish":
                self._publish(entry, details["seq"])
            self.head |= {"audit_number": entry.number, "audit_hash": entry.hash}

    def draft(self) -> Facts:
        """The imported file with the changed values laid over it."""
        return self._with(self.values)

    def published(self) -> Facts:
        """How that was when it was published last."""
        return self._with(self.published_values)

    def _with(self, values: Values) -> Facts:
        assert self.imported is not None
        changes = [
            {"resource": resource, f"{resource}Id": identifier, "previousValues": told}
            for (resource, identifier), told in values.items()
        ]
        # What puts earlier values back puts any in.
        conference, schedule = earlier(self.imported.conference, self.imported.schedule, changes)
        return replace(self.imported, version=self.head["version"], conference=conference, schedule=schedule)

    def settings(self) -> dict[str, Any]:
        """What the schedule's row must keep of settings."""
        told = self.values.get(("schedule", self.schedule_id), {})
        severities = told.get("severities", {})
        return configuring.plain(
            {
                "severities": {rule: level for rule, level in severities.items() if level != severity({}, rule)},
                "lockPolicy": told.get("lockPolicy", {}),
                "preferences": told.get("preferences", {}),
            }
        )

    def _import(self, entry: AuditRow, details: Mapping[str, Any]) -> None:
        conference, schedule = read_callboard(details["document"], "the imported file")
        self.imported = Facts(self.schedule_id, entry.version, conference, schedule)
        self.carried = {"format": details["format"], "digest": details["carriedDigest"]}
        self.head = {
            "slug": details["slug"],
            "version": 0,
            "published_version": None,
            "created_at": entry.created_at,
            "last_broadcast_at": None,
            "last_public_seq": 0,
            "name": conference.name,
            "timezone": conference.timezone,
        }

    def _change(self, entry: AuditRow) -> Found:
        for change in changes_of(entry):
            key = change["resource"], change[f"{change['resource']}Id"]
            held = self.values.setdefault(key, {}) or self._of_the_file(*key)
            # What a setting was before the first change of it is nowhere but there.
            if any(held.setdefault(name, value) != value for name, value in change["previousValues"].items()):
                yield f"audit entry {entry.number}", f"{key[0]} '{key[1]}' was not as it says before"
            self.values[key] = {**held, **change["values"]}

    def _of_the_file(self, resource: str, identifier: str) -> dict[str, Any]:
        assert self.imported is not None
        if resource == "schedule":
            return {"hours": hours_json(self.imported.conference)}
        return differences.values_of(self.imported.conference, self.imported.schedule, resource, identifier)

    def _judge(self, entry: AuditRow, conflicts: Sequence[Mapping[str, Any]]) -> None:
        ledger.bring_in_line(self.conflicts, self.schedule_id, conflicts, now=entry.created_at)
        self.head |= {"status": ledger.standing(conflicts), "last_sync_at": entry.created_at}

    def _publish(self, entry: AuditRow, seq: int) -> None:
        self.head |= {"status": "published", "published_version": entry.version}
        revised = {} if self.publication is None else {**self.publication["revised"], **self._revised(entry.version)}
        self.publication = {"version": entry.version, "seq": seq, "published_at": entry.created_at, "revised": revised}
        # Values are replaced, never changed, so this is how they are for good.
        self.published_values = dict(self.values)

    def _revised(self, version: int) -> dict[str, int]:
        """The sessions that attendees see elsewhere, or for another time, than when it was published before."""
        sessions = [key for key in self.values if key[0] == "session"]
        return {
            key[1]: version
            for key in sessions
            if self._seen(self.published_values, key) != self._seen(self.values, key)
        }

    def _seen(self, values: Values, key: tuple[str, str]) -> tuple[Any, ...]:
        told = values.get(key) or self._of_the_file(*key)
        return told["roomId"], told["startTime"], told["endTime"]


def _makes_a_version(entry: AuditRow) -> bool:
    if entry.action == "settings":
        return any(name in configuring.JUDGED for change in changes_of(entry) for name in change["updatedFields"])
    return entry.action in STEPS or entry.action == "import"
