"""The published schedule as files."""

from __future__ import annotations

from typing import NamedTuple

from apiflask import APIBlueprint
from flask import Response, request

from webapp import auth
from webapp.api import requests
from webapp.api.common import PRIVATE, REVALIDATED, etag_matches, store
from webapp.services import exporting, reading
from webapp.services.errors import NotFound

bp = APIBlueprint("exports", __name__, tag="Files")


class Kind(NamedTuple):
    """A file format by its suffix."""

    format: str
    mimetype: str


KINDS = {
    "xml": Kind("schedule-xml", "application/xml"),
    "json": Kind("schedule-json", "application/json"),
    "csv": Kind("csv", "text/csv"),
    "xlsx": Kind("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}

AUDIT_KINDS = {"jsonl": "application/jsonl", "csv": "text/csv", "xlsx": KINDS["xlsx"].mimetype}
"""The formats of the audit, each with its media type."""


@bp.get("/schedules/<reference>/export.ics")
@bp.input(requests.CalendarFilter, location="query", arg_name="query")
@bp.doc(responses={200: "The calendar"})
def export_calendar(reference: str, query: requests.CalendarFilter) -> Response:
    """The published schedule as a calendar to subscribe to: all of it, or the sessions, the track or the room named.

    A session keeps its UID, and its SEQUENCE rises when it changes.
    """
    tag = f"p{reading.published_version(store(), reference)}"
    if etag_matches(tag):
        return Response(status=304, headers={**REVALIDATED, "ETag": f'"{tag}"'})
    sessions = frozenset(request.args.getlist("session"))
    data = exporting.export_calendar(store(), reference, sessions=sessions, track=query.track, room=query.room)
    response = Response(data, mimetype="text/calendar", headers={**REVALIDATED, "ETag": f'"{tag}"'})
    response.headers.set("Content-Disposition", "inline", filename=f"{reference}.ics")
    return response


@bp.get("/schedules/<reference>/export.<suffix>")
@bp.doc(responses={200: "The file"})
def export(reference: str, suffix: str) -> Response:
    """The published schedule as `xml`, `json`, `csv` or `xlsx`."""
    kind = KINDS.get(suffix)
    if kind is None:
        raise NotFound(f"there is no export '{suffix}': choose ics, {', '.join(KINDS)}")
    tag = f"p{reading.published_version(store(), reference)}"
    if etag_matches(tag):
        return Response(status=304, headers={**REVALIDATED, "ETag": f'"{tag}"'})
    data, version = exporting.export_published(store(), reference, kind.format)
    response = Response(data, mimetype=kind.mimetype, headers={**REVALIDATED, "ETag": f'"p{version}"'})
    response.headers.set("Content-Disposition", "inline", filename=f"{reference}.{suffix}")
    return response


@bp.get("/schedules/<reference>/audit.<suffix>")
@auth.requires("editor")
@bp.input(requests.AuditFilter, location="query", arg_name="query")
@bp.doc(responses={200: "The file"})
def export_audit(reference: str, suffix: str, query: requests.AuditFilter) -> Response:
    """The audit as `csv`, `jsonl` or `xlsx`: a line for each value that was changed, or for each entry as JSON."""
    mimetype = AUDIT_KINDS.get(suffix)
    if mimetype is None:
        raise NotFound(f"the audit is not written as '{suffix}': choose {', '.join(AUDIT_KINDS)}")
    data = exporting.export_audit(store(), reference, suffix, of_session=query.session)
    response = Response(data, mimetype=mimetype, headers=PRIVATE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{reference}-audit.{suffix}")
    return response
