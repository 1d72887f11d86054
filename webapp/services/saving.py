"""Saving: one request, one transaction, one of five results, the same answer however often it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from solver.edits import Edited
from webapp.events import log
from webapp.events.types import Event
from webapp.schemas import DocumentError, apply_edits, expand_edits, read_edits
from webapp.sealing import digest
from webapp.services import attempts, jobs, ledger
from webapp.services.clock import now_utc
from webapp.services.committing import Intent, commit
from webapp.services.folding import missing_session, named_sessions, repeated
from webapp.services.history import changed_since
from webapp.services.reading import find
from webapp.services.views import instant
from webapp.store import Facts, Store
from webapp.store.rows import SaveAttemptRow, ScheduleRow

STATUS = {"saved": 200, "cancelled": 200, "warning_required": 409, "stale_blocked": 412, "validation_failed": 422}
BLOCKED = ("warning_required", "stale_blocked")
REASON_LENGTH = 500
CHANGES_TOLD = 500
"""How many changes a stale answer, which is kept, tells at most: the newest."""


@dataclass(frozen=True, kw_only=True)
class SaveRequest:
    """What an editor asks for; `changes` and `override` are read only once the version is known."""

    attempt_id: str
    expected_version: int
    changes: Any
    override: Any = None
    publish: bool = False
    cancel: bool = False


@dataclass(frozen=True)
class SaveAnswer:
    """The answer: a result, a sentence for people where it is no success, and the save attempt as JSON."""

    result: str
    detail: str
    attempt: dict[str, Any]


@dataclass(frozen=True)
class _Verdict:
    """What becomes of an attempt."""

    result: str
    detail: str = ""
    conflicts: Sequence[ledger.Found] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def save(store: Store, reference: str, request: SaveRequest, *, editor_id: str) -> SaveAnswer:
    """Try to save; the answer is stored with the attempt and given again when the same request comes again."""

    def work(session: Session) -> SaveAnswer:
        return _Attempt(store, session, find(session, reference, lock=True), request, editor_id).run()

    try:
        return store.write(work)
    except IntegrityError:
        # A twin of this request was committed between our look-up and our insert: its answer is ours.
        return store.write(work)


class _Attempt:
    """One save attempt inside its transaction."""

    def __init__(self, store: Store, session: Session, row: ScheduleRow, request: SaveRequest, editor_id: str) -> None:
        self.store = store
        self.session = session
        self.row = row
        self.request = request
        self.editor_id = editor_id
        self.now = now_utc()
        self.content = _content_hash(row.id, request)

    def run(self) -> SaveAnswer:
        earlier = self.session.get(SaveAttemptRow, self.request.attempt_id)
        if earlier is not None:
            if earlier.content_hash != self.content or earlier.editor_id != self.editor_id:
                detail = "this save attempt's id was used for another request"
                return self._answer(_Verdict("validation_failed", detail), self.now)
            goes_on = self.request.cancel or self.request.override is not None
            if earlier.result != "warning_required" or not goes_on:
                return SaveAnswer(earlier.result, earlier.answer["detail"], earlier.answer["attempt"])
        reason = read_reason(self.request.override)
        if self.request.override is not None and reason is None:
            detail = f"override.reason: give a reason of 1 to {REASON_LENGTH} characters"
            return self._answer(_Verdict("validation_failed", detail), earlier.created_at if earlier else self.now)
        answer = self._answer(self._decide(reason), earlier.created_at if earlier else self.now)
        self._remember(earlier, answer)
        jobs.settle(self.session, self.row, self.request.attempt_id, answer.result, now=self.now)
        return answer

    def _decide(self, reason: str | None) -> _Verdict:
        """The way from the request to its result, in the order in which things can go wrong."""
        if self.request.cancel:
            return _Verdict("cancelled")
        if self.request.expected_version != self.row.version:
            return self._stale(f"the schedule is at version {self.row.version}, not {self.request.expected_version}")
        facts = self.store.facts(self.session, self.row)
        missing = missing_session(facts.conference, self.request.changes)
        if missing is not None:
            return self._stale(f"there is no session '{missing}' any more")
        try:
            edited = _read(facts, self.request.changes)
        except DocumentError as error:
            return _Verdict("validation_failed", str(error), extra={"place": error.place})
        found = ledger.find(self.row, edited.conference, edited.schedule)
        blocking = [one for one in found if one.blocks]
        if blocking and (reason is None or self.request.publish):
            verb = "publishing takes a schedule without conflicts" if self.request.publish else "override or cancel"
            return _Verdict("warning_required", f"{_count(blocking)} would remain: {verb}", found)
        return self._commit(facts, edited, found, reason)

    def _commit(self, facts: Facts, edited: Edited, found: Sequence[ledger.Found], reason: str | None) -> _Verdict:
        intent = Intent(
            editor_id=self.editor_id,
            attempt_id=self.request.attempt_id,
            now=self.now,
            reason=reason,
            publish=self.request.publish,
        )
        conference, schedule = edited.conference, edited.schedule
        audit_entry_id = commit(self.store, self.session, self.row, facts, conference, schedule, found, intent)
        if audit_entry_id is None:
            return self._stale("the schedule was changed by somebody else just now")
        return _Verdict("saved", conflicts=found, extra={"auditEntryId": audit_entry_id})

    def _blocked(self, answer: SaveAnswer) -> Event:
        """What editors hear of a save that was held up."""
        told = {key: answer.attempt[key] for key in ("saveAttemptId", "expectedVersion", "result", "editorId")}
        conflicts = [one["conflictId"] for one in answer.attempt["conflicts"]]
        sessions = named_sessions(self.request.changes)
        return Event(
            "save.blocked", {**told, "detail": answer.detail, "conflictIds": conflicts, "sessionIds": sessions}
        )

    def _stale(self, detail: str) -> _Verdict:
        since = changed_since(self.session, self.row, self.request.expected_version)
        told = {"changedSince": since[-CHANGES_TOLD:], "changesLeftOut": max(0, len(since) - CHANGES_TOLD)}
        return _Verdict("stale_blocked", detail, extra={**told, **self._worth_now()})

    def _worth_now(self) -> dict[str, Any]:
        """Whether the changes could still be made to the schedule of now, and what they would newly break."""
        facts = self.store.facts(self.session, self.row)
        missing = missing_session(facts.conference, self.request.changes)
        try:
            edited = None if missing is not None else _read(facts, self.request.changes)
            reason = None if edited else f"there is no session '{missing}' any more"
        except DocumentError as error:
            edited, reason = None, str(error)
        if edited is None:
            return {"stillValid": False, "notValidBecause": reason, "newConflicts": []}
        known = {row.id for row in ledger.unresolved(self.session, self.row)}
        found = ledger.find(self.row, edited.conference, edited.schedule)
        new = [one for one in found if one.id not in known]
        blocking = [one for one in new if one.blocks]
        return {
            "stillValid": not blocking,
            "notValidBecause": f"{_count(blocking)} would arise" if blocking else None,
            "newConflicts": [one.json() for one in new],
        }

    def _answer(self, verdict: _Verdict, created_at: datetime) -> SaveAnswer:
        attempt = {
            "saveAttemptId": self.request.attempt_id,
            "scheduleId": self.row.id,
            "expectedVersion": self.request.expected_version,
            "result": verdict.result,
            "version": self.row.version,
            "publishedVersion": self.row.published_version,
            "scheduleStatus": self.row.status,
            "createdAt": instant(created_at),
            "editorId": self.editor_id,
            "conflicts": [one.json() for one in verdict.conflicts],
            **verdict.extra,
        }
        return SaveAnswer(verdict.result, verdict.detail, attempt)

    def _remember(self, earlier: SaveAttemptRow | None, answer: SaveAnswer) -> None:
        if answer.result in BLOCKED:
            log.append(self.session, self.row, [self._blocked(answer)], now=self.now)
        stored = {"detail": answer.detail, "attempt": answer.attempt}
        if earlier is not None:
            attempts.revise(self.row, earlier, answer.result, STATUS[answer.result], stored)
            return
        attempts.remember(
            self.session,
            self.row,
            SaveAttemptRow(
                id=self.request.attempt_id,
                schedule_id=self.row.id,
                editor_id=self.editor_id,
                expected_version=self.request.expected_version,
                content_hash=self.content,
                changes=self.request.changes if isinstance(self.request.changes, list) else [],
                result=answer.result,
                status_code=STATUS[answer.result],
                answer=stored,
                created_at=self.now,
            ),
        )


def _read(facts: Facts, changes: Any) -> Edited:
    """The facts with the changes made; raises `DocumentError` for changes that make no sense."""
    listed = changes if isinstance(changes, list) else [changes]
    plain = expand_edits(listed, facts.conference, facts.schedule, "", place="changes")
    edits = read_edits(plain, facts.conference, "", place="changes")
    if not edits:
        raise DocumentError("", "changes", "there must be at least one")
    twice = repeated(edits)
    if twice is not None:
        raise DocumentError("", "changes", twice)
    return apply_edits(facts.conference, facts.schedule, edits, name="", place="changes")


def read_reason(override: Any) -> str | None:
    """The reason of an override, trimmed; None if it is no good."""
    if not isinstance(override, dict) or set(override) != {"reason"} or not isinstance(override["reason"], str):
        return None
    reason = override["reason"].strip()
    return reason if 1 <= len(reason) <= REASON_LENGTH else None


def _content_hash(schedule_id: str, request: SaveRequest) -> str:
    """What makes two requests under one id the same: everything but override and cancel."""
    content = [schedule_id, request.expected_version, request.changes, request.publish]
    return digest(content)


def _count(found: Sequence[ledger.Found]) -> str:
    return "one conflict" if len(found) == 1 else f"{len(found)} conflicts"
