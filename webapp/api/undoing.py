"""Undo and redo: one's own last change, as a new save."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from apiflask import APIBlueprint
from flask import Response

from webapp import auth
from webapp.api import answers, requests
from webapp.api.changes import solver
from webapp.api.common import PRIVATE, answer, at_version, store, takes_json
from webapp.auth.rates import limits
from webapp.services import repairing, undoing
from webapp.services.errors import LaterWork, Stale
from webapp.serving.solver_client import SolverRefused, SolverUnavailable

REPAIR_SECONDS = 3.0
"""How long the repair that comes with a refusal may take."""

bp = APIBlueprint("undoing", __name__, tag="Changes")


@bp.get("/schedules/<reference>/undo")
@auth.requires("editor")
@bp.output(answers.Undoable)
def get_undo(reference: str) -> Response:
    """What undo and redo would put back for the caller."""
    return answer(undoing.possible(store(), reference, editor_id=str(auth.current().editor_id)))


@bp.post("/schedules/<reference>/undo")
@auth.requires("editor")
@limits("save")
@takes_json
@at_version
@bp.input(requests.Undo, arg_name="body")
@bp.output(answers.Undone)
def undo(reference: str, body: requests.Undo) -> Response:
    """Put the caller's last change back; refused, with a repair, where later work stands on it."""
    return _answered(reference, body, "undo")


@bp.post("/schedules/<reference>/redo")
@auth.requires("editor")
@limits("save")
@takes_json
@at_version
@bp.input(requests.Undo, arg_name="body")
@bp.output(answers.Undone)
def redo(reference: str, body: requests.Undo) -> Response:
    """Make the change again that the caller undid last, unless they have saved since."""
    return _answered(reference, body, "redo")


def _answered(reference: str, body: requests.Undo, direction: undoing.Direction) -> Response:
    request = undoing.UndoRequest(
        direction=direction,
        expected_version=body.expected_version,
        attempt_id=body.save_attempt_id or str(uuid4()),
        override=body.override,
    )
    try:
        told = undoing.undo(store(), reference, request, editor_id=str(auth.current().editor_id))
    except LaterWork as refused:
        refused.facts["repair"] = _repair(reference, refused.facts["version"], refused.facts["edits"])
        raise
    return answer(told, headers={**PRIVATE, "ETag": f'"v{told["version"]}"'})


def _repair(reference: str, version: int, edits: list[dict[str, Any]]) -> dict[str, Any] | None:
    """A way to have it all the same: the change put back, and others moved out of its way; None if none is at hand."""
    request = repairing.RepairRequest(expected_version=version, edits=edits, time_limit=REPAIR_SECONDS, scope="edit")
    try:
        return repairing.repair(store(), solver(), reference, request)
    except (Stale, SolverUnavailable, SolverRefused):
        return None
