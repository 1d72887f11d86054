"""Schedules: listing, importing, reading."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, request, url_for

from webapp import auth
from webapp.api import answers, requests
from webapp.api.common import PRIVATE, REVALIDATED, answer, etag_matches, paged, request_key, settings, store
from webapp.services import feeds, importing, reading
from webapp.services.errors import Invalid

bp = APIBlueprint("schedules", __name__, tag="Schedules")


@bp.get("/schedules")
@bp.input(requests.Page, location="query", arg_name="page")
@bp.output(answers.ScheduleList)
def list_schedules(page: requests.Page) -> Response:
    """The schedules that the caller may see."""
    items = reading.listing(store(), auth.current(), after=page.after, limit=page.limit + 1)
    return paged(items, page.limit, "slug")


@bp.post("/schedules")
@bp.output(answers.Schedule, status_code=201)
@auth.requires("admin")
def import_schedule() -> Response:
    """Import a file of any format that Callboard reads: the body, or the form field `file`.

    Sent again with the same `Idempotency-Key`, it makes no second schedule but answers with the first.
    """
    request.max_content_length = settings().import_bytes
    data, name = _uploaded()
    imported = feeds.read(store(), data, name)
    slug = request.args.get("slug") or request.form.get("slug")
    editor_id = str(auth.current().editor_id)
    key = request_key(editor_id, data, (slug or "").encode())
    schedule_id = importing.import_document(store(), imported, slug=slug, editor_id=editor_id, key=key)
    told = {
        **reading.draft_json(store(), schedule_id),
        "format": imported.format,
        "warnings": list(imported.warnings),
    }
    location = url_for("schedules.get_schedule", reference=schedule_id)
    return answer(told, 201, {**PRIVATE, "Location": location, "ETag": f'"v{told["version"]}"'})


@bp.get("/schedules/<reference>")
@bp.output(answers.Schedule)
def get_schedule(reference: str) -> Response:
    """The draft for editors; what is published for anybody else."""
    if not auth.current().sees_drafts:
        response = _published(reference)
        response.headers["Vary"] = PRIVATE["Vary"]
        return response
    told = reading.draft_json(store(), reference)
    return answer(told, headers={**PRIVATE, "ETag": f'"v{told["version"]}"'})


@bp.get("/schedules/<reference>/published")
@bp.output(answers.Schedule)
def get_published(reference: str) -> Response:
    """What attendees see."""
    return _published(reference)


def _published(reference: str) -> Response:
    tag = f"p{reading.published_version(store(), reference)}"
    if etag_matches(tag):
        return Response(status=304, headers={**REVALIDATED, "ETag": f'"{tag}"'})
    told, version = reading.published_document(store(), reference)
    return Response(told, mimetype="application/json", headers={**REVALIDATED, "ETag": f'"p{version}"'})


def _uploaded() -> tuple[bytes, str]:
    """The file of an import and the name to call it by."""
    if request.mimetype == "multipart/form-data":
        file = request.files.get("file")
        if file is None:
            raise Invalid("the form has no field 'file'", place="file")
        return file.read(), file.filename or "upload"
    return request.get_data(cache=False), request.args.get("name", "upload")[:200]
