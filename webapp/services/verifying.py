"""Verifying: the audit, replayed from its first entry, must hold together and lead to what is stored now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.schemas import callboard_json, read_callboard
from webapp.services import auditing, configuring, differences
from webapp.services.history import changes_of, earlier
from webapp.services.reading import find
from webapp.services.views import hours_json
from webapp.store import Facts, Store
from webapp.store.facts import frame, load_facts
from webapp.store.rows import AuditRow, EventRow, OverrideRow, PublishedRow, SaveAttemptRow, ScheduleRow

STEPS = frozenset({"save", "override", "undo", "redo"})
"""The actions that make a new version."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as the audit says, or an audit that does not hold together."""

    schedule: str
    place: str
    message: str


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what was found."""

    schedules: int
    entries: int
    findings: Sequence[Finding]


def verify(store: Store, reference: str | None = None) -> Verified:
    """Verify one schedule, or all of them, at one moment of the database."""

    def work(session: Session) -> Verified:
        if reference is not None:
            return verify_rows(session, [find(session, reference)])
        return verify_rows(session, session.scalars(select(ScheduleRow).order_by(ScheduleRow.slug)).all())

    return store.read(work)


def verify_rows(session: Session, schedules: Sequence[ScheduleRow]) -> Verified:
    """Verify these schedules as the rows of this database session have them."""
    findings: list[Finding] = []
    entries = 0
    for row in schedules:
        whole = _Audit(session, row)
        findings += [Finding(row.slug, place, message) for place, message in whole.findings()]
        entries += len(whole.entries)
    return Verified(len(schedules), entries, findings)


Found = Iterator[tuple[str, str]]
"""Places and what is wrong there."""


class _Audit:
    """One schedule's audit, and the checks of it."""

    def __init__(self, session: Session, row: ScheduleRow) -> None:
        self.session = session
        self.row = row
        self.entries = session.scalars(
            select(AuditRow).where(AuditRow.schedule_id == row.id).order_by(AuditRow.number)
        ).all()

    def findings(self) -> Found:
        broken = auditing.first_broken(self.entries)
        if broken is not None:
            yield f"audit entry {broken}", "it is missing, or it or what stands before it was changed"
            return
        try:
            yield from self._head()
            yield from self._versions()
            yield from self._replay()
            yield from self._overrides()
            yield from self._attempts()
            yield from self._events()
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            yield "audit", f"it cannot be replayed: {type(error).__name__}: {error}"

    def _head(self) -> Found:
        if not self.entries:
            yield "audit", "it is empty"
            return
        last = self.entries[-1]
        if (self.row.audit_number, self.row.audit_hash) != (last.number, last.hash):
            yield f"audit entry {self.row.audit_number}", "it is not the last one, as the schedule has it"

    def _versions(self) -> Found:
        """Every step makes the next version, and nothing else does."""
        version = 0
        for entry in self.entries:
            version += _makes_a_version(entry)
            if entry.version != version:
                yield f"audit entry {entry.number}", f"it is of version {entry.version} where {version} is due"
                return
        if self.row.version != version:
            yield "schedule", f"it is at version {self.row.version}, and by the audit at {version}"
        published = max((entry.version for entry in self.entries if entry.action == "publish"), default=None)
        if self.row.published_version != published:
            yield "schedule", f"version {self.row.published_version} is published, and by the audit {published}"

    def _replay(self) -> Found:
        """The imported file with the values of every entry laid over it is the draft, or was what is published."""
        imported = _imported(self.row, self.entries[0])
        values: dict[tuple[str, str], dict[str, Any]] = {}
        publications = [entry.number for entry in self.entries if entry.action == "publish"]
        for entry in self.entries[1:]:
            for change in changes_of(entry):
                key = change["resource"], change[f"{change['resource']}Id"]
                held = values.setdefault(key, {}) or _values(imported, *key)
                # What a setting was before the first change of it is nowhere but there.
                if any(held.setdefault(field, value) != value for field, value in change["previousValues"].items()):
                    yield f"audit entry {entry.number}", f"{key[0]} '{key[1]}' was not as it says before"
                values[key] = {**held, **change["values"]}
            if publications and entry.number == publications[-1]:
                yield from self._published(_with(imported, values))
        present = load_facts(self.session, self.row)
        for place in _differing(_with(imported, values), present):
            yield place, "it is not as the audit leads to"
        now = configuring.told(self.row, present)
        for name, value in values.get(("schedule", self.row.id), {}).items():
            if now[name] != value:
                yield f"setting {name}", "it is not as the audit leads to"

    def _published(self, facts: Facts) -> Found:
        published = self.session.get(PublishedRow, self.row.id)
        if published is None or published.version != self.row.published_version:
            yield "publication", "it is missing or of another version"
        elif published.document != json.loads(json.dumps(callboard_json(facts.conference, facts.schedule))):
            yield "publication", "it is not the schedule that was published"

    def _overrides(self) -> Found:
        """Each acceptance of conflicts stands in the audit and beside it, alike."""
        mine = [entry.id for entry in self.entries]
        rows = self.session.scalars(select(OverrideRow).where(OverrideRow.audit_entry_id.in_(mine)))
        kept = {row.audit_entry_id: row for row in rows}
        for entry in self.entries:
            row = kept.pop(entry.id, None)
            if entry.reason is None and row is None:
                continue
            told = [one["conflictId"] for one in json.loads(entry.details).get("conflicts", [])]
            if row is None or (
                (row.save_attempt_id, row.editor_id, row.reason, row.saved_version, row.created_at)
                != (entry.save_attempt_id, entry.editor_id, entry.reason, entry.version, entry.created_at)
                or row.affected_conflict_ids != told
            ):
                yield f"override of audit entry {entry.number}", "it is missing, or not as the audit has it"

    def _attempts(self) -> Found:
        """Each save that was answered `saved` is in the audit, and each one in the audit was answered so."""
        query = select(SaveAttemptRow).where(
            SaveAttemptRow.schedule_id == self.row.id, SaveAttemptRow.result == "saved"
        )
        attempts = {attempt.id: attempt for attempt in self.session.scalars(query)}
        for entry in self.entries:
            if entry.action not in STEPS or entry.save_attempt_id is None:
                continue
            attempt = attempts.pop(entry.save_attempt_id, None)
            told: Mapping[str, Any] = {} if attempt is None else attempt.answer["attempt"]
            if attempt is None or (told.get("auditEntryId"), told.get("version"), attempt.editor_id) != (
                entry.id,
                entry.version,
                entry.editor_id,
            ):
                yield (
                    f"save attempt {entry.save_attempt_id}",
                    f"it is missing, or not as audit entry {entry.number} has it",
                )
        for attempt_id in attempts:
            yield f"save attempt {attempt_id}", "it was answered as saved, and the audit does not know it"

    def _events(self) -> Found:
        """The log has every event but the old ones that were trimmed."""
        query = select(EventRow.seq).where(EventRow.schedule_id == self.row.id).order_by(EventRow.seq)
        if list(self.session.scalars(query)) != list(range(self.row.trimmed_seq + 1, self.row.last_seq + 1)):
            yield "events", f"there are gaps before event {self.row.last_seq}"


