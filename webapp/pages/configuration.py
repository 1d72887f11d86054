"""The settings of a conference: how grave each rule is, opening hours, locks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from pydantic import ValidationError

from webapp import auth
from webapp.api.changes import solver
from webapp.api.requests import LockPolicy
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import not_built, refused, schedule_page, store
from webapp.schemas import DocumentError
from webapp.services import configuring, consequences, reading
from webapp.services.errors import Invalid, Refusal, Stale
from webapp.services.severities import SEVERITIES
from webapp.serving.solver_client import SolverRefused, SolverUnavailable

bp = Blueprint("configuration", __name__)
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)

FORM_BYTES = 64 * 1024


@bp.get("/edit/<slug>/settings")
@auth.requires("admin")
def configuration(slug: str) -> Response:
    """The settings, as a form."""
    return _page(slug, configuring.settings(store(), slug))


@bp.post("/edit/<slug>/settings")
@auth.requires("admin")
def change(slug: str) -> Response:
    """Take the form's settings, or only say what the form's hours would break; nothing moves by itself."""
    request.max_content_length = FORM_BYTES
    told = configuring.settings(store(), slug)
    asked = {**told, "severities": _severities(told), "hours": _hours(), "lockPolicy": _locks()}
    try:
        if request.form.get("do") == "preview":
            wanted = consequences.ConsequencesRequest(hours=asked["hours"])
            foreseen = consequences.foresee(store(), solver(), slug, wanted)
            return _page(slug, asked, broken={**foreseen, "saved": False})
        return _page(slug, *_save(slug, asked), saved=True)
    except Stale:
        return _page(slug, told, refused="Somebody else has changed the schedule since: look again.", status=412)
    except (DocumentError, Invalid, SolverRefused, SolverUnavailable) as error:
        return _page(slug, asked, refused=_sentence(error), status=422)
    except ValidationError as error:
        [first, *_] = error.errors()
        return _page(slug, asked, refused=_sentence(f"locks: {first['msg']}"), status=422)


def _save(slug: str, asked: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What holds then, and what other hours break."""
    policy = LockPolicy.model_validate(asked["lockPolicy"])
    wanted = configuring.SettingsRequest(
        expected_version=request.form.get("version", type=int),
        severities=asked["severities"],
        lock_policy=policy.model_dump(by_alias=True),
        hours=asked["hours"],
    )
    configured = configuring.configure(store(), slug, wanted, editor_id=auth.current().editor_id)
    if configured.hours_changed is None:
        return configured.told, None
    try:
        found = consequences.assess(store(), solver(), configured.hours_changed)
    except (SolverRefused, SolverUnavailable):
        found = consequences.assess(store(), None, configured.hours_changed)
    return configured.told, found and {**found, "repair": {"repairs": found["repairs"]}, "saved": True}


def _severities(told: dict[str, Any]) -> dict[str, str]:
    """The form's severities; of a rule that it does not have, or has nonsense of, what holds."""
    given = {rule: request.form.get(f"severity:{rule}", "") for rule in told["severities"]}
    return {rule: level if level in SEVERITIES else told["severities"][rule] for rule, level in given.items()}


def _hours() -> list[dict[str, str]]:
    """The form's days; a line without a date is no day."""
    lines = zip(*(request.form.getlist(name) for name in ("date", "start", "end")), strict=False)
    return [{"date": date, "start": start, "end": end} for date, start, end in lines if date]


def _locks() -> dict[str, Any]:
    mode, seconds = request.form.get("mode", ""), request.form.get("leaseSeconds", "")
    return {"mode": mode, "leaseSeconds": int(seconds) if seconds.isdecimal() and len(seconds) < 6 else seconds}


def _sentence(error: object) -> str:
    said = str(error).removeprefix(": ")
    return f"{said[:1].upper()}{said[1:]}."


def _page(
    slug: str,
    told: dict[str, Any],
    broken: dict[str, Any] | None = None,
    *,
    saved: bool = False,
    refused: str | None = None,
    status: int = 200,
) -> Response:
    facts = reading.draft(store(), slug)
    return schedule_page(
        "configuration",
        slug,
        facts,
        status=status,
        timezone=facts.conference.timezone,
        told=told,
        broken=broken,
        severities=SEVERITIES,
        saved=saved,
        refused=refused,
    )
