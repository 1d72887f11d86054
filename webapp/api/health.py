"""Whether the process lives, and whether it is ready to work."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from webapp.api.common import answer, store
from webapp.live.backplane import Backplane
from webapp.services.errors import Unavailable
from webapp.store.migrating import is_current

bp = Blueprint("health", __name__)


@bp.get("/livez")
def livez() -> Any:
    """The process answers."""
    return answer({"status": "alive"}, headers={"Cache-Control": "no-store"})


@bp.get("/readyz")
def readyz() -> Any:
    """The database is up to date and the solver answers: edits and repairs work."""
    if not store().read(lambda session: is_current(session.connection())):
        raise Unavailable("the database is not up to date: run callboard db upgrade")
    solver = current_app.extensions.get("callboard.solver")
    if solver is None or not solver.ping():
        raise Unavailable("the solver is not ready yet")
    told: dict[str, Any] = {"status": "ready"}
    backplane: Backplane = current_app.extensions["callboard.backplane"]
    if backplane.state == "away":
        # Nothing is lost and everything works: what other processes change is seen a second later.
        told["degraded"] = [f"{backplane.line_name} does not answer"]
    return answer(told, headers={"Cache-Control": "no-store"})
