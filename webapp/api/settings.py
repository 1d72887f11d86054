"""A conference's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from webapp import auth
from webapp.api import answers, requests
from webapp.api.changes import solver
from webapp.api.common import PRIVATE, answer, at_version, store, takes_json
from webapp.services import configuring, consequences
from webapp.serving.solver_client import SolverRefused, SolverUnavailable

bp = APIBlueprint("settings", __name__, tag="Settings")


@bp.get("/schedules/<reference>/settings")
@auth.requires("editor")
@bp.output(answers.Settings)
def get_settings(reference: str) -> Response:
    """How grave each rule is, the opening hours, the lock policy and the preferences."""
    return _answer(configuring.settings(store(), reference))


@bp.put("/schedules/<reference>/settings")
@auth.requires("admin")
@takes_json
@at_version
@bp.input(requests.Settings, arg_name="body")
@bp.output(answers.Configured)
def put_settings(reference: str, body: requests.Settings) -> Response:
    """Change settings.  What is left out stays; another severity or other hours make a new version of the draft.

    Of other hours, `consequences` tells which sessions they break, with ranked repairs; nothing is moved.
    """
    request = configuring.SettingsRequest(
        expected_version=body.expected_version,
        severities=body.severities,
        lock_policy=None
        if body.lock_policy is None
        else body.lock_policy.model_dump(by_alias=True, exclude_unset=True),
        hours=body.hours,
        preferences=body.preferences,
    )
    configured = configuring.configure(store(), reference, request, editor_id=auth.current().editor_id)
    return _answer({**configured.told, "consequences": _consequences(configured.hours_changed)})


def _consequences(event: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What other opening hours break, with repairs if they can be had."""
    if event is None:
        return None
    try:
        return consequences.assess(store(), solver(), event)
    except (SolverUnavailable, SolverRefused):
        return consequences.assess(store(), None, event)


def _answer(told: dict[str, object]) -> Response:
    return answer(told, headers={**PRIVATE, "ETag": f'"v{told["version"]}"'})
