"""Batch jobs of a schedule: asked for by a form, followed with a chart, reviewed and saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth
from webapp.auth.rates import limited
from webapp.pages.assets import AssetsMissing
from webapp.pages.files import preview
from webapp.pages.job_forms import FORMS
from webapp.pages.rendering import not_built, refused, schedule_page, store
from webapp.schemas import DocumentError
from webapp.services import jobs, reading, saving
from webapp.services.errors import NotFound, Refusal, Stale

bp = Blueprint("job_pages", __name__)
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)

LISTED = 50
LOOK_SECONDS = 2
WIDTH, HEIGHT = 600, 160
"""Of the chart, in its own units."""
LONGEST_SECONDS = 3600.0
SHOWN = 200
"""So many changes are listed at most."""


@bp.get("/edit/<slug>/jobs")
@auth.requires("editor")
def listed(slug: str) -> Response:
    """The jobs, the newest first, and a form to ask for one."""
    return _list(slug)


@bp.post("/edit/<slug>/jobs")
@auth.requires("editor", scope="solve")
def ask(slug: str) -> AnyResponse:
    """Ask for a job, and go to its page."""
    limited("solve", str(auth.current().editor_id))
    kind = request.form.get("kind", "")
    seconds = request.form.get("seconds", 60.0, type=float)
    try:
        asked = jobs.JobRequest(
            kind=kind,
            expected_version=None,
            parameters=FORMS[kind](reading.draft(store(), slug)) if kind in FORMS else {},
            time_limit=min(max(seconds, 1.0), LONGEST_SECONDS),
        )
        told = jobs.request(store(), slug, asked, editor_id=auth.current().editor_id)
    except DocumentError as error:
        return _list(slug, refused=f"{error}.", status=422)
    return redirect(url_for("job_pages.job", slug=slug, job=told["jobId"]), code=303)


@bp.get("/edit/<slug>/jobs/<job>")
@auth.requires("editor")
def job(slug: str, job: str) -> Response:
    """One job: how far it is, and what it would change.  The page reloads itself until the job has ended."""
    return _show(slug, _found(slug, job))


@bp.post("/edit/<slug>/jobs/<job>")
@auth.requires("editor")
def settle(slug: str, job: str) -> AnyResponse:
    """Cancel a job, save what it proposes, or ask the same again."""
    found, me = _found(slug, job), auth.current().editor_id
    do = request.form.get("do")
    if do == "save":
        wanted = saving.SaveRequest(
            attempt_id=job, expected_version=found["baseVersion"], changes=found.get("changes", [])
        )
        saved = saving.save(store(), slug, wanted, editor_id=str(me))
        if saved.result != "saved":
            return _show(slug, _found(slug, job), refused=f"Not saved: {saved.detail}.", status=409)
    elif do == "confirm":
        try:
            job = jobs.confirm(store(), job, editor_id=me)["jobId"]
        except Stale as error:
            return _show(slug, found, refused=f"{error}: bring the feed again.", status=412)
    elif do == "again":
        same = jobs.JobRequest(
            kind=found["kind"],
            expected_version=None,
            parameters=found["parameters"],
            time_limit=found["timeLimit"],
            seed=found["seed"],
        )
        job = jobs.request(store(), slug, same, editor_id=me)["jobId"]
    else:
        jobs.cancel(store(), job)
    return redirect(url_for("job_pages.job", slug=slug, job=job), code=303)


def _found(slug: str, job: str) -> dict[str, Any]:
    found = jobs.show(store(), job)
    if found["scheduleId"] != reading.head(store(), slug)["scheduleId"]:
        raise NotFound(f"there is no job '{job}' of this schedule")
    return found


def _list(slug: str, *, refused: str | None = None, status: int = 200) -> Response:
    facts = reading.draft(store(), slug)
    return schedule_page(
        "jobs",
        slug,
        facts,
        status=status,
        jobs=jobs.listed(store(), slug, after="", limit=LISTED),
        days=[day.date.isoformat() for day in facts.conference.days],
        refused=refused,
    )


def _show(slug: str, found: dict[str, Any], *, refused: str | None = None, status: int = 200) -> Response:
    facts = reading.draft(store(), slug)
    response = schedule_page(
        "job",
        slug,
        facts,
        status=status,
        job=found,
        chart=chart(found.get("history") or []),
        width=WIDTH,
        height=HEIGHT,
        changes=found.get("changes", [])[:SHOWN],
        preview=preview(found, facts.conference, facts.schedule) if found["state"] in ("proposed", "stale") else None,
        refused=refused,
    )
    if found["state"] in jobs.UNFINISHED:
        response.headers["Refresh"] = str(LOOK_SECONDS)
    return response


def chart(history: Sequence[Sequence[float | None]]) -> dict[str, Any] | None:
    """The lines of objective and bound over time, as the points of two SVG polylines; None before there are two."""
    known = [(seconds, objective, bound) for seconds, objective, bound in history if objective is not None]
    if len(known) < 2:
        return None
    last, first = max(float(seconds or 0) for seconds, _, _ in known) or 1.0, float(known[0][0] or 0)
    values = [float(value) for _, *both in known for value in both if value is not None]
    low, high = min(values), max(values)
    span = max(high - low, 1.0)

    def points(column: int) -> str:
        pairs = [(row[0] or 0.0, row[column]) for row in known if row[column] is not None]
        scale = WIDTH / max(last - first, 1e-9)
        return " ".join(
            f"{(seconds - first) * scale:.1f},{HEIGHT - (float(value or 0) - low) / span * HEIGHT:.1f}"
            for seconds, value in pairs
        )

    return {"objective": points(1), "bound": points(2), "low": round(low), "high": round(high), "seconds": round(last)}