def _imported(row: ScheduleRow, entry: AuditRow) -> Facts:
    conference, schedule = read_callboard(json.loads(entry.details)["document"], f"{row.slug}, as imported")
    return Facts(row.id, entry.version, conference, schedule)


def _makes_a_version(entry: AuditRow) -> bool:
    if entry.action == "settings":
        return any(name in configuring.JUDGED for change in changes_of(entry) for name in change["updatedFields"])
    return entry.action in STEPS or entry.action == "import"


def _values(facts: Facts, resource: str, identifier: str) -> dict[str, Any]:
    if resource == "schedule":
        return {"hours": hours_json(facts.conference)}
    return differences.values_of(facts.conference, facts.schedule, resource, identifier)


def _with(facts: Facts, values: Mapping[tuple[str, str], Mapping[str, Any]]) -> Facts:
    """The facts with these values in the place of their own."""
    changes = [
        {"resource": resource, f"{resource}Id": identifier, "previousValues": told}
        for (resource, identifier), told in values.items()
    ]
    # What puts earlier values back puts any in.
    conference, schedule = earlier(facts.conference, facts.schedule, changes)
    return replace(facts, conference=conference, schedule=schedule)


def _differing(led_to: Facts, present: Facts) -> Iterator[str]:
    """The names of everything in which the two differ."""
    ours, theirs = led_to.conference, present.conference
    if (ours.name, ours.timezone, frame(ours)) != (theirs.name, theirs.timezone, frame(theirs)):
        yield "conference"
    tables: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...] = (
        ("room", ours.room, theirs.room),
        ("person", ours.person, theirs.person),
        ("session", ours.session, theirs.session),
        ("place of session", led_to.schedule, present.schedule),
    )
    for kind, expected, found in tables:
        for identifier in {**expected, **found}:
            if expected.get(identifier) != found.get(identifier):
                yield f"{kind} '{identifier}'"
        if kind != "place of session" and set(expected) == set(found) and list(expected) != list(found):
            yield f"order of each {kind}"
