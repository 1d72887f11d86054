"""A conference's settings: how grave each rule is, opening hours, locks, and what batch jobs should prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from solver.conference import Day
from webapp.events import log
from webapp.events.types import Event
from webapp.services import auditing, ledger
from webapp.services.clock import now_utc
from webapp.services.errors import Invalid, Stale
from webapp.services.history import changed_since
from webapp.services.locking import LOCK_POLICY, policy_of
from webapp.services.reading import draft_facts, find
from webapp.services.severities import rule_names, severity
from webapp.services.views import hours_json, instant
from webapp.store import Facts, Store
from webapp.store.facts import frame
from webapp.store.rows import ScheduleRow

JUDGED = ("severities", "hours")
"""The settings that decide what is a conflict: a change of them is a new version of the draft."""


@dataclass(frozen=True, kw_only=True)
class SettingsRequest:
    """What an admin asks for; what is None stays as it is, what is given takes the old one's place whole."""

    expected_version: int | None = None
    severities: Mapping[str, str] | None = None
    lock_policy: Mapping[str, Any] | None = None
    hours: Any = None
    preferences: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Configured:
    """What holds after a change, and the event of other opening hours, as far as `consequences` needs it."""

    told: dict[str, Any]
    hours_changed: Mapping[str, Any] | None = None


def settings(store: Store, reference: str) -> dict[str, Any]:
    """The settings, with what holds where nobody has said anything."""

    def work(session: Session) -> dict[str, Any]:
        row, facts = draft_facts(store, session, reference)
        return told(row, facts)

    return store.read(work)


def configure(store: Store, reference: str, request: SettingsRequest, *, editor_id: str | None) -> Configured:
    """Change settings, bring the conflicts in line with them, and say what holds then.

    Raises `Stale` if the draft is not at the expected version, `Invalid` or `DocumentError` for what makes no sense.
    """

    def work(session: Session) -> Configured:
        row = find(session, reference, lock=True)
        if request.expected_version not in (None, row.version):
            raise Stale(
                f"the schedule is at version {row.version}, not {request.expected_version}",
                version=row.version,
                changedSince=changed_since(session, row, request.expected_version or 0),
            )
        return _Change(store, session, row, request, editor_id).run()

    return store.write(work)


@dataclass
class _Change:
    """One change of settings inside its transaction."""

    store: Store
    session: Session
    row: ScheduleRow
    request: SettingsRequest
    editor_id: str | None
    now: datetime = field(default_factory=now_utc)

    def run(self) -> Configured:
        before = self.store.facts(self.session, self.row)
        days = self._days(before)
        old = told(self.row, before)
        self.row.settings = self._settings()
        after = replace(before, conference=replace(before.conference, days=days))
        new = told(self.row, after)
        fields = [name for name in new if new[name] != old[name]]
        if not fields:
            return Configured(old)
        events: list[Event] = []
        judged: dict[str, Any] = {}
        if any(name in JUDGED for name in fields):
            after, conflicts = self._renew(after)
            events = ledger.settle(self.session, self.row, conflicts, now=self.now)
            judged = {"conflicts": conflicts}
        self.row.updated_at, self.row.updated_by = self.now, self.editor_id
        change = {
            "resource": "schedule",
            "resourceId": self.row.id,
            "updatedFields": fields,
            "previousValues": {name: old[name] for name in fields},
            "values": {name: new[name] for name in fields},
        }
        details = {"changes": [change], **judged}
        auditing.record(self.session, self.row, "settings", details, editor_id=self.editor_id, now=self.now)
        by = {"editorId": self.editor_id}
        updated = Event("schedule.updated", {**change, "timestamp": instant(self.now), **by})
        hours = {"hours": new["hours"], "previous": {"hours": old["hours"]}} if "hours" in fields else {}
        ends = Event("schedule.settings_changed", {"status": self.row.status, "updatedFields": fields, **hours, **by})
        log.append(self.session, self.row, [updated, *events, ends], now=self.now)
        hour_change = {"scheduleId": self.row.id, "seq": self.row.last_seq, **hours} if hours else None
        return Configured(told(self.row, after), hour_change)

    def _renew(self, facts: Facts) -> tuple[Facts, list[dict[str, Any]]]:
        """A new version under the new settings, and its conflicts."""
        self.row.version += 1
        self.row.frame = frame(facts.conference)
        after = replace(facts, version=self.row.version)
        self.store.remember_draft(self.session, after)
        return after, [one.json() for one in ledger.find(self.row, after.conference, after.schedule)]

    def _days(self, facts: Facts) -> tuple[Day, ...]:
        from webapp.schemas import read_days

        if self.request.hours is None:
            return facts.conference.days
        return read_days(self.request.hours, facts.conference.clock, "", place="hours")

    def _settings(self) -> dict[str, Any]:
        """What the schedule's row keeps: only what differs from the usual."""
        asked = self.request
        kept = dict(self.row.settings)
        if asked.severities is not None:
            _check_rules(asked.severities)
            kept["severities"] = {
                rule: level for rule, level in sorted(asked.severities.items()) if level != severity({}, rule)
            }
        if asked.lock_policy is not None:
            kept["lockPolicy"] = {**LOCK_POLICY, **asked.lock_policy}
        if asked.preferences is not None:
            kept["preferences"] = dict(sorted(asked.preferences.items()))
        return kept


def _check_rules(severities: Mapping[str, str]) -> None:
    known = rule_names()
    for rule in severities:
        if rule not in known:
            raise Invalid(
                f"severities.{rule}: there is no rule '{rule}'; there are {', '.join(known)}",
                place=f"severities.{rule}",
            )


def told(row: ScheduleRow, facts: Facts) -> dict[str, Any]:
    """The settings as the API tells them and the audit keeps them."""
    kept = row.settings
    names: Sequence[str] = rule_names()
    return {
        "scheduleId": row.id,
        "version": row.version,
        "scheduleStatus": row.status,
        "severities": {rule: severity(kept.get("severities", {}), rule) for rule in names},
        "lockPolicy": policy_of(row),
        "hours": hours_json(facts.conference),
        "preferences": kept.get("preferences", {}),
    }


def plain(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What a schedule's row keeps of settings, without what says no more than the usual."""
    return {
        name: value for name, value in kept.items() if value and not (name == "lockPolicy" and value == LOCK_POLICY)
    }
