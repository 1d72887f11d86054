"""Signing in by a one-time link, and signing out."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from webapp.auth import links, sign_ins
from webapp.auth.guard import COOKIE, check_origin
from webapp.services.errors import Denied
from webapp.settings import Settings
from webapp.store import Store

bp = Blueprint("auth", __name__)


@bp.get("/sign-in")
def sign_in() -> AnyResponse:
    """Follow a one-time link: sets the session cookie and goes on to the editor."""
    if request.method == "HEAD":
        # Programs that preview links must not use them up.
        return Response(status=204)
    settings: Settings = current_app.extensions["callboard.settings"]
    lifetime = timedelta(days=settings.sign_in_days)
    cookie = links.redeem(_store(), request.args.get("token", ""), lifetime=lifetime)
    if cookie is None:
        raise Denied("this sign-in link was used already, or it is too old; ask for a new one")
    response = redirect("/edit", code=303)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_cookie(
        COOKIE, cookie, max_age=lifetime, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )
    return response


@bp.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the browser's session."""
    check_origin()
    cookie = request.cookies.get(COOKIE)
    if cookie:
        sign_ins.end(_store(), cookie)
    response = Response(status=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _store() -> Store:
    store: Store = current_app.extensions["callboard.store"]
    return store
