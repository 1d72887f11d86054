"""Errors as people and programs get them: one table from error to RFC 9457 problem."""

from __future__ import annotations

import json
import logging
import re
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
    errors.Locked: Kind("session-locked", 409, "Another editor has it in hand"),
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
    507: Kind("storage-full", 507, "The disk is full"),
}

OUR_WORDS: Mapping[int, str] = {
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: "the body is larger than it may be",
}
"""What is said where nobody of ours has said anything."""

INTERNAL = Kind("internal-error", 500, "Something went wrong here")
UPGRADE = Kind("upgrade-required", 426, "Another protocol is needed")
UNKNOWN = "there is no such key"
REASONS: Mapping[str, str] = {
    r"^Field required$": "it is missing",
    r"^Extra inputs are not permitted$": UNKNOWN,
    r"^Input should be a valid dictionary.*": "it must be a JSON object",
    r"^Input should be a valid (integer|number|boolean|list|string)(, .*)?$": r"it must be a \1",
    r"^Input should be (greater|less) than or equal to": r"it must be \1 than or equal to",
    r"^Input should be ": "it must be ",
    r"\ba integer$": "an integer",
}
"""How what pydantic finds wrong is said here, one after the other."""
OTHER = "http-error"
"""Whatever else HTTP has a status for."""

MEANINGS: Mapping[str, str] = {
    "bad-request": "The body is not JSON, or the request makes no sense as HTTP. Nothing was looked at.",
    "unauthenticated": "Send a token in `Authorization: Bearer …`, or sign in with a browser. A token that is wrong, "
    "revoked or over is refused even where none is needed.",
    "forbidden": "You are known, but your role is too low, your token is confined to other scopes, or a browser's "
    "request does not come from Callboard's own pages. `detail` says which.",
    "not-found": "There is no such thing, or none that you may see: a schedule that was never published is not there "
    "for attendees.",
    "method-not-allowed": "The address exists, but not with this method; `Allow` names those it has.",
    "name-taken": "Another schedule has this short name. Choose another, or leave it out to be given one.",
    "conflicts-block-publishing": "Blocking conflicts are unresolved; `conflicts` lists them. Repair them, or change "
    "how grave their rule is.",
    "session-locked": "The schedule's lock policy is `required`, and another editor has a session in hand that you "
    "would move; `locks` says who, and for how many seconds. Nothing was stored: the same save may be sent again.",
    "warning-required": "The save would leave blocking conflicts; `conflicts` lists them. Send the same save attempt "
    "again with `override` and a reason, or with `cancel`.",
    "later-work": "To put your change back would now break something that came later. `laterChanges` and `conflicts` "
    "name it; `repair` is what would mend it.",
    "nothing-to-undo": "You have made no change that could be put back, or undone none that could be made again.",
    "events-gone": "These events are older than events are kept. Read the schedule afresh, and follow from its "
    "`lastSeq`.",
    "stale-version": "Others have saved since the version that you expected; `changedSince` says what. Read the "
    "schedule afresh and decide again.",
    "stale-blocked": "The same, for a save: the attempt is stored as `stale_blocked`. A new save takes a new id.",
    "too-large": "The body is larger than bodies of its kind may be.",
    "unsupported-media-type": "Send JSON, as `application/json`.",
    "invalid-request": "Something in the request has the wrong shape or names what is not there; `place` or `errors` "
    "say where.",
    "validation-failed": "The changes of a save cannot be made; `detail` says which and why. A new save takes a "
    "new id.",
    "upgrade-required": "This address is a WebSocket, of version 13.",
    "too-many-requests": "You asked more often than is allowed within a minute; `retryAfter` and `Retry-After` say in "
    "how many seconds to come back.",
    "internal-error": "A mistake of Callboard's own. It was logged; nothing was saved by halves.",
    "unavailable": "A part that is needed does not answer just now, such as the solver. Try again in a moment.",
    "storage-full": "The server's disk is full: nothing was saved. It takes whoever runs Callboard to make room.",
    "http-error": "HTTP's own status says it all.",
}
"""What each kind of problem means, and what to do about it."""


def kinds() -> list[Kind]:
    """Every kind of problem, by status and name."""
    every = {*REFUSALS.values(), *SAVE_RESULTS.values(), *STATUSES.values(), INTERNAL, UPGRADE}
    return sorted(every, key=lambda kind: (kind.status, kind.name))


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
        headers={"Cache-Control": "no-store", "Link": f'</api/v1/docs#{kind.name}>; rel="help"'},
    )


def init_app(app: Flask) -> None:
    """Answer every error with a problem."""
    from solver.rules import RuleError
    from webapp.schemas import DocumentError
    from webapp.store.failures import AwayError, FullError, UnstorableError

    app.register_error_handler(errors.Refusal, refused)
    app.register_error_handler(DocumentError, _unreadable)
    app.register_error_handler(RuleError, _rule_failed)
    app.register_error_handler(UnstorableError, _unreadable)
    app.register_error_handler(FullError, _full)
    app.register_error_handler(AwayError, _away)
    app.register_error_handler(HTTPError, _misshapen)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def kind_of(error: errors.Refusal) -> Kind:
    """The kind of problem that a refusal is: its own, or that of the nearest class above it."""
    return next(REFUSALS[one] for one in type(error).__mro__ if one in REFUSALS)


def refused(error: errors.Refusal) -> Response:
    """The problem that a refusal is."""
    answer = response(kind_of(error), error.detail, error.facts)
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


def _full(error: Exception) -> Response:
    log.error("the disk is full", exc_info=error)
    return response(STATUSES[507], f"{error}; nothing was changed")


def _away(error: Exception) -> Response:
    log.error("the database does not answer", exc_info=error)
    answer = response(REFUSALS[errors.Unavailable], f"{error}; try again")
    answer.headers["Retry-After"] = "1"
    return answer


def _misshapen(error: HTTPError) -> Response:
    """A body or query that does not have the shape that the API describes."""
    detail: Any = error.detail
    found = [
        {"place": "body" if place == "_schema" else place, "reason": _plainly(reason)}
        for places in (detail.values() if isinstance(detail, dict) else [])
        for place, reasons in places.items()
        for reason in reasons
    ]
    found.sort(key=lambda one: one["reason"] != UNKNOWN)  # a key that is missing may only be misspelt
    sentence = f"{found[0]['place']}: {found[0]['reason']}" if found else str(error.message)
    return response(STATUSES.get(error.status_code, STATUSES[422]), sentence, {"errors": found})


def _plainly(reason: str) -> str:
    """What a library says is wrong with a value, in our words."""
    for theirs, ours in REASONS.items():
        reason = re.sub(theirs, ours, reason)
    return reason


def _http(error: HTTPException) -> AnyResponse:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    kind = STATUSES.get(error.code) or Kind(OTHER, error.code, error.name)
    answer = response(kind, OUR_WORDS.get(error.code) or error.description or error.name)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            answer.headers[name] = value
    return answer


def _bug(error: Exception) -> Response:
    log.error("unhandled error", exc_info=error)
    return response(INTERNAL, "The error was logged; try again.")
