"""What happened and what is on: events, conflicts, the audit, now and next."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from webapp import auth
from webapp.api import answers, requests
from webapp.api.common import answer, paged, store
from webapp.services import now as now_service
from webapp.services import reading, records

bp = APIBlueprint("history", __name__, tag="History")


@bp.get("/schedules/<reference>/events")
@bp.input(requests.LogPage, location="query", arg_name="page")
@bp.output(answers.EventList)
def list_events(reference: str, page: requests.LogPage) -> Response:
    """The events after a seq: all of them for editors, the public ones for anybody else; 410 if they are too old."""
    identity = auth.current()
    items = reading.events(store(), reference, identity, after=page.after, limit=page.limit + 1)
    return paged(items, page.limit, "seq")


@bp.get("/schedules/<reference>/conflicts")
@auth.requires("editor")
@bp.input(requests.ConflictPage, location="query", arg_name="page")
@bp.output(answers.ConflictList)
def list_conflicts(reference: str, page: requests.ConflictPage) -> Response:
    """The conflict ledger."""
    items = reading.conflicts(store(), reference, status=page.status, after=page.after, limit=page.limit + 1)
    return paged(items, page.limit, "conflictId")


@bp.get("/schedules/<reference>/conflicts/<conflict>")
@auth.requires("editor")
@bp.output(answers.ConflictOnRecord)
def get_conflict(reference: str, conflict: str) -> Response:
    """One conflict, and how it came and went: detected, accepted, resolved and reopened, by whose change."""
    return answer(records.conflict(store(), reference, conflict))


@bp.get("/schedules/<reference>/overrides")
@auth.requires("editor")
@bp.input(requests.EventPage, location="query", arg_name="page")
@bp.output(answers.OverrideList)
def list_overrides(reference: str, page: requests.EventPage) -> Response:
    """Who accepted which conflicts, why and when."""
    items = records.overrides(store(), reference, after=page.after, limit=page.limit + 1)
    return paged(items, page.limit, "number")


@bp.get("/schedules/<reference>/saves")
@auth.requires("editor")
@bp.input(requests.Page, location="query", arg_name="page")
@bp.output(answers.SaveList)
def list_saves(reference: str, page: requests.Page) -> Response:
    """The save attempts and what became of them."""
    items = reading.saves(store(), reference, after=page.after, limit=page.limit + 1)
    return paged(items, page.limit, "saveAttemptId")


@bp.get("/schedules/<reference>/audit")
@auth.requires("editor")
@bp.input(requests.AuditPage, location="query", arg_name="page")
@bp.output(answers.AuditList)
def list_audit(reference: str, page: requests.AuditPage) -> Response:
    """The audit: every change with who, when and what was before; with `session`, the history of that one."""
    items = reading.audit(store(), reference, after=page.after, limit=page.limit + 1, of_session=page.session)
    return paged(items, page.limit, "number")


@bp.get("/schedules/<reference>/sessions/<session>/history")
@auth.requires("editor")
@bp.input(requests.EventPage, location="query", arg_name="page")
@bp.output(answers.AuditList)
def list_session_history(reference: str, session: str, page: requests.EventPage) -> Response:
    """What happened to one session, from the audit: its changes alone, with who, when and why."""
    items = reading.audit(store(), reference, after=page.after, limit=page.limit + 1, of_session=session)
    return paged(items, page.limit, "number")


@bp.get("/schedules/<reference>/now")
@bp.input(requests.At, location="query", arg_name="query")
@bp.output(answers.Now)
def get_now(reference: str, query: requests.At) -> Response:
    """What is on in each room, and what follows, as published."""
    told = now_service.now_and_next(store(), reference, query.at)
    return Response(told, mimetype="application/json", headers={"Cache-Control": "no-cache"})
