"""Undoing and redoing: new saves that put back what one's own last change replaced, inside other people's history.

What there is to undo is read from the audit, so it outlives every restart.  A change is put back value by value: what
others have changed elsewhere stays as it is, and what they have changed here, or what would now conflict, refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from solver.conference import Conference, Schedule
from solver.intervals import without
from webapp.sealing import digest
from webapp.services import attempts, differences, ledger
from webapp.services.clock import now_utc
from webapp.services.committing import Intent, commit
from webapp.services.errors import Invalid, LaterWork, NothingToUndo, Stale
from webapp.services.history import changed_since, changes_of, earlier
from webapp.services.reading import find
from webapp.services.saving import read_reason
from webapp.services.views import head_json, instant, read_intervals
from webapp.store import Facts, Store
from webapp.store.rows import AuditRow, ConflictRow, EditorRow, SaveAttemptRow, ScheduleRow

Direction = Literal["undo", "redo"]
STEPS = ("save", "override", "undo", "redo")
"""The actions in the audit that can be undone or redone."""
PAGE = 50
DERIVED = frozenset({"endTime"})
"""Values that follow from others."""


@dataclass(frozen=True, kw_only=True)
class UndoRequest:
    """What an editor asks for: `override` accepts conflicts that would come of it."""

    direction: Direction
    expected_version: int
    attempt_id: str
    override: Any = None


@dataclass(frozen=True)
class Step:
    """An audit entry whose changes are to be put back, and the number of the save that it belongs to."""

    entry: AuditRow
    original: int
    changes: list[dict[str, Any]]

    def json(self) -> dict[str, Any]:
        return {
            "auditEntryId": self.entry.id,
            "number": self.entry.number,
            "action": self.entry.action,
            "version": self.entry.version,
            "changedAt": instant(self.entry.created_at),
            "changes": self.changes,
        }


def undo(store: Store, reference: str, request: UndoRequest, *, editor_id: str) -> dict[str, Any]:
    """Undo or redo the caller's last change, and say how the schedule stands then.

    Raises `Stale` if the draft is at another version, `NothingToUndo`, and `LaterWork` with the changes that stand in
    the way, the conflicts that would come of it, and the `edits` to ask for a repair with.
    """
    return store.write(lambda session: _undo(store, session, find(session, reference, lock=True), request, editor_id))


def possible(store: Store, reference: str, *, editor_id: str) -> dict[str, Any]:
    """What undo and redo would each put back for this caller; null where there is nothing."""

    def work(session: Session) -> dict[str, Any]:
        row = find(session, reference)
        facts = store.facts(session, row)
        steps = {name: _next(session, facts, editor_id, name) for name in ("undo", "redo")}
        return {"version": row.version, **{name: step and step.json() for name, step in steps.items()}}

    return store.read(work)


def _undo(store: Store, session: Session, row: ScheduleRow, request: UndoRequest, editor_id: str) -> dict[str, Any]:
    content = _content_hash(row.id, request)
    stored = session.get(SaveAttemptRow, request.attempt_id)
    if stored is not None:
        if stored.content_hash != content or stored.editor_id != editor_id:
            raise Invalid("this save attempt's id was used for another request", place="saveAttemptId")
        return dict(stored.answer["attempt"])
    if request.expected_version != row.version:
        detail = f"the schedule is at version {row.version}, not {request.expected_version}"
        since = changed_since(session, row, request.expected_version)
        raise Stale(detail, version=row.version, changedSince=since)
    reason = None if request.override is None else read_reason(request.override)
    if request.override is not None and reason is None:
        raise Invalid("override.reason: give a reason of 1 to 500 characters", place="override.reason")
    facts = store.facts(session, row)
    step = _next(session, facts, editor_id, request.direction)
    if step is None:
        raise NothingToUndo(f"there is no change of yours to {request.direction}")
    if any(_is_overwritten(facts, change) for change in step.changes):
        _refuse_to_overwrite(session, facts, step, request)
    conference, schedule = earlier(facts.conference, facts.schedule, step.changes)
    found = ledger.find(row, conference, schedule)
    if reason is None:
        _refuse_new_conflicts(session, facts, step, request, found)
    now = now_utc()
    intent = Intent(
        editor_id=editor_id,
        attempt_id=request.attempt_id,
        now=now,
        action=request.direction,
        reason=reason,
        details={"original": step.original, "reverses": step.entry.number},
        told_as="schedule.undone" if request.direction == "undo" else "schedule.redone",
    )
    audit_entry_id = commit(store, session, row, facts, conference, schedule, found, intent)
    answer = {
        **head_json(row),
        "saveAttemptId": request.attempt_id,
        "expectedVersion": request.expected_version,
        "result": "saved",
        "scheduleStatus": row.status,
        "createdAt": instant(now),
        "editorId": editor_id,
        "conflicts": [one.json() for one in found],
        "auditEntryId": audit_entry_id,
        "reversed": step.json(),
    }
    attempts.remember(
        session,
        row,
        SaveAttemptRow(
            id=request.attempt_id,
            schedule_id=row.id,
            editor_id=editor_id,
            expected_version=request.expected_version,
            content_hash=content,
            changes=[{"op": request.direction, "auditEntryId": step.entry.id}],
            result="saved",
            status_code=200,
            answer={"detail": "", "attempt": answer},
            created_at=now,
        ),
    )
    return answer


# --- what there is to undo -------------------------------------------------------------------------------------------


def _next(session: Session, facts: Facts, editor_id: str, direction: Direction) -> Step | None:
    """The step to take back next, leaving out those that others have put back already."""
    entries = _own_entries(session, facts.schedule_id, editor_id)
    steps = _done(entries) if direction == "undo" else _undone(entries)
    return next((step for step in steps if not all(_is_back(facts, change) for change in step.changes)), None)


def _own_entries(session: Session, schedule_id: str, editor_id: str) -> Iterator[AuditRow]:
    """The caller's entries, newest first; read a few at a time, because the first ones mostly settle it."""
    below = 2**31 - 1
    while True:
        page = session.scalars(
            select(AuditRow)
            .where(AuditRow.schedule_id == schedule_id, AuditRow.number < below)
            .where(AuditRow.editor_id == editor_id, AuditRow.action.in_(STEPS))
            .order_by(AuditRow.number.desc())
            .limit(PAGE)
        ).all()
        yield from page
        if len(page) < PAGE:
            return
        below = page[-1].number


