"""The attendees' pages: the schedule, a session, a person; the same inside somebody else's page; and offline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request, send_from_directory
from sqlalchemy.orm import Session

from webapp.auth.identity import ANONYMOUS
from webapp.pages.assets import STATIC, AssetsMissing, assets, fingerprint
from webapp.pages.plain import plain_days, plain_session
from webapp.pages.rendering import REVALIDATED, boot, not_built, page, refused, settings, store
from webapp.pages.words import Words, asked
from webapp.security import policy
from webapp.services import reading
from webapp.services.errors import NotFound, Refusal
from webapp.store import Facts

bp = Blueprint("attendee", __name__, template_folder="templates")
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)

Fill = Callable[[Facts, Words], dict[str, Any]]
"""What a shell shows of the published schedule."""


@bp.get("/<slug>")
def live(slug: str) -> Response:
    """The attendees' live view: the schedule to read at once, then live."""
    return _shell(slug, lambda facts, words: {"days": plain_days(facts.conference, facts.schedule, words)})


@bp.get("/<slug>/sessions/<path:session_id>")
def session(slug: str, session_id: str) -> Response:
    """One session."""

    def fill(facts: Facts, words: Words) -> dict[str, Any]:
        if session_id not in facts.conference.session:
            raise NotFound(f"there is no session '{session_id}'")
        found = plain_session(facts.conference, facts.schedule, words, session_id)
        return {"session": found, "heading": found.row.title}

    return _shell(slug, fill)


@bp.get("/<slug>/people/<path:person_id>")
def person(slug: str, person_id: str) -> Response:
    """One person's sessions."""

    def fill(facts: Facts, words: Words) -> dict[str, Any]:
        found = facts.conference.person.get(person_id)
        if found is None:
            raise NotFound(f"there is nobody '{person_id}'")
        theirs = [one.id for one in facts.conference.sessions if person_id in one.speakers]
        days = plain_days(facts.conference, facts.schedule, words, theirs)
        return {"days": days, "heading": words.sessions_of.format(name=found.label)}

    return _shell(slug, fill)


@bp.get("/embed/<slug>")
def embedded(slug: str) -> Response:
    """The live view inside a page of those whom the settings name."""
    return _framed(live(slug))


@bp.get("/embed/<slug>/sessions/<path:session_id>")
def embedded_session(slug: str, session_id: str) -> Response:
    """One session inside somebody else's page."""
    return _framed(session(slug, session_id))


@bp.get("/embed/<slug>/people/<path:person_id>")
def embedded_person(slug: str, person_id: str) -> Response:
    """One person's sessions inside somebody else's page."""
    return _framed(person(slug, person_id))


@bp.get("/worker.js")
def worker() -> Response:
    """The service worker, under the one address from which it may serve every page."""
    response = send_from_directory(STATIC, assets("worker").script, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _shell(slug: str, fill: Fill) -> Response:
    words = asked()
    version = reading.published_version(store(), slug)
    tag = f"p{version}-{words.code}-{fingerprint()}"
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        schedule_id, facts = _published(slug)
        values = {"heading": "", "session": None, "days": [], **fill(facts, words)}
        name = facts.conference.name or slug
        told = boot(schedule_id, slug, ANONYMOUS)
        response = page(
            "live",
            entry="live",
            cache=REVALIDATED,
            boot=told,
            slug=slug,
            name=name,
            words=words,
            base=_base(),
            **values,
        )
    response.set_etag(tag)
    response.headers["Cache-Control"] = REVALIDATED
    response.vary.add("Accept-Language")
    return response


def _base() -> str:
    """What the addresses on the page begin with."""
    return "/embed" if request.path.startswith("/embed/") else ""


def _framed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = policy(frames=settings().embedders or "'self'")
    return response


def _published(slug: str) -> tuple[str, Facts]:
    database = store()

    def work(session: Session) -> tuple[str, Facts]:
        row = reading.find(session, slug)
        return row.id, reading.published_facts(database, session, row)[0]

    return database.read(work)
