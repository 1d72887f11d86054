"""Errors as people and programs get them: one table from error to RFC 9457 problem."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from apiflask import HTTPError
from flask import Flask, Response, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as AnyResponse

from webapp.services import errors

PROBLEM = "application/problem+json"
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1><p>{detail}</p></html>
"""
TYPE = "urn:callboard:problem:"

log = logging.getLogger(__name__)


class Kind(NamedTuple):
    """A kind of problem: its stable name, its status and its title."""

    name: str
    status: int
    title: str


REFUSALS: Mapping[type[errors.Refusal], Kind] = {
    errors.NotFound: Kind("not-found", 404, "Not found"),
    errors.Gone: Kind("events-gone", 410, "These events are not kept any more"),
    errors.Stale: Kind("stale-version", 412, "The schedule has changed since"),
    errors.Blocked: Kind("conflicts-block-publishing", 409, "Unresolved conflicts block publishing"),
    errors.LaterWork: Kind("later-work", 409, "Later changes stand on it"),
    errors.NothingToUndo: Kind("nothing-to-undo", 409, "There is nothing to undo or redo"),
    errors.Taken: Kind("name-taken", 409, "The name is taken"),
    errors.Invalid: Kind("invalid-request", 422, "The request is not valid"),
    errors.Unavailable: Kind("unavailable", 503, "Not available just now"),
    errors.Denied: Kind("forbidden", 403, "Not allowed"),
    errors.Unauthenticated: Kind("unauthenticated", 401, "Not signed in"),
    errors.TooMany: Kind("too-many-requests", 429, "Too many requests"),
}

SAVE_RESULTS: Mapping[str, Kind] = {
    "warning_required": Kind("warning-required", 409, "Conflicts would remain"),
    "stale_blocked": Kind("stale-blocked", 412, "The schedule has changed since"),
    "validation_failed": Kind("validation-failed", 422, "The changes cannot be made"),
}

STATUSES: Mapping[int, Kind] = {
    400: Kind("bad-request", 400, "The request cannot be read"),
    404: Kind("not-found", 404, "Not found"),
    405: Kind("method-not-allowed", 405, "Not done this way"),
    413: Kind("too-large", 413, "The request is too large"),
    415: Kind("unsupported-media-type", 415, "Another content type is needed"),
    422: Kind("invalid-request", 422, "The request is not valid"),
}


def body(kind: Kind, detail: str, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The problem as JSON; `facts` stand beside the four members that every problem has."""
    return {**(facts or {}), "type": TYPE + kind.name, "title": kind.title, "status": kind.status, "detail": detail}


def response(kind: Kind, detail: str, facts: Mapping[str, Any] | None = None) -> Response:
    """The problem as a response: JSON, or a page for a person who followed a link."""
    if not request.path.startswith("/api/") and request.accept_mimetypes.best == "text/html":
        page = PAGE.format(title=escape(kind.title), detail=escape(detail))
        return Response(page, status=kind.status, mimetype="text/html", headers={"Cache-Control": "no-store"})
    return Response(
        json.dumps(body(kind, detail, facts), ensure_ascii=False),
        status=kind.status,
        mimetype=PROBLEM,
        headers={"Cache-Control": "no-store"},
    )


def init_app(app: Flask) -> None:
    """Answer every error with a problem."""
    from solver.rules import RuleError
    from webapp.schemas import DocumentError

    app.register_error_handler(errors.Refusal, refused)
    app.register_error_handler(DocumentError, _unreadable)
    app.register_error_handler(RuleError, _rule_failed)
    app.register_error_handler(HTTPError, _misshapen)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def refused(error: errors.Refusal) -> Response:
    """The problem that a refusal is."""
    answer = response(REFUSALS[type(error)], error.detail, error.facts)
    if isinstance(error, errors.Unauthenticated):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="callboard"'
    if isinstance(error, errors.TooMany):
        answer.headers["Retry-After"] = str(error.facts["retryAfter"])
    return answer


def _unreadable(error: Exception) -> Response:
    return response(REFUSALS[errors.Invalid], str(error), {"place": getattr(error, "place", "")})


def _rule_failed(error: Exception) -> Response:
    """A plug-in's mistake: nothing is known without its rule, and whoever installed it has to look."""
    log.error("a plugged-in rule failed", exc_info=error)
    return response(REFUSALS[errors.Unavailable], getattr(error, "sentence", str(error)))


def _misshapen(error: HTTPError) -> Response:
    """A body or query that does not have the shape that the API describes."""
    detail: Any = error.detail
    found = [
        {"place": place, "reason": reason}
        for places in (detail.values() if isinstance(detail, dict) else [])
        for place, reasons in places.items()
        for reason in reasons
    ]
    sentence = f"{found[0]['place']}: {found[0]['reason']}" if found else str(error.message)
    return response(STATUSES.get(error.status_code, STATUSES[422]), sentence, {"errors": found})


def _http(error: HTTPException) -> AnyResponse:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    kind = STATUSES.get(error.code) or Kind("http-error", error.code, error.name)
    answer = response(kind, error.description or error.name)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            answer.headers[name] = value
    return answer


def _bug(error: Exception) -> Response:
    log.error("unhandled error", exc_info=error)
    return response(Kind("internal-error", 500, "Something went wrong here"), "The error was logged; try again.")
