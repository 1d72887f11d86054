"""Reviewing: whether a repair, or a part of it, can still be saved, and what others have changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from solver.answer import RepairMove
from solver.conference import Conference
from solver.edits import Edit
from solver.patch import PatchError, Remaining, Review, review
from solver.problem import Scope
from solver.since import Patch, names
from webapp.schemas import apply_edits, expand_edits, read_edits, read_moves, violation_json
from webapp.services.errors import Invalid
from webapp.services.folding import fold, missing_session
from webapp.services.history import changed_since, earlier
from webapp.services.reading import draft_facts
from webapp.services.repairing import place_json
from webapp.store import Facts, Store


@dataclass(frozen=True, kw_only=True)
class ReviewRequest:
    """A repair as it was answered at `base_version`, and which of its moves are wanted (None: all)."""

    base_version: int
    edits: Any
    moves: Any
    chosen: Sequence[str] | None = None
    scope: Scope = "all"


def validate(store: Store, reference: str, request: ReviewRequest) -> dict[str, Any]:
    """What the repair is worth at the version of now, with the changes to save.  Changes nothing.

    Raises `DocumentError` or `Invalid` for what no repair at `base_version` can have been.
    """

    def work(session: Session) -> tuple[Facts, list[dict[str, Any]]]:
        row, facts = draft_facts(store, session, reference)
        if request.base_version > row.version:
            detail = f"the schedule is at version {row.version}, not yet at {request.base_version}"
            raise Invalid(detail, place="baseVersion")
        return facts, changed_since(session, row, request.base_version)

    facts, since = store.read(work)
    return store.aside(lambda: _told(facts, since, request))


def _told(facts: Facts, since: Sequence[dict[str, Any]], request: ReviewRequest) -> dict[str, Any]:
    conference, schedule = facts.conference, facts.schedule
    versions = {"version": facts.version, "baseVersion": request.base_version}
    missing = missing_session(conference, request.edits)
    if missing is not None:
        reason = f"There is no session '{missing}' any more."
        lost = Review("no_longer_valid", None, completed_by=None, reasons=(reason,))
        return {**versions, **_review_json(conference, lost), "changes": [], "changedSince": []}
    then = earlier(conference, schedule, since)
    requested = expand_edits(request.edits, *then, "", bare=True)
    edits = read_edits(requested, conference, "", bare=True)
    apply_edits(*then, edits, name="")
    patch = Patch(tuple(edits), read_moves(request.moves, conference, ""), request.scope)
    try:
        found = review(conference, schedule, patch, chosen=request.chosen, earlier=then)
    except PatchError as error:
        raise Invalid(str(error), place="moves") from None
    concerned = {*names(patch), *_involved(found)}
    return {
        **versions,
        **_review_json(found.edited.conference if found.edited else conference, found),
        "changes": _changes(requested, edits, found),
        "changedSince": [one for one in since if (one["resource"], one[f"{one['resource']}Id"]) in concerned],
    }


def _changes(requested: Sequence[dict[str, Any]], edits: Sequence[Edit], found: Review) -> list[dict[str, Any]]:
    """What a save takes; nothing where the repair is worth nothing any more."""
    if found.edited is None or found.verdict == "no_longer_valid":
        return []
    return fold(requested, edits, found.edited, {move.session: move.target for move in found.moves})


def _involved(found: Review) -> Iterator[tuple[str, str]]:
    """The sessions, rooms and people of the violations that are left."""
    for one in found.remaining:
        yield from (("session", session) for session in one.violation.sessions)
        if one.violation.room is not None:
            yield "room", one.violation.room
        if one.violation.person is not None:
            yield "person", one.violation.person


def _review_json(conference: Conference, found: Review) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "moves": [_move_json(conference, move) for move in found.moves],
        "violations": [_remaining_json(conference, one) for one in found.remaining],
        "completedBy": None if found.completed_by is None else list(found.completed_by),
        "done": list(found.done),
        "needless": list(found.needless),
        "reasons": list(found.reasons),
    }


def _move_json(conference: Conference, move: RepairMove) -> dict[str, Any]:
    origin = None if move.origin is None else place_json(conference, move.origin)
    return {"session": move.session, "from": origin, "to": place_json(conference, move.target)}


def _remaining_json(conference: Conference, one: Remaining) -> dict[str, Any]:
    told = violation_json(conference, one.violation, camel=True, offset=True)
    return {**told, "mendedBy": list(one.mended_by), "tolerated": one.tolerated}
