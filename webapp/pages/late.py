"""A room runs late, on the day: see what would make room, and have it saved and published by one button."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth
from webapp.api.changes import solver
from webapp.auth.rates import limited
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import not_built, refused, schedule_page, store
from webapp.schemas import DocumentError
from webapp.services import delays, reading
from webapp.services.errors import Refusal, Stale

bp = Blueprint("late_pages", __name__)
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)


@bp.get("/edit/<slug>/late")
@auth.requires("editor", scope="solve")
def late(slug: str) -> Response:
    """The form, and below it, once a room is named, what would move."""
    if not request.args.get("room"):
        return _page(slug)
    try:
        return _page(slug, _delayed(slug, request.args, dry_run=True))
    except DocumentError as error:
        return _page(slug, refused=f"{error}.", status=422)


@bp.post("/edit/<slug>/late")
@auth.requires("editor")
def make_up(slug: str) -> AnyResponse:
    """Save what makes room, and publish it if the form says so."""
    if request.form.get("publish"):
        auth.require_scope("publish")
    try:
        came = _delayed(slug, request.form, dry_run=False)
    except DocumentError as error:
        return _page(slug, refused=f"{error}.", status=422)
    except Stale:
        return _page(slug, refused="Somebody has saved meanwhile: look again at what would move.", status=412)
    if came.job is not None:
        return redirect(url_for("job_pages.job", slug=slug, job=came.job["jobId"]), code=303)
    if came.saved is not None and came.saved.result != "saved":
        return _page(slug, came, refused=f"Not saved: {came.saved.detail}.", status=409)
    return redirect(url_for("pages.edit", slug=slug), code=303)


def _delayed(slug: str, told: Any, *, dry_run: bool) -> delays.Delay:
    limited("solve", str(auth.current().editor_id))
    parameters: dict[str, Any] = {"room": told.get("room", ""), "minutes": told.get("minutes", 15, type=int)}
    if told.get("at"):
        parameters["at"] = told["at"]
    wanted = delays.DelayRequest(
        expected_version=told.get("version", type=int),
        parameters=parameters,
        save_attempt_id=told.get("attempt", str(uuid4()))[:100],
        publish=bool(told.get("publish")),
        dry_run=dry_run,
    )
    return delays.run(store(), solver(), slug, wanted, editor_id=str(auth.current().editor_id))


def _page(slug: str, came: delays.Delay | None = None, *, refused: str | None = None, status: int = 200) -> Response:
    facts = reading.draft(store(), slug)
    clock = facts.conference.clock
    return schedule_page(
        "late",
        slug,
        facts,
        status=status,
        given=request.values,
        proposal=None if came is None else came.proposal,
        attempt=str(uuid4()),
        before={one: clock.local(place.start).strftime("%H:%M") for one, place in facts.schedule.items()},
        refused=refused,
    )
