"""What was done to a schedule: the audit, the conflicts on record, and plots of both."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from webapp import auth
from webapp.metrics import Metrics
from webapp.pages import telling
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import not_built, refused, schedule_page, store
from webapp.services import analysing, reading, records
from webapp.services.errors import NotFound, Refusal
from webapp.store import Facts

bp = Blueprint("history_pages", __name__)
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)

PAGE = 50
LATEST = 2**31 - 1


@bp.get("/edit/<slug>/history")
@auth.requires("editor")
def history(slug: str) -> Response:
    """The audit, newest first, or what happened to one session."""
    of_session = request.args.get("session") or None
    before = min(max(0, request.args.get("before", LATEST, type=int)), LATEST)
    head, facts = _schedule(slug)
    if of_session is not None and of_session not in facts.conference.session:
        raise NotFound(f"there is no session '{of_session}'")
    entries = reading.latest_audit(store(), slug, before=before, limit=PAGE + 1, of_session=of_session)
    return schedule_page(
        "history",
        slug,
        facts,
        head=head,
        session=facts.conference.session[of_session] if of_session else None,
        entries=[(entry, telling.told(entry, facts.conference)) for entry in entries[:PAGE]],
        older=entries[PAGE - 1]["number"] if len(entries) > PAGE else None,
    )


@bp.get("/edit/<slug>/conflicts")
@auth.requires("editor")
def conflicts(slug: str) -> Response:
    """The conflicts on record: those that stand, and those that were resolved, with who accepted them and why."""
    head, facts = _schedule(slug)
    found = reading.all_conflicts(store(), slug)
    return schedule_page(
        "conflicts",
        slug,
        facts,
        head=head,
        parts=[
            ("Unresolved", [one for one in found if one["status"] == "unresolved"]),
            ("Resolved", [one for one in found if one["status"] == "resolved"]),
        ],
    )


@bp.get("/edit/<slug>/conflicts/<conflict>")
@auth.requires("editor")
def conflict(slug: str, conflict: str) -> Response:
    """One conflict, and how it came and went."""
    found = records.conflict(store(), slug, conflict)
    _, facts = _schedule(slug)
    return schedule_page("conflict", slug, facts, conflict=found)


@bp.get("/edit/<slug>/analytics")
@auth.requires("editor")
def analytics(slug: str) -> Response:
    """Plots: how rooms and hours are used, what was moved, what was broken, and how long answers took."""
    _, facts = _schedule(slug)
    metrics: Metrics = current_app.extensions["callboard.metrics"]
    plots = analysing.plots(store(), slug, metrics.latencies())
    return schedule_page("analytics", slug, facts, plots=plots)


def _schedule(slug: str) -> tuple[dict[str, object], Facts]:
    return reading.head(store(), slug), reading.draft(store(), slug)
