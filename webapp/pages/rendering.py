"""Filling templates: what every page needs, and what it may say to caches."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, current_app, make_response, render_template, request, url_for

from webapp import auth, problems
from webapp.auth.identity import ANONYMOUS
from webapp.pages import telling
from webapp.pages.assets import AssetsMissing, assets
from webapp.services.errors import Denied, NotFound, Refusal, Unauthenticated
from webapp.settings import Settings
from webapp.store import Facts, Store

REVALIDATED = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"


def page(template: str, *, entry: str = "pages", status: int = 200, cache: str, **values: Any) -> Response:
    """A page; one that caches may not keep says who is signed in."""
    caller = who() if cache == PRIVATE else ANONYMOUS
    text = render_template(
        f"pages/{template}.html", plain=assets("pages"), assets=assets(entry), built=built, caller=caller, **values
    )
    response = make_response(text, status)
    response.headers["Cache-Control"] = cache
    if cache == PRIVATE:
        response.headers["Vary"] = "Cookie, Authorization"
    return response


def schedule_page(template: str, slug: str, facts: Facts, *, status: int = 200, **values: Any) -> Response:
    """A page of one schedule for its editors, with what it, its sessions and its rooms are called."""
    conference = facts.conference
    return page(
        template,
        status=status,
        cache=PRIVATE,
        slug=slug,
        name=conference.name or slug,
        titles={session.id: session.title or session.id for session in conference.sessions},
        rooms={room.id: room.label for room in conference.rooms},
        telling=telling,
        **values,
    )


def sign_in_page(status: int, **values: Any) -> Response:
    """The page to sign in on: also what whoever may not see another page gets instead."""
    given = {"refused": None, "name": "", "next": None, **values}
    return page("sign_in", status=status, cache=PRIVATE, **given)


def refused(error: Refusal) -> Response:
    """A page for whoever may not see one, or asks for one that is not there."""
    if isinstance(error, NotFound):
        return page("missing", status=404, cache=PRIVATE)
    if isinstance(error, Unauthenticated | Denied):
        return sign_in_page(401 if isinstance(error, Unauthenticated) else 403, next=request.path)
    return problems.refused(error)


def not_built(error: AssetsMissing) -> Response:
    """Needs no built file itself."""
    return make_response(render_template("pages/not_built.html", reason=str(error)), 503)


def boot(schedule_id: str, slug: str, identity: auth.Identity) -> dict[str, str | bool | None]:
    """What the shell tells its island."""
    return {
        "scheduleId": schedule_id,
        "slug": slug,
        "api": "/api/v1",
        "role": identity.role,
        "editorId": identity.editor_id,
        "name": identity.name,
        "live": current_app.extensions["callboard.settings"].live,
    }


def built(file: str) -> str:
    """The address of a built file."""
    return url_for("static", filename=file)


def who() -> auth.Identity:
    """Who is asking; nobody, where the credentials are wrong."""
    try:
        return auth.current()
    except Unauthenticated:
        return ANONYMOUS


def reads_html() -> bool:
    """Whether a person in a browser is asking, and no program."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def store() -> Store:
    """The application's store."""
    return cast(Store, current_app.extensions["callboard.store"])


def settings() -> Settings:
    """The application's settings."""
    return cast(Settings, current_app.extensions["callboard.settings"])
