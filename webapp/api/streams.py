"""Answers that come line by line, one JSON object each (newline-delimited JSON), while they are being found."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from flask import Response, request

from webapp import problems
from webapp.api.common import PRIVATE
from webapp.services.errors import Invalid, Unavailable

JSON, LINES = "application/json", "application/x-ndjson"
HEADERS = {**PRIVATE, "X-Accel-Buffering": "no"}
"""Proxies are to pass lines on as they come."""

Lines = Iterator[Sequence[dict[str, Any]]]

log = logging.getLogger(__name__)


def wanted(*kinds: str) -> str:
    """Of these media types the one that the caller prefers; the first, unless told."""
    return request.accept_mimetypes.best_match(kinds) or kinds[0]


def streamed(lines: Lines) -> Response:
    """The lines as they come.  What goes wrong before the first is raised; later it is told in a last line."""
    first = next(lines, ())
    return Response(_written(chain([first], lines), lines), mimetype=LINES, headers=HEADERS)


def _written(lines: Lines, source: Lines) -> Iterator[bytes]:
    try:
        for some in lines:
            yield b"".join(_line(one) for one in some)
    except (Unavailable, Invalid) as error:
        yield _line({"kind": "problem", **problems.body(problems.kind_of(error), error.detail, error.facts)})
    finally:
        source.close()  # type: ignore[attr-defined]  # whoever is gone needs no solve any more


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
