"""Files that people bring: one that becomes a schedule, and a newer feed of one, looked at before it counts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from solver.conference import Conference, Placement, Schedule
from webapp import auth
from webapp.auth.rates import limited
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import PRIVATE, not_built, page, refused, schedule_page, settings, store
from webapp.pages.views import schedules_page
from webapp.schemas import DocumentError
from webapp.services import feeds, importing, jobs, reading
from webapp.services.errors import Invalid, Refusal, Taken, Unavailable

bp = Blueprint("files", __name__)
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)

SOLVE_SECONDS = 20.0
LISTED = 200
"""So many of each are listed at most."""


@bp.post("/edit")
@auth.requires("admin")
def create() -> AnyResponse:
    """Make a schedule of a file, and go to its editor; what the file left unsaid is told first."""
    try:
        data, name = _uploaded()
        imported = feeds.read(store(), data, name)
        schedule = importing.import_document(
            store(), imported, slug=request.form.get("slug") or None, editor_id=str(auth.current().editor_id)
        )
    except (DocumentError, Invalid, Taken, Unavailable) as error:
        return schedules_page(refused=f"{error}.", status=422)
    slug = reading.head(store(), schedule)["slug"]
    if imported.warnings:
        warnings = imported.warnings[:LISTED]
        return page(
            "imported", cache=PRIVATE, slug=slug, warnings=warnings, more=len(imported.warnings) - len(warnings)
        )
    return redirect(url_for("pages.edit", slug=slug), code=303)


@bp.get("/edit/<slug>/feed")
@auth.requires("editor")
def feed(slug: str) -> Response:
    """A form to bring a newer feed."""
    return _feed_form(slug)


@bp.post("/edit/<slug>/feed")
@auth.requires("editor", scope="solve")
def compare(slug: str) -> AnyResponse:
    """Hold a newer feed against the draft: a job, whose page says what is new, moved and gone."""
    limited("solve", str(auth.current().editor_id))
    try:
        data, name = _uploaded()
        parameters = {"feed": b64encode(data).decode(), "encoding": "base64", "name": name}
        asked = jobs.JobRequest(kind="import", expected_version=None, parameters=parameters, time_limit=SOLVE_SECONDS)
        told = jobs.request(store(), slug, asked, editor_id=auth.current().editor_id)
    except (DocumentError, Invalid, Unavailable) as error:
        return _feed_form(slug, refused=f"{error}.", status=422)
    return redirect(url_for("job_pages.job", slug=slug, job=told["jobId"]), code=303)


def _feed_form(slug: str, *, refused: str | None = None, status: int = 200) -> Response:
    return schedule_page("feed", slug, reading.draft(store(), slug), status=status, refused=refused)


def _uploaded() -> tuple[bytes, str]:
    """The form's file.  Raises `Invalid` if there is none, or too much of it."""
    request.max_content_length = settings().import_bytes
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        raise Invalid(f"the file is larger than {settings().import_bytes // 2**20} MB") from None
    if file is None or not file.filename:
        raise Invalid("choose a file first")
    return file.read(), file.filename


@dataclass(frozen=True, kw_only=True)
class Line:
    """A session of which the feed says something else."""

    title: str
    was: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a newer feed comes to, as people read it before they save it."""

    moved: list[Line]
    """By the feed itself."""
    repaired: list[Line]
    """Moved further, to mend what the feed breaks."""
    resized: list[Line]
    gone: list[Line]
    new: int
    conflicts: list[str]
    """What the feed alone would break."""
    notes: list[str]
    """What a save cannot take over."""
    question: str
    """Set where so much is missing that somebody has to say whether it is meant."""


def preview(job: Mapping[str, Any], conference: Conference, schedule: Schedule) -> Preview | None:
    """Of an import that has been solved: its feed against the draft."""
    told = (job.get("result") or {}).get("feed")
    if told is None:
        return None
    asked = {(edit["op"], edit["session"]): edit for edit in job["parameters"]["edits"]}
    edits = [change for change in job.get("changes", ()) if change["op"] == "move"]
    feeds_own = [edit for (op, _), edit in asked.items() if op == "move"]
    resized = [edit for (op, _), edit in asked.items() if op == "resize"]
    minutes = {one.id: one.minutes for one in conference.sessions}
    return Preview(
        moved=list(_moves(feeds_own, conference, schedule)),
        repaired=list(_moves([one for one in edits if ("move", one["session"]) not in asked], conference, schedule)),
        resized=[
            Line(
                title=conference.session[one["session"]].label,
                was=f"{minutes[one['session']]} min",
                now=f"{one['minutes']} min",
            )
            for one in resized
        ],
        gone=[
            Line(
                title=conference.session[one].label,
                was=_place(conference, schedule.get(one)),
                now="not in the feed" if one in told["missing"] else "without a place in the feed",
            )
            for one in [*told["missing"], *told["unplaced"]]
            if one in conference.session
        ],
        new=len(told["new"]),
        conflicts=[one["message"] for one in told.get("conflicts", ())],
        notes=list(told["notes"]),
        question=job["result"]["reasons"][0] if job["result"]["status"] == "question" else "",
    )


def _moves(edits: list[dict[str, Any]], conference: Conference, schedule: Schedule) -> Iterator[Line]:
    for edit in edits:
        before = schedule.get(edit["session"])
        room = edit.get("room") or (before.room if before else "")
        start = edit.get("start")
        now = _local(start) if start else _time(conference, before)
        label = conference.room[room].label if room in conference.room else room
        title = conference.session[edit["session"]].label
        yield Line(title=title, was=_place(conference, before), now=f"{now} {label}")


def _place(conference: Conference, place: Placement | None) -> str:
    return "not placed" if place is None else f"{_time(conference, place)} {conference.room[place.room].label}"


def _time(conference: Conference, place: Placement | None) -> str:
    return "" if place is None else _local(conference.clock.iso(place.start))


def _local(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%a %d %b, %H:%M}"