def _done(entries: Iterator[AuditRow]) -> Iterator[Step]:
    """The caller's changes that stand, newest first."""
    decided: set[int] = set()
    for entry in entries:
        original = _original(entry)
        if original not in decided:
            decided.add(original)
            if entry.action != "undo":
                yield Step(entry, original, changes_of(entry))


def _undone(entries: Iterator[AuditRow]) -> Iterator[Step]:
    """The undoings since the caller's last new change that were not redone, newest first."""
    decided: set[int] = set()
    for entry in entries:
        if entry.action in ("save", "override"):
            return
        original = _original(entry)
        if original not in decided:
            decided.add(original)
            if entry.action == "undo":
                yield Step(entry, original, changes_of(entry))


def _original(entry: AuditRow) -> int:
    if entry.action in ("save", "override"):
        return entry.number
    return int(json.loads(entry.details)["original"])


# --- what stands in the way ------------------------------------------------------------------------------------------


def _is_overwritten(facts: Facts, change: Mapping[str, Any]) -> bool:
    """Whether a value is by now neither what the change made it nor what it was before."""
    present = _present(facts, change)
    return any(
        present[field] not in (change["values"][field], change["previousValues"][field])
        for field in change["updatedFields"]
        if field not in DERIVED
    )


def _is_back(facts: Facts, change: Mapping[str, Any]) -> bool:
    """Whether every value is what it was before the change."""
    present = _present(facts, change)
    return all(
        present[field] == change["previousValues"][field] for field in change["updatedFields"] if field not in DERIVED
    )


def _present(facts: Facts, change: Mapping[str, Any]) -> dict[str, Any]:
    return differences.values_of(facts.conference, facts.schedule, *_key(change))


def _key(change: Mapping[str, Any]) -> tuple[str, str]:
    resource = change["resource"]
    return resource, change[f"{resource}Id"]


def _refuse_to_overwrite(session: Session, facts: Facts, step: Step, request: UndoRequest) -> NoReturn:
    touched = {_key(change) for change in step.changes if _is_overwritten(facts, change)}
    later = _standing(session, facts, step, touched)
    resource, identifier = _key(later[0]) if later else min(touched)
    by = f" by {later[0]['editorName']} at version {later[0]['version']}" if later else ""
    mine = f"your change at version {step.entry.version} cannot be put back"
    detail = f"{mine}: {resource} '{identifier}' was changed again{by}"
    raise _later_work(detail, facts, step, request, later, ())


