"""For admins: who may sign in and with which role, and the tokens of programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import auth
from webapp.auth import journal, links, people, tokens
from webapp.auth.identity import GRANTED, SCOPES
from webapp.pages.assets import AssetsMissing
from webapp.pages.rendering import PRIVATE, not_built, page, refused, store
from webapp.services.clock import now_utc
from webapp.services.errors import Invalid, NotFound, Refusal, Taken

bp = Blueprint("people", __name__)
bp.register_error_handler(Refusal, refused)
bp.register_error_handler(AssetsMissing, not_built)

FORM_BYTES = 16 * 1024
LIFETIMES = {"1": "1 day", "30": "30 days", "90": "90 days", "365": "1 year", "": "for ever"}
"""How long a token lasts, in days."""

ENTRIES = 30
"""How much of the record of access is shown."""
DONE = {
    "found": ("found what there was before this record began", ""),
    "let-in": ("let", "in as {role}"),
    "role-given": ("made", "{role}"),
    "link-made": ("made a sign-in link for", "as {role}"),
    "link-used": ("signed in by a link, as {role}", ""),
    "signed-in": ("signed in by password", ""),
    "signed-out": ("signed out", ""),
    "password-set": ("chose a password for", ""),
    "password-taken": ("took the password of", ""),
    "shut-out": ("shut", "out"),
    "token-made": ("made the token", "as {role}"),
    "token-revoked": ("revoked the token", ""),
}
"""What is said of an entry, by its action: before and after the name of whom it is about."""
BY_THEMSELVES = ("found", "link-used", "signed-in", "signed-out")
"""What needs no name of whom it is about."""

Secret = tuple[str, str]
"""What is shown this once: a sentence about it, and the thing itself."""


@bp.get("/people")
@auth.requires("admin")
def listing() -> Response:
    """Everybody who may act, with forms to change that."""
    return _page()


@bp.post("/people")
@auth.requires("admin")
def change() -> AnyResponse:
    """Invite somebody, give them another role or a fresh link, take their password, or shut them out."""
    return _done({"invite": _invite, "role": _set_role, "link": _link, "reset": _reset, "remove": _remove})


@bp.post("/people/tokens")
@auth.requires("admin")
def change_tokens() -> AnyResponse:
    """Make a token, or revoke one."""
    return _done({"create": _create_token, "revoke": _revoke_token})


def _done(ways: dict[str, Callable[[], Secret | None]]) -> AnyResponse:
    """Do what the form asks for.  A secret is on the answer itself, since it cannot be shown again."""
    request.max_content_length = FORM_BYTES
    way = ways.get(_given("do"))
    try:
        if way is None:
            raise Invalid("the form does not say what to do")
        secret = way()
    except (Invalid, Taken, NotFound) as error:
        return _page(refused=f"{error.detail[:1].upper()}{error.detail[1:]}.", status=422)
    except ValueError as error:
        return _page(refused=f"{str(error)[:1].upper()}{str(error)[1:]}.", status=422)
    return redirect(url_for("people.listing"), code=303) if secret is None else _page(secret=secret)


def _invite() -> Secret:
    name = _given("name").strip()
    people.create(store(), name, _given("role"), by=_caller())
    return _link_for(name)


def _set_role() -> None:
    people.set_role(store(), _somebody_else(), _given("role"), by=_caller())


def _link() -> Secret:
    return _link_for(_given("name"))


def _reset() -> Secret:
    name = _somebody_else()
    people.reset(store(), name, by=_caller())
    return _link_for(name)


def _remove() -> None:
    people.remove(store(), _somebody_else(), by=_caller())


def _create_token() -> Secret:
    days, name = _given("days"), _given("name").strip()
    if days not in LIFETIMES:
        raise Invalid("choose how long the token lasts", place="days")
    scopes = request.form.getlist("scope")
    made = tokens.create(
        store(),
        _given("role"),
        name=name,
        scopes=scopes or None,
        expires_at=now_utc() + timedelta(days=int(days)) if days else None,
        by=_caller(),
    )
    return f"The token of “{name}”, which is shown this once:", made


def _revoke_token() -> None:
    tokens.revoke(store(), _given("id"), by=_caller())


def _link_for(name: str) -> Secret:
    token = links.create_for(store(), name, by=_caller())
    address = url_for("account.sign_in", token=token, _external=True)
    return f"Send this link to {name}. It signs in once, within a day, and is shown this once:", address


def _somebody_else() -> str:
    """The name on the form, unless it is the caller's own: nobody shuts out themselves."""
    name = _given("name")
    if store().read(lambda session: people.called_id(session, name)) == _caller():
        raise Invalid("that is you: somebody else has to do this")
    return name


def _caller() -> str | None:
    return auth.current().editor_id


def _given(field: str) -> str:
    return request.form.get(field, "")


def _page(*, secret: Secret | None = None, refused: str | None = None, status: int = 200) -> Response:
    values: dict[str, Any] = {
        "people": people.listing(store()),
        "tokens": tokens.listing(store()),
        "roles": GRANTED,
        "scopes": SCOPES,
        "lifetimes": LIFETIMES,
        "entries": journal.latest(store(), ENTRIES),
        "done": DONE,
        "by_themselves": BY_THEMSELVES,
    }
    return page("people", status=status, cache=PRIVATE, secret=secret, refused=refused, **values)
