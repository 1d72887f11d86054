"""Signing in by a password or a one-time link, signing out, and choosing a password."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth, problems
from webapp.auth import links, people, sign_ins
from webapp.auth.guard import COOKIE, check_origin
from webapp.auth.rates import limited
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import PRIVATE, not_built, page, reads_html, settings, sign_in_page, store
from webapp.services.errors import Denied, Invalid, Refusal, Taken, TooMany, Unauthenticated

bp = Blueprint("account", __name__)

FORM_BYTES = 16 * 1024
WRONG_LINK = "this sign-in link was used already, or it is too old; ask for a new one"
WRONG_PASSWORD = "The name or the password is wrong."


@bp.get("/sign-in")
def sign_in() -> AnyResponse:
    """Follow a one-time link: sets the session cookie and goes on to the editor.  Without one, a form."""
    if "token" not in request.args:
        return sign_in_page(200, next=_inside(request.args.get("next")))
    if request.method == "HEAD":
        # Programs that preview links must not use them up.
        return Response(status=204)
    limited("sign-in", str(request.remote_addr))
    cookie = links.redeem(store(), request.args["token"], lifetime=_lifetime())
    if cookie is None:
        raise Denied(WRONG_LINK)
    response = redirect("/edit", code=303)
    response.headers["Referrer-Policy"] = "no-referrer"
    return _signed_in(response, cookie)


@bp.post("/sign-in")
def sign_in_by_password() -> AnyResponse:
    """Take the form's name and password: sets the session cookie and goes on to where somebody wanted to be."""
    check_origin(always=True)
    request.max_content_length = FORM_BYTES
    name, target = request.form.get("name", ""), _inside(request.form.get("next"))
    limited("sign-in", str(request.remote_addr))
    limited("sign-in", "name", name.strip().casefold()[: people.LONGEST_NAME])
    cookie = people.sign_in(store(), name, request.form.get("password", ""), lifetime=_lifetime())
    if cookie is None:
        return sign_in_page(403, refused=WRONG_PASSWORD, name=name[: people.LONGEST_NAME], next=target)
    _end_present_sign_in()
    return _signed_in(redirect(target or url_for("pages.edit_list"), code=303), cookie)


@bp.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the browser's session: a person goes on to the schedules that everybody may see."""
    check_origin()
    _end_present_sign_in()
    return _signed_out()


@bp.get("/account")
def account() -> Response:
    """Who is signed in, and a form to choose a password."""
    return _account_page(_person())


@bp.post("/account/password")
def choose_password() -> AnyResponse:
    """Choose a name, the first time, and a password; every other browser is signed out."""
    person = _person()
    request.max_content_length = FORM_BYTES
    limited("sign-in", "id", person.editor_id)
    given = {field: request.form.get(field, "") for field in ("name", "password", "current")}
    if given["password"] != request.form.get("again", ""):
        return _account_page(person, refused="The new password was not typed the same way twice.", name=given["name"])
    try:
        cookie = people.choose(store(), person.editor_id, **given, lifetime=_lifetime())
    except (Invalid, Taken) as error:
        return _account_page(person, refused=_sentence(error), name=given["name"])
    return _signed_in(redirect(url_for("account.account", changed=""), code=303), cookie)


@bp.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> AnyResponse:
    """Sign the caller out of every browser, this one too."""
    sign_ins.end_all(store(), _person().editor_id)
    return _signed_out()


@bp.errorhandler(Refusal)
def _refused(error: Refusal) -> Response:
    """A person gets a page to go on from; programs keep the problem."""
    if not reads_html():
        return problems.refused(error)
    if isinstance(error, TooMany):
        response = sign_in_page(429, refused=_sentence(error), next=_inside(request.form.get("next")))
        response.headers["Retry-After"] = str(error.facts["retryAfter"])
        return response
    if isinstance(error, Denied) and error.detail == WRONG_LINK:
        return sign_in_page(403, refused="link")
    if isinstance(error, Unauthenticated):
        return sign_in_page(401, next=url_for("account.account"))
    return problems.refused(error)


@bp.errorhandler(AssetsMissing)
def _missing(error: AssetsMissing) -> Response:
    return not_built(error)


def _account_page(person: people.Person, *, refused: str | None = None, name: str = "") -> Response:
    return page(
        "account",
        status=422 if refused else 200,
        cache=PRIVATE,
        person=person,
        browsers=sign_ins.count(store(), person.editor_id),
        refused=refused,
        name=name,
        changed="changed" in request.args,
    )


def _person() -> people.Person:
    """Who is signed in; a program with a token has no account."""
    identity = auth.current()
    if identity.editor_id is None or "Authorization" in request.headers:
        raise Unauthenticated("sign in with a browser")
    return people.get(store(), identity.editor_id)


def _end_present_sign_in() -> None:
    cookie = request.cookies.get(COOKIE)
    if cookie:
        sign_ins.end(store(), cookie)


def _signed_in(response: AnyResponse, cookie: str) -> AnyResponse:
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COOKIE, cookie, max_age=_lifetime(), httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )
    return response


def _signed_out() -> AnyResponse:
    response = redirect(url_for("pages.home"), code=303) if reads_html() else Response(status=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _lifetime() -> timedelta:
    return timedelta(days=settings().sign_in_days)


def _inside(target: str | None) -> str | None:
    """Where to go on to, if it is one of our own pages: never to another site."""
    if target and target.startswith("/") and target.isprintable() and not target.startswith(("//", "/\\")):
        return target
    return None


def _sentence(error: Refusal) -> str:
    return f"{error.detail[:1].upper()}{error.detail[1:]}."
