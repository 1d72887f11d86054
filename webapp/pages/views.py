"""The HTML routes: look something up, fill a template."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth, problems
from webapp.auth.identity import ANONYMOUS
from webapp.pages.assets import AssetsMissing, assets, fingerprint, is_hashed
from webapp.pages.plain import PlainDay, plain_days
from webapp.pages.rendering import PRIVATE, REVALIDATED, built, not_built, page, sign_in_page, store
from webapp.services import reading
from webapp.services.errors import Denied, NotFound, Refusal, Unauthenticated

bp = Blueprint("pages", __name__, template_folder="templates")

LISTED = 500
"""How many schedules a list shows at most."""
IMMUTABLE = "public, max-age=31536000, immutable"


@bp.get("/")
def home() -> Response:
    """The published schedules."""
    found = reading.listing(store(), ANONYMOUS, after="", limit=LISTED)
    return page("home", cache=REVALIDATED, schedules=found)


@bp.get("/favicon.ico")
def icon() -> AnyResponse:
    """What browsers ask for of their own accord."""
    return redirect(built(assets("pages").icon))


@bp.get("/<slug>")
def live(slug: str) -> Response:
    """The attendees' live view: the schedule to read at once, then live."""
    version = reading.published_version(store(), slug)
    tag = f"p{version}-{fingerprint()}"
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        schedule_id, name, days = _published(slug)
        boot = _boot(schedule_id, slug, ANONYMOUS)
        response = page("live", entry="live", cache=REVALIDATED, boot=boot, name=name, days=days)
    response.set_etag(tag)
    response.headers["Cache-Control"] = REVALIDATED
    return response


@bp.get("/edit")
@auth.requires("editor")
def edit_list() -> Response:
    """The schedules that can be edited."""
    found = reading.listing(store(), auth.current(), after="", limit=LISTED)
    return page("edit_list", cache=PRIVATE, schedules=found)


@bp.get("/edit/<slug>")
@auth.requires("editor")
def edit(slug: str) -> Response:
    """The editor."""
    head = reading.head(store(), slug)
    boot = _boot(head["scheduleId"], head["slug"], auth.current())
    return page("edit", entry="editor", cache=PRIVATE, boot=boot, slug=slug)


@bp.after_app_request
def _cache_built_files(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code == 200 and is_hashed(request.path.rpartition("/")[2]):
        response.headers["Cache-Control"] = IMMUTABLE
    return response


@bp.errorhandler(Refusal)
def refused(error: Refusal) -> Response:
    """A page for whoever may not see one, or asks for one that is not there."""
    if isinstance(error, NotFound):
        return page("missing", status=404, cache=PRIVATE)
    if isinstance(error, Unauthenticated | Denied):
        return sign_in_page(401 if isinstance(error, Unauthenticated) else 403, next=request.path)
    return problems.refused(error)


bp.register_error_handler(AssetsMissing, not_built)


def _boot(schedule_id: str, slug: str, identity: auth.Identity) -> dict[str, str | None]:
    """What the shell tells its island."""
    return {
        "scheduleId": schedule_id,
        "slug": slug,
        "api": "/api/v1",
        "role": identity.role,
        "editorId": identity.editor_id,
        "name": identity.name,
    }


def _published(slug: str) -> tuple[str, str, list[PlainDay]]:
    """Id, name and plain rows of what attendees see."""
    database = store()

    def work(session: Session) -> tuple[str, str, list[PlainDay]]:
        row = reading.find(session, slug)
        facts, _ = reading.published_facts(database, session, row)
        return row.id, facts.conference.name or slug, plain_days(facts.conference, facts.schedule)

    return database.read(work)
