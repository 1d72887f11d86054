"""For those who run Callboard: what the handlers of events are at, and what they failed on."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth
from webapp.events import troubles
from webapp.events.handlers import EVERY
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import PRIVATE, not_built, page, refused, store
from webapp.services.errors import Refusal

bp = Blueprint("operation", __name__)
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)

LISTED = 200


@bp.get("/operation")
@auth.requires("admin")
def operation() -> Response:
    """The handlers, and the events that they failed on."""
    handlers = troubles.standing(store(), EVERY)
    return page("operation", cache=PRIVATE, handlers=handlers, troubles=troubles.listed(store(), limit=LISTED))


@bp.post("/operation/troubles/<trouble>")
@auth.requires("admin")
def settle(trouble: str) -> AnyResponse:
    """Try an event again that a handler failed on, or let go of it."""
    if request.form.get("do") == "discard":
        troubles.discard(store(), trouble)
    else:
        told = troubles.retry(store(), trouble)
        for relay in current_app.extensions["callboard.relays"]:
            relay.ring(told["scheduleId"], told["seq"])
    return redirect(url_for("operation.operation"), code=303)
