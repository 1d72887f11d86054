"""The HTML routes: look something up, fill a template."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth
from webapp.auth.identity import ANONYMOUS
from webapp.pages import words
from webapp.pages.assets import AssetsMissing, assets, is_hashed
from webapp.pages.rendering import PRIVATE, REVALIDATED, boot, built, not_built, page, refused, store
from webapp.services import reading
from webapp.services.errors import Refusal

bp = Blueprint("pages", __name__, template_folder="templates")

LISTED = 500
"""How many schedules a list shows at most."""
IMMUTABLE = "public, max-age=31536000, immutable"


@bp.get("/")
def home() -> Response:
    """The published schedules."""
    found = reading.listing(store(), ANONYMOUS, after="", limit=LISTED)
    response = page("home", cache=REVALIDATED, schedules=found, words=words.asked())
    response.vary.add("Accept-Language")
    return response


@bp.get("/favicon.ico")
def icon() -> AnyResponse:
    """What browsers ask for of their own accord."""
    return redirect(built(assets("pages").icon))


@bp.get("/edit")
@auth.requires("editor")
def edit_list() -> Response:
    """The schedules that can be edited, and for administrators a form to import one."""
    return schedules_page()


def schedules_page(*, refused: str | None = None, status: int = 200) -> Response:
    """The list; `refused` says why a file was not imported."""
    found = reading.listing(store(), auth.current(), after="", limit=LISTED)
    return page("edit_list", status=status, cache=PRIVATE, schedules=found, refused=refused)


@bp.get("/edit/<slug>")
@auth.requires("editor")
def edit(slug: str) -> Response:
    """The editor."""
    head = reading.head(store(), slug)
    told = boot(head["scheduleId"], head["slug"], auth.current())
    return page("edit", entry="editor", cache=PRIVATE, boot=told, slug=slug)


@bp.after_app_request
def _cache_built_files(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200 and is_hashed(request.path.rpartition("/")[2]):
        response.headers["Cache-Control"] = IMMUTABLE
    return response


bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)
