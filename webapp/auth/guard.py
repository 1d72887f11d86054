"""The guards: who is asking, may they, and does the request come from our own pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from webapp.auth import sign_ins, tokens
from webapp.auth.identity import ANONYMOUS, Identity, Role, Scope
from webapp.services.errors import Denied, Unauthenticated
from webapp.store import Store

COOKIE = "callboard_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def init_app(app: Flask) -> None:
    """Check every request's credentials before anything else looks at it."""
    app.before_request(_check)


def current() -> Identity:
    """Who is asking.  Raises `Unauthenticated` for credentials that are wrong."""
    if "identity" not in g:
        g.identity = _identify()
    return cast(Identity, g.identity)


def requires(
    role: Role, scope: Scope | None = None
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Let a view run for callers of this role or a higher one whose token, if it is confined, has the scope.

    Unless told, the scope is `admin` for admins' views, else `read` for what only reads and `save` for the rest.
    """

    def decorate(view: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            identity = current()
            if identity.role == "anonymous":
                raise Unauthenticated("sign in, or send a token")
            if not identity.at_least(role):
                raise Denied(f"this takes the role {role}; yours is {identity.role}")
            require_scope(scope or default_scope(role, request.method))
            return view(*args, **kwargs)

        guarded.__dict__.update(required_role=role, required_scope=scope)
        return guarded

    return decorate


def require_scope(scope: Scope) -> None:
    """Refuse a caller whose token is confined to other things.  Raises `Denied`."""
    if not current().within(scope):
        raise Denied(f"this takes a token with the scope {scope}")


def default_scope(role: Role, method: str) -> Scope:
    """What a token must be meant for where a view says nothing about it."""
    if role == "admin":
        return "admin"
    return "read" if method in SAFE else "save"


def check_origin(*, always: bool = False) -> None:
    """Refuse a browser's request that another site made.  Bearer tokens need no such check.

    What signs a browser in is checked `always`: another site could sign it in as somebody else.
    """
    acts_by_cookie = COOKIE in request.cookies and "Authorization" not in request.headers
    if (always or acts_by_cookie) and not _from_our_pages():
        raise Denied("this request does not come from Callboard's own pages")


def _check() -> None:
    if request.endpoint == "static":
        return
    if request.method not in SAFE:
        check_origin()


def asks_again() -> Callable[[], Identity | None]:
    """What tells, later and outside of this request, whom its credentials stand for; None if for nobody any more."""
    store: Store = current_app.extensions["callboard.store"]
    header, cookie = request.headers.get("Authorization"), request.cookies.get(COOKIE)
    return lambda: _identity(store, header, cookie)


def _identify() -> Identity:
    identity = asks_again()()
    if identity is None:
        raise Unauthenticated("the token is not valid")
    return identity


def _identity(store: Store, header: str | None, cookie: str | None) -> Identity | None:
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        return store.read(lambda session: tokens.identify(session, token.strip()))
    if cookie:
        # An old cookie is no error: its browser is an attendee's.
        return store.read(lambda session: sign_ins.identify(session, cookie)) or ANONYMOUS
    return ANONYMOUS


def _from_our_pages() -> bool:
    origin = request.headers.get("Origin")
    if origin is not None:
        return _place(origin) == _place(request.host_url)
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def _place(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port
