"""What reading a document gives: a conference and its schedule, or one sentence that says what is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from solver.conference import Conference, Placement

MAX_BYTES = 32_000_000
"""The largest document that is read."""
LONGEST_IDENTIFIER = 500
MAX_DEPTH = 60
"""How deep a document's parts may lie inside one another."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class DocumentError(ValueError):
    """A document that cannot be used.  Its text is one line: the document, the place in it, the reason."""

    def __init__(self, name: str, place: str, reason: str) -> None:
        self.name = one_line(name)
        self.place = one_line(place)
        self.reason = one_line(reason)
        super().__init__(": ".join(part for part in (self.name, self.place, self.reason) if part))


@dataclass(frozen=True, slots=True)
class Imported:
    """A document as read."""

    conference: Conference
    schedule: dict[str, Placement]
    warnings: tuple[str, ...] = ()
    format: str = "callboard"
    carried: dict[str, Any] = field(default_factory=dict)
    """What a foreign format holds and Callboard does not model, for the way back.  Plain JSON."""


def identifier(text: str) -> str:
    """`text` as an identifier: trimmed, without control characters, and of a length that every store takes."""
    return _CONTROL.sub(" ", text).strip()[:LONGEST_IDENTIFIER]


def is_plain(text: str) -> bool:
    """Whether `text` says something and has no control characters."""
    return bool(text) and not _CONTROL.search(text)


def one_line(text: str) -> str:
    """`text` with everything that would break a line or a terminal written as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(value: object) -> str:
    """A value as a message quotes it: short, on one line, text in quotation marks."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            text = one_line(value)
            return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}…'"
        case _:
            text = str(value)
            return text if len(text) <= 30 else f"{text[:27]}…"


def check_size(data: bytes, name: str) -> None:
    """Refuse a document that is empty or too large to be a schedule."""
    if not data.strip():
        raise DocumentError(name, "", "the file is empty")
    if len(data) > MAX_BYTES:
        raise DocumentError(name, "", f"the file is larger than {MAX_BYTES // 1_000_000} MB")
