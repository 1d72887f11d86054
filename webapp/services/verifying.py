"""Verifying: the audit, replayed from its first entry, must hold together and lead to what is stored now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from solver.rules import BUILT_IN
from webapp.auth import journal
from webapp.events import log
from webapp.schemas import callboard_json
from webapp.sealing import NOTHING, digest, first_broken, summed
from webapp.services import attempts, auditing, availability, configuring, ledger
from webapp.services.reading import find
from webapp.services.replaying import STEPS, Found, Replay
from webapp.store import Store
from webapp.store.facts import frame, rows_of
from webapp.store.rows import AuditRow, CarriedRow, OverrideRow, PublishedRow, Row, SaveAttemptRow, ScheduleRow


@dataclass(frozen=True)
class Finding:
    """Something that is not as the audit says, or an audit that does not hold together."""

    schedule: str | None
    """Its short name; None for what is of no schedule."""
    place: str
    message: str


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what was found."""

    schedules: int
    entries: int
    findings: Sequence[Finding]


def verify(store: Store, reference: str | None = None) -> Verified:
    """Verify one schedule, or everything, at one moment of the database."""

    def work(session: Session) -> Verified:
        if reference is not None:
            return verify_schedules(session, [find(session, reference)])
        return verify_everything(session)

    return store.read(work)


def verify_everything(session: Session) -> Verified:
    """Verify every schedule, who may act, and that no row belongs to a schedule that is gone."""
    found = verify_schedules(session, session.scalars(select(ScheduleRow).order_by(ScheduleRow.slug)).all())
    beside = [*journal.findings(session), *_of_no_schedule(session)]
    return replace(found, findings=[*found.findings, *(Finding(None, *one) for one in beside)])


def verify_schedules(session: Session, schedules: Sequence[ScheduleRow]) -> Verified:
    """Verify these schedules as the rows of this database session have them."""
    findings: list[Finding] = []
    entries = 0
    for row in schedules:
        whole = Rows(session, row)
        findings += [Finding(row.slug, place, message) for place, message in whole.findings()]
        entries += len(whole.entries)
    return Verified(len(schedules), entries, findings)


def _of_no_schedule(session: Session) -> Found:
    """Rows that no schedule or no entry leads to: whoever changes a database need not keep its foreign keys."""
    known = select(ScheduleRow.id)
    for table in Row.metadata.sorted_tables:
        if "schedule_id" in table.columns:
            column = table.columns["schedule_id"]
            for lost in session.scalars(select(column).where(column.not_in(known)).distinct()):
                yield f"{table.name} of schedule {lost}", "there is no such schedule"
    entries = select(AuditRow.id)
    for lost in session.scalars(select(OverrideRow.audit_entry_id).where(OverrideRow.audit_entry_id.not_in(entries))):
        yield f"override of audit entry {lost}", "there is no such entry"


NOT_AS_TOLD = "it is not as the audit leads to"
CHAINED = ("id", "last_seq", "log_hash", "trimmed_seq", "trimmed_hash", "attempts_digest")
"""Columns of the schedule's row that are held against the rows that they speak for."""