def _refuse_new_conflicts(
    session: Session, facts: Facts, step: Step, request: UndoRequest, found: Sequence[ledger.Found]
) -> None:
    """Refuse if conflicts would come of it that block and are not on record as unresolved."""
    unresolved = select(ConflictRow.id).where(
        ConflictRow.schedule_id == facts.schedule_id, ConflictRow.status == ledger.UNRESOLVED
    )
    known = set(session.scalars(unresolved))
    new = [one for one in found if one.blocks and one.id not in known]
    if not new:
        return
    named: set[tuple[str, str]] = set()
    for one in new:
        named |= {("session", session_id) for session_id in one.violation.sessions}
        named |= {(kind, name) for kind in ("room", "person") if (name := getattr(one.violation, kind)) is not None}
    later = _standing(session, facts, step, named)
    count = "one conflict" if len(new) == 1 else f"{len(new)} conflicts"
    because = f", because of what {later[0]['editorName']} changed at version {later[0]['version']}" if later else ""
    detail = (
        f"to put your change at version {step.entry.version} back would bring {count}{because}: "
        f"{new[0].violation.message}"
    )
    raise _later_work(detail, facts, step, request, later, new)


def _later_work(
    detail: str,
    facts: Facts,
    step: Step,
    request: UndoRequest,
    later: Sequence[Mapping[str, Any]],
    conflicts: Sequence[ledger.Found],
) -> LaterWork:
    return LaterWork(
        detail,
        version=request.expected_version,
        reversed=step.json(),
        laterChanges=list(later),
        conflicts=[one.json() for one in conflicts],
        edits=_as_edits(facts, step.changes),
    )


def _standing(session: Session, facts: Facts, step: Step, touched: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """Changes of these resources after the step whose values still stand, newest first, with their editors' names."""
    entries = session.execute(
        select(AuditRow, EditorRow.name)
        .outerjoin(EditorRow, EditorRow.id == AuditRow.editor_id)
        .where(AuditRow.schedule_id == facts.schedule_id, AuditRow.number > step.entry.number)
        .order_by(AuditRow.number.desc())
    )
    return [
        {**change, "auditEntryId": entry.id, "editorName": name or "somebody"}
        for entry, name in entries
        for change in changes_of(entry)
        if _key(change) in touched and _stands(facts, change)
    ]


def _stands(facts: Facts, change: Mapping[str, Any]) -> bool:
    present = _present(facts, change)
    return any(present[field] == change["values"][field] for field in change["updatedFields"] if field not in DERIVED)


# --- as edits --------------------------------------------------------------------------------------------------------


def _as_edits(facts: Facts, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Edits that put the previous values back, to ask for a repair with."""
    conference, schedule = earlier(facts.conference, facts.schedule, changes)
    edits: list[dict[str, Any]] = []
    for change in changes:
        resource, identifier = _key(change)
        if resource == "session":
            edits += _session_edits(conference, schedule, identifier, change["updatedFields"])
        else:
            edits += _stretch_edits(resource, identifier, _present(facts, change), change["previousValues"])
    return edits


def _stretch_edits(
    resource: str, identifier: str, present: Mapping[str, Any], previous: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """What opens a room, or finds a person available, and then closes what was closed before."""
    field, close, reopen = (
        ("closed", "close_room", "open_room")
        if resource == "room"
        else ("unavailable", "person_unavailable", "person_available")
    )
    lifted = [one for one in present[field] if one not in previous[field]]
    for one in lifted:
        yield {"op": reopen, resource: identifier, **one}
    for one in previous[field]:
        stretch = read_intervals([one])
        if one not in present[field] or without(stretch, read_intervals(lifted)) != stretch:
            yield {"op": close, resource: identifier, **one}


def _session_edits(
    conference: Conference, schedule: Schedule, session: str, fields: Sequence[str]
) -> Iterator[dict[str, Any]]:
    facts = conference.session[session]
    placement = schedule.get(session)
    if "minutes" in fields:
        yield {"op": "resize", "session": session, "minutes": facts.minutes}
    if "roomId" in fields or "startTime" in fields:
        if placement is None:
            yield {"op": "unplace", "session": session}
        else:
            start = conference.clock.iso(placement.start)
            yield {"op": "move", "session": session, "room": placement.room, "start": start}
    if "pinned" in fields:
        yield {"op": "pin" if facts.pinned else "unpin", "session": session}
    if "audience" in fields:
        yield {"op": "set_audience", "session": session, "audience": facts.audience}


def _content_hash(schedule_id: str, request: UndoRequest) -> str:
    content = [schedule_id, request.expected_version, request.direction]
    return digest(content)
