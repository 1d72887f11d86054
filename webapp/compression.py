"""Compressing large answers for those who can read them: on native threads, because it would hold everybody up.

What everybody gets, because it is published, is compressed once and kept.  ETags stay what they are: they name a
version, whatever its encoding.
"""

from __future__ import annotations

import gzip
import zlib
from typing import cast

from flask import Flask, Response, current_app, request

from webapp.store import Store
from webapp.store.recent import Recent

ENCODING = "gzip"
LEVEL = 4
"""306 kB of a schedule become 56 kB; the usual 6 makes it 53 kB and takes twice as long."""
KEPT_LEVEL = 9
"""For what is compressed once and sent to everybody: files of the front end, what is published, its pages."""
WORTH_BYTES = 2048
"""Shorter answers fit into a packet or two as they are."""
KEPT = 64
TEXTS = ("application/json", "application/problem+json", "application/xml", "image/svg+xml", "text/")


def init_app(app: Flask) -> None:
    """Compress what is worth it."""
    app.extensions["callboard.compressed"] = Recent[bytes](KEPT)
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if not _is_text(response):
        return response
    if not response.cache_control.no_store:  # what no cache keeps need not be told apart
        response.vary.add("Accept-Encoding")
    if _is_wanted(response):
        response.direct_passthrough = False
        response.set_data(_compressed(response))
        response.headers["Content-Encoding"] = ENCODING
    return response


def _is_text(response: Response) -> bool:
    """Whether the answer is text that is there as a whole: one of ours, or a file of the front end."""
    is_whole = not response.is_streamed and not response.direct_passthrough
    return (is_whole or _is_built(response)) and (response.mimetype or "").startswith(TEXTS)


def _is_built(response: Response) -> bool:
    return request.endpoint == "static" and response.status_code == 200


def _is_wanted(response: Response) -> bool:
    return (
        "Content-Encoding" not in response.headers
        and (response.content_length or response.calculate_content_length() or 0) >= WORTH_BYTES
        and request.accept_encodings.quality(ENCODING) > 0
    )


def _compressed(response: Response) -> bytes:
    data, kept = response.get_data(), cast("Recent[bytes]", current_app.extensions["callboard.compressed"])
    is_for_everybody = _is_built(response) or bool(response.cache_control.public)
    level = KEPT_LEVEL if is_for_everybody else LEVEL
    name, check = f"{request.path} {response.headers.get('ETag')} {len(data)}", zlib.crc32(data)
    found = kept.get(name, check) if is_for_everybody else None
    if found is None:
        store = cast(Store, current_app.extensions["callboard.store"])
        found = store.aside(lambda: gzip.compress(data, level, mtime=0))
        if is_for_everybody:
            kept.remember(name, check, found)
    return found
