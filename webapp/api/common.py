"""What every route shares: the store, reading bodies, writing answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Response, current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from webapp.settings import Settings
from webapp.store import Store

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization, Cookie"}
REVALIDATED = {"Cache-Control": "public, max-age=0, must-revalidate"}


class StrictJson(DefaultJSONProvider):
    """JSON as the standard has it: no NaN, no Infinity."""

    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, parse_constant=_refuse, **kwargs)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def store() -> Store:
    """The application's store."""
    return cast(Store, current_app.extensions["callboard.store"])


def settings() -> Settings:
    """The application's settings."""
    return cast(Settings, current_app.extensions["callboard.settings"])


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response; not to be stored by caches unless the headers say so."""
    return Response(
        current_app.json.dumps(data), status=status, mimetype="application/json", headers=headers or PRIVATE
    )


def takes_json(view: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Refuse a body that is not declared as JSON, cannot be read, or is larger than requests may be."""

    @wraps(view)
    def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        request.max_content_length = settings().request_bytes
        if request.mimetype != "application/json":
            raise UnsupportedMediaType("send the body as application/json")
        try:
            request.get_json()
        except BadRequest:
            raise BadRequest("the body is not JSON") from None
        return view(*args, **kwargs)

    return checked


def etag_matches(tag: str) -> bool:
    """Whether the caller has this already."""
    return request.if_none_match.contains(tag)
