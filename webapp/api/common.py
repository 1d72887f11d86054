"""What every route shares: the store, reading bodies, writing answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import quote, urlencode

from flask import Response, current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from webapp.services.errors import Invalid, Stale
from webapp.services.request_keys import RequestKey, content_hash
from webapp.settings import Settings
from webapp.store import Store

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_NO_TEXT = re.compile("[\\x00\\ud800-\\udfff]")

PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization, Cookie"}
REVALIDATED = {"Cache-Control": "public, max-age=0, must-revalidate"}


class StrictJson(DefaultJSONProvider):
    """JSON as the standard has it: no NaN, no Infinity."""

    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            told = super().loads(s, parse_constant=_refuse, **kwargs)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if (b"\\u" if isinstance(s, bytes) else "\\u") in s:  # type: ignore[operator]
            _look_at_texts(told)
        return told


def _look_at_texts(told: Any) -> None:
    """Refuse what no database keeps and no answer can repeat: NUL, and half of a surrogate pair."""
    rest = [told]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            rest += one.keys()
            rest += one.values()
        elif isinstance(one, list):
            rest += one
        elif isinstance(one, str) and _NO_TEXT.search(one):
            raise ValueError("a text has a character that cannot be kept")


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


def paged(items: Sequence[dict[str, Any]], limit: int, cursor: str, **beside: Any) -> Response:
    """A page of a list that was read one item too far; `next` is what to send as `after`, null at the end.

    What else the answer says stands `beside` the items.

    The address of the next page, whole, is in the `Link` header (RFC 8288).
    """
    shown = list(items[:limit])
    after = str(shown[-1][cursor]) if len(items) > limit else None
    headers = dict(PRIVATE)
    if after is not None:
        query = {**request.args.to_dict(), "after": after}
        headers["Link"] = f'<{quote(request.path)}?{urlencode(query)}>; rel="next"'
    return answer({**beside, "items": shown, "next": after}, headers=headers)


def at_version(view: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let `If-Match` with the draft's ETag, such as `"v17"`, say which version is expected (RFC 9110).

    It may stand instead of `expectedVersion`, or beside it if both say the same.
    """

    @wraps(view)
    def matched(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        wanted, body = request.if_match, request.get_json()
        if wanted and not wanted.star_tag and isinstance(body, dict):
            # An empty tag is read as None.
            tags = filter(None, wanted.as_set(include_weak=False))
            versions = {int(tag[1:]) for tag in tags if re.fullmatch(r"v[0-9]{1,15}", tag, re.ASCII)}
            if not versions:
                raise Stale('If-Match names no version of the draft: send its ETag, such as "v17"')
            if "expectedVersion" not in body and len(versions) == 1:
                body["expectedVersion"] = versions.pop()
            elif body.get("expectedVersion") not in versions:
                raise Invalid("If-Match and expectedVersion do not say the same", place="expectedVersion")
        return view(*args, **kwargs)

    matched.__dict__["takes_version"] = True
    return matched


def request_key(editor_id: str, *content: bytes) -> RequestKey | None:
    """What the `Idempotency-Key` header makes of this request; the key may stand in double quotes.

    Raises `Invalid` for one that is empty, too long or not plain text.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    plain = key[1:-1] if len(key) >= 2 and key[0] == key[-1] == '"' else key
    if not re.fullmatch(r"[\x20-\x7e]{1,255}", plain) or '"' in plain:
        raise Invalid("an Idempotency-Key has 1 to 255 plain characters", place="Idempotency-Key")
    parts = (request.method.encode(), request.path.encode(), *content)
    return RequestKey(plain, editor_id, content_hash(parts))


def etag_matches(tag: str) -> bool:
    """Whether the caller has this already."""
    return request.if_none_match.contains(tag)
