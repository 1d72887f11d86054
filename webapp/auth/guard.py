"""The guards: who is asking, may they, and does the request come from our own pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from webapp.auth import sign_ins, tokens
from webapp.auth.identity import ANONYMOUS, Identity, Role
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


def requires(role: Role) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Let a view run for callers of this role or a higher one."""

    def decorate(view: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            identity = current()
            if identity.role == "anonymous":
                raise Unauthenticated("sign in, or send a token")
            if not identity.at_least(role):
                raise Denied(f"this takes the role {role}; yours is {identity.role}")
            return view(*args, **kwargs)

        guarded.__dict__["required_role"] = role
        return guarded

    return decorate


def check_origin() -> None:
    """Refuse a browser's request that another site made.  Bearer tokens need no such check."""
    if "Authorization" in request.headers or COOKIE not in request.cookies:
        return
    if not _from_our_pages():
        raise Denied("this request does not come from Callboard's own pages")


def _check() -> None:
    if request.endpoint == "static":
        return
    if request.method not in SAFE:
        check_origin()


def _identify() -> Identity:
    store: Store = current_app.extensions["callboard.store"]
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        identity = None
        if scheme.lower() == "bearer" and token.strip():
            identity = store.read(lambda session: tokens.identify(session, token.strip()))
        if identity is None:
            raise Unauthenticated("the token is not valid")
        return identity
    cookie = request.cookies.get(COOKIE)
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
