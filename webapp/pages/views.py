"""The HTML routes: look something up, fill a template."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth
from webapp.auth.identity import ANONYMOUS
from webapp.pages.assets import AssetsMissing, assets, fingerprint, is_hashed
from webapp.pages.plain import PlainDay, plain_days
from webapp.services import reading
from webapp.services.errors import Denied, NotFound, Refusal, Unauthenticated
from webapp.store import Store

bp = Blueprint("pages", __name__, template_folder="templates")

LISTED = 500
"""How many schedules a list shows at most."""
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"


@bp.get("/")
def home() -> Response:
    """The published schedules."""
    found = reading.listing(_store(), ANONYMOUS, after="", limit=LISTED)
    return _page("home", cache=REVALIDATED, schedules=found)


@bp.get("/favicon.ico")
def icon() -> AnyResponse:
    """What browsers ask for of their own accord."""
    return redirect(_built(assets("pages").icon))


@bp.get("/<slug>")
def live(slug: str) -> Response:
    """The attendees' live view: the schedule to read at once, then live."""
    version = reading.published_version(_store(), slug)
    tag = f"p{version}-{fingerprint()}"
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        schedule_id, name, days = _published(slug)
        boot = _boot(schedule_id, slug, ANONYMOUS)
        response = _page("live", entry="live", cache=REVALIDATED, boot=boot, name=name, days=days)
    response.set_etag(tag)
    response.headers["Cache-Control"] = REVALIDATED
    return response


@bp.get("/edit")
@auth.requires("editor")
def edit_list() -> Response:
    """The schedules that can be edited."""
    found = reading.listing(_store(), auth.current(), after="", limit=LISTED)
    return _page("edit_list", cache=PRIVATE, schedules=found)


@bp.get("/edit/<slug>")
@auth.requires("editor")
def edit(slug: str) -> Response:
    """The editor."""
    head = reading.head(_store(), slug)
    boot = _boot(head["scheduleId"], head["slug"], auth.current())
    return _page("edit", entry="editor", cache=PRIVATE, boot=boot, slug=slug)


@bp.after_app_request
def _cache_built_files(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200 and is_hashed(request.path.rpartition("/")[2]):
        response.headers["Cache-Control"] = IMMUTABLE
    return response


@bp.after_app_request
def _explain_refused_link(response: Response) -> Response:
    """Who follows a sign-in link twice gets a page to read; programs keep the problem."""
    reads_html = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    if request.endpoint != "auth.sign_in" or response.status_code != 403 or not reads_html:
        return response
    try:
        return _page("sign_in", status=403, cache=PRIVATE, role=_role(), refused=True)
    except AssetsMissing as error:
        return _not_built(error)


@bp.errorhandler(Refusal)
def _refused(error: Refusal) -> Response:
    if isinstance(error, NotFound):
        return _page("missing", status=404, cache=PRIVATE)
    if isinstance(error, Unauthenticated | Denied):
        status = 401 if isinstance(error, Unauthenticated) else 403
        return _page("sign_in", status=status, cache=PRIVATE, role=_role(), refused=False)
    raise error


@bp.errorhandler(AssetsMissing)
def _not_built(error: AssetsMissing) -> Response:
    """Needs no built file itself."""
    return make_response(render_template("pages/not_built.html", reason=str(error)), 503)


def _page(template: str, *, entry: str = "pages", status: int = 200, cache: str, **values: Any) -> Response:
    text = render_template(
        f"pages/{template}.html", plain=assets("pages"), assets=assets(entry), built=_built, **values
    )
    response = make_response(text, status)
    response.headers["Cache-Control"] = cache
    return response


def _built(file: str) -> str:
    return url_for("static", filename=file)


def _boot(schedule_id: str, slug: str, identity: auth.Identity) -> dict[str, str | None]:
    """What the shell tells its island."""
    return {
        "scheduleId": schedule_id,
        "slug": slug,
        "api": "/api/v1",
        "role": identity.role,
        "editorId": identity.editor_id,
    }


def _published(slug: str) -> tuple[str, str, list[PlainDay]]:
    """Id, name and plain rows of what attendees see."""

    store = _store()

    def work(session: Session) -> tuple[str, str, list[PlainDay]]:
        row = reading.find(session, slug)
        facts, _ = reading.published_facts(store, session, row)
        return row.id, facts.conference.name or slug, plain_days(facts.conference, facts.schedule)

    return store.read(work)


def _role() -> str:
    try:
        return auth.current().role
    except Unauthenticated:
        return "anonymous"


def _store() -> Store:
    return cast(Store, current_app.extensions["callboard.store"])