class Rows:
    """One schedule's rows as a database session has them, and the checks of them."""

    def __init__(self, session: Session, row: ScheduleRow) -> None:
        self.session = session
        self.row = row
        self.replay = Replay(row.id)
        self.entries = session.scalars(
            select(AuditRow).where(AuditRow.schedule_id == row.id).order_by(AuditRow.number)
        ).all()

    def findings(self) -> Found:
        """Places and what is wrong there, one after the other."""
        broken = first_broken(self.entries, auditing.hash_of)
        if broken is not None:
            yield f"audit entry {broken}", "it is missing, or it or what stands before it was changed"
            return
        if not self.entries:
            yield "audit", "it is empty"
            return
        try:
            yield from self.replay.take(self.entries)
            yield from self._head()
            yield from self._draft()
            yield from self._publication()
            yield from self._carried()
            yield from self._ledger()
            yield from self._overrides()
            yield from self._attempts()
            yield from self._events()
            yield from self._availability()
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            yield "audit", f"it cannot be replayed: {type(error).__name__}: {error}"

    def _head(self) -> Found:
        """Every column of the schedule's own row."""
        expected = {
            **self.replay.head,
            "frame": frame(self.replay.draft().conference),
            "settings": self.replay.settings(),
        }
        stored = {**_columns(self.row), "settings": configuring.plain(self.row.settings)}
        for name, value in stored.items():
            if name not in CHAINED and value != expected[name]:
                yield f"schedule: {name}", f"it is {value}, and by the audit {expected[name]}"

    def _draft(self) -> Found:
        """Every row of rooms, people and sessions."""
        for table, expected in rows_of(self.replay.draft()).items():
            columns = table.__table__
            query = select(columns).where(columns.c.schedule_id == self.row.id)
            stored = {row["id"]: dict(row) for row in self.session.execute(query).mappings()}
            for values in expected:
                if stored.pop(values["id"], None) != values:
                    yield f"{table.__tablename__} '{values['id']}'", NOT_AS_TOLD
            for identifier in stored:
                yield f"{table.__tablename__} '{identifier}'", "the audit does not know it"

    def _publication(self) -> Found:
        row, expected = self.session.get(PublishedRow, self.row.id), self.replay.publication
        if row is None or expected is None:
            if row is not None or expected is not None:
                yield "publication", NOT_AS_TOLD if expected is None else "it is missing"
            return
        facts = self.replay.published()
        document = json.loads(json.dumps(callboard_json(facts.conference, facts.schedule)))
        if _columns(row) != {**expected, "schedule_id": self.row.id, "document": document}:
            yield "publication", "it is not the schedule that was published"

    def _carried(self) -> Found:
        row = self.session.get(CarriedRow, self.row.id)
        if row is None or {"format": row.format, "digest": digest((row.data,))} != self.replay.carried:
            yield "what the imported file carried", "it is missing, or not what was imported"

    def _ledger(self) -> Found:
        """Every conflict on record, and that those unresolved are what the checker finds today."""
        stored = ledger.on_record(self.session, self.row)
        expected = self.replay.conflicts
        for identifier in {**expected, **stored}:
            told, row = expected.get(identifier), stored.get(identifier)
            if told is None or row is None or _columns(told) != _columns(row):
                yield f"conflict {identifier}", NOT_AS_TOLD
        facts = self.replay.draft()
        # Rules that are plugged in, or no longer are, are looked at by the next save.
        built_in = {rule.name for rule in BUILT_IN}
        found = {
            one.id for one in ledger.find(self.row, facts.conference, facts.schedule) if one.violation.rule in built_in
        }
        open_ones = {one.id for one in expected.values() if one.rule in built_in and one.status == ledger.UNRESOLVED}
        for identifier in found ^ open_ones:
            yield f"conflict {identifier}", "it is not what the checker finds"

    def _overrides(self) -> Found:
        """Each acceptance of conflicts stands in the audit and beside it, alike."""
        mine = [entry.id for entry in self.entries]
        rows = self.session.scalars(select(OverrideRow).where(OverrideRow.audit_entry_id.in_(mine)))
        kept = {row.audit_entry_id: row for row in rows}
        for entry in self.entries:
            row = kept.get(entry.id)
            if entry.reason is None and row is None:
                continue
            told = [one["conflictId"] for one in json.loads(entry.details).get("conflicts", [])]
            expected = {
                "audit_entry_id": entry.id,
                "save_attempt_id": entry.save_attempt_id,
                "editor_id": entry.editor_id,
                "reason": entry.reason,
                "affected_conflict_ids": told,
                "saved_version": entry.version,
                "created_at": entry.created_at,
            }
            if row is None or _columns(row) != expected:
                yield f"override of audit entry {entry.number}", "it is missing, or not as the audit has it"

    def _attempts(self) -> Found:
        """Those answered `saved` are those in the audit, and all together add up."""
        rows = self.session.scalars(select(SaveAttemptRow).where(SaveAttemptRow.schedule_id == self.row.id)).all()
        saved = {attempt.id: attempt for attempt in rows if attempt.result == "saved"}
        for entry in self.entries:
            if entry.action not in STEPS or entry.save_attempt_id is None:
                continue
            attempt = saved.pop(entry.save_attempt_id, None)
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
        for attempt_id in saved:
            yield f"save attempt {attempt_id}", "it was answered as saved, and the audit does not know it"
        total = NOTHING
        for attempt in rows:
            total = summed(total, plus=attempts.digest_of(attempt))
        if total != self.row.attempts_digest:
            yield "save attempts", "one is missing, was added, or is not as it was answered"

    def _events(self) -> Found:
        """The log has every event as it was written, but the old ones that were trimmed."""
        broken = log.first_broken(self.session, self.row)
        if broken is not None:
            yield f"event {broken}", "it is missing, or it or what stands before it was changed"

    def _availability(self) -> Found:
        """The free windows that are kept, as far as they are served."""
        facts = self.replay.draft()
        for (kind, identifier), row in availability.kept(self.session, facts, self.row.last_seq).items():
            free = [[one.start, one.end] for one in availability.free(facts, kind, identifier)]
            if row.free != free or not 1 <= row.version <= self.row.version:
                yield f"availability of {kind} '{identifier}'", "it is not what follows from the schedule"


def _columns(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
