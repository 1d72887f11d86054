"""JSON from strangers: size, depth, repeated keys, odd numbers and merge markers are settled here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from webapp.interop.document import MAX_DEPTH, DocumentError, check_size, shown

MERGE_MARKER = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
"""What a merge leaves behind where it could not decide."""


class _Repeated(dict[str, Any]):
    """An object of the file in which a key is given twice."""

    key = ""


def parse_json(data: bytes, name: str) -> Any:
    """The JSON in `data`; raises `DocumentError` with the line, or the path, where it cannot be trusted."""
    check_size(data, name)
    refuse_merge_markers(data, name)
    text = _decoded(data, name)
    try:
        tree = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise _too_deep(name) from None
    except json.JSONDecodeError as error:
        raise _not_json(error, text, name) from None
    except ValueError:
        raise DocumentError(name, "", "a number has too many digits") from None
    _check_tree(tree, name)
    return tree


def refuse_merge_markers(data: bytes, name: str) -> None:
    """Refuse a file in which a merge left its markers."""
    found = MERGE_MARKER.search(data)
    if found:
        raise DocumentError(name, f"line {line_of(data, found.start())}", "a merge left its markers in the file")


def line_of(data: bytes, position: int) -> int:
    """The line, counted from 1, that holds a byte."""
    return data.count(b"\n", 0, position) + 1


def path_text(path: tuple[str | int, ...]) -> str:
    """A path as it is written in messages: `sessions[3].minutes`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            short = step if len(step) <= 60 else f"{step[:57]}…"
            text += f".{short}" if text else short
    return text


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(name, f"line {line_of(data, error.start)}", "the text is not UTF-8") from None


def _not_json(error: json.JSONDecodeError, text: str, name: str) -> DocumentError:
    place = f"line {error.lineno}, column {error.colno}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return DocumentError(name, place, "the JSON breaks off before its end")
    return DocumentError(name, place, f"this is not JSON: {error.msg[0].lower()}{error.msg[1:]}")


def _too_deep(name: str, place: str = "") -> DocumentError:
    return DocumentError(name, place, f"the JSON is nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) == len(pairs):
        return whole
    seen: set[str] = set()
    marked = _Repeated(whole)
    for key, _ in pairs:
        if key in seen:
            marked.key = key
        seen.add(key)
    return marked


def _check_tree(tree: Any, name: str) -> None:
    """Look at every value once, without recursion, for what no reader should meet."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(tree, ())]
    while waiting:
        value, path = waiting.pop()
        if len(path) > MAX_DEPTH:
            raise _too_deep(name, path_text(path[:4]) + "…")
        if isinstance(value, _Repeated):
            raise DocumentError(name, path_text((*path, value.key)), "the key is given twice")
        if isinstance(value, float) and not math.isfinite(value):
            raise DocumentError(name, path_text(path), f"{shown(value)} is not a number")
        if isinstance(value, str) and not _is_text(value):
            raise DocumentError(name, path_text(path), "half a character (a lone surrogate) is not text")
        if isinstance(value, dict | list):
            waiting.extend((inner, (*path, step)) for step, inner in _parts(value))
            if isinstance(value, dict) and not all(map(_is_text, value)):
                raise DocumentError(name, path_text(path), "a key has half a character (a lone surrogate)")


def _parts(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str | int, Any]]:
    return iter(value.items() if isinstance(value, dict) else enumerate(value))


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
