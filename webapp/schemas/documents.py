"""Documents of any format: recognised by content on the way in, written by name on the way out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from solver.conference import Conference, Schedule
from webapp.interop.document import DocumentError, Imported, check_size, shown
from webapp.interop.json_text import parse_json
from webapp.schemas.callboard import callboard_json, read_callboard

FORMATS = ("callboard", "schedule-xml", "schedule-json", "ics", "csv", "xlsx")


def read_document(data: bytes, name: str, timezone: str = "UTC") -> Imported:
    """A conference and schedule from a file of any known format, whatever the file is called.

    Tables name no time zone: their times are meant in the one given.  Raises `DocumentError` with one sentence on what
    is wrong, and where.
    """
    check_size(data, name)
    if is_table(data):
        from webapp.interop import sheet

        return sheet.read(data, name, timezone)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        from webapp.interop import schedule_xml

        return schedule_xml.read(data, name)
    tree = parse_json(data, name)
    if isinstance(tree, dict) and "schedule" in tree and "callboard" not in tree:
        from webapp.interop import schedule_json

        return schedule_json.read(tree, name)
    if isinstance(tree, dict) and not tree.keys() & {"callboard", "conference", "rooms", "sessions"}:
        raise DocumentError(name, "", f"this is neither a Callboard file nor a schedule.json: {_keys(tree)}")
    conference, schedule = read_callboard(tree, name)
    return Imported(conference, schedule, format="callboard")


def is_table(data: bytes) -> bool:
    """Whether a document is a workbook, or text in rows and columns, which pandas reads."""
    if data.startswith(b"PK\x03\x04"):
        return True
    head = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] not in (b"<", b"{", b"[") and any(mark in head.partition(b"\n")[0] for mark in b",;\t")


def write_document(
    format: str, conference: Conference, schedule: Schedule, carried: Mapping[str, Any] | None = None
) -> bytes:
    """A conference and schedule in one of `FORMATS`; `carried` is what an import brought along.

    Raises `DocumentError` for what the format cannot hold, and `ValueError` for a format that is not known.
    """
    from webapp.interop import ics, schedule_json, schedule_xml, tables

    carried = carried or {}
    match format:
        case "callboard":
            text = json.dumps(callboard_json(conference, schedule), ensure_ascii=False, indent=1)
            return f"{text}\n".encode()
        case "schedule-xml":
            return schedule_xml.write(conference, schedule, carried)
        case "schedule-json":
            return schedule_json.write(conference, schedule, carried)
        case "ics":
            return ics.write(conference, schedule, carried)
        case "csv":
            return tables.write_csv(conference, schedule)
        case "xlsx":
            return tables.write_xlsx(conference, schedule)
    raise ValueError(f"there is no format '{format}'; there are {', '.join(FORMATS)}")


def _keys(tree: dict[str, Any]) -> str:
    if "edits" in tree:
        return "it holds edits, not a schedule"
    keys = [shown(key) for key in list(tree)[:3]]
    return f"its keys are {', '.join(keys)}" if keys else "it is an empty object"
