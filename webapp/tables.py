"""Tables by pandas, for people with spreadsheets.

The web process must not load pandas; it runs `python -m webapp.tables KIND` with JSON lines on standard input, or
`python -m webapp.tables read ZONE` with a table on it, and gets a Callboard file or what is wrong with the table.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import pandas as pd

from webapp.interop.tables import CELL_LENGTH, harmless
from webapp.interop.xml_text import xml_safe

Kind = Literal["csv", "xlsx"]
READING_BYTES = 2 * 2**30
"""Memory that reading a table may take: a small file can unpack to a large one."""
AUDIT_COLUMNS = {
    "number": "entry",
    "createdAt": "time",
    "action": "action",
    "version": "version",
    "editorName": "editor",
    "editorId": "editor id",
    "resource": "resource",
    "resourceId": "id",
    "field": "field",
    "previous": "before",
    "value": "after",
    "reason": "reason",
    "conflicts": "conflicts",
    "saveAttemptId": "save attempt",
    "auditEntryId": "audit entry",
    "hash": "hash",
}
"""Key → heading."""


def audit_table(entries: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """The audit as a table: a row for each value that an entry changed, one for an entry that changed none."""
    rows = [row for entry in entries for row in _rows(entry)]
    return pd.DataFrame(rows, columns=list(AUDIT_COLUMNS)).rename(columns=AUDIT_COLUMNS)


def written(table: pd.DataFrame, kind: Kind) -> bytes:
    """The table as a file: CSV with the byte order mark that spreadsheets need, or a workbook with one sheet."""
    if kind == "csv":
        return str(table.map(harmless).to_csv(index=False)).encode("utf-8-sig")
    whole = io.BytesIO()
    # Text stays text: what begins with "=" is not run, and an address becomes no link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with pd.ExcelWriter(whole, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        table.to_excel(writer, sheet_name="Audit", index=False, freeze_panes=(1, 0))
    return whole.getvalue()


def _rows(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    head = {key: entry.get(key) for key in AUDIT_COLUMNS}
    head["conflicts"] = "; ".join(one["message"] for one in entry.get("conflicts", ()))
    changed = False
    for change in entry.get("changes", ()):
        for field in change["updatedFields"]:
            changed = True
            before, after = (_cell(change[values].get(field)) for values in ("previousValues", "values"))
            of = {"resource": change["resource"], "resourceId": change["resourceId"], "field": field}
            yield _plain({**head, **of, "previous": before, "value": after})
    if not changed:
        yield _plain(head)


def _cell(value: Any) -> Any:
    """A value that a cell can hold: what has parts is written as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict | bool) else value


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as text and whole numbers that any spreadsheet takes."""
    return {
        key: "" if value is None else xml_safe(value)[:CELL_LENGTH] if isinstance(value, str) else value
        for key, value in row.items()
    }


def read_table(data: bytes, timezone: str) -> dict[str, Any]:
    """A table's conference and schedule as a Callboard file, or where and why it cannot be read."""
    from webapp.interop import sheet
    from webapp.schemas import DocumentError, callboard_json

    try:
        read = sheet.read(data, "", timezone)
    except DocumentError as error:
        return {"place": error.place, "reason": error.reason}
    document = callboard_json(read.conference, read.schedule)
    return {"document": document, "format": read.format, "warnings": list(read.warnings)}


def main() -> None:
    """Write the table of the audit entries that come in, or read the table that comes in."""
    if sys.argv[1] == "read":
        resource.setrlimit(resource.RLIMIT_AS, (READING_BYTES, READING_BYTES))
        json.dump(read_table(sys.stdin.buffer.read(), sys.argv[2]), sys.stdout)
        return
    kind: Kind = "xlsx" if sys.argv[1] == "xlsx" else "csv"
    sys.stdout.buffer.write(written(audit_table(map(json.loads, sys.stdin)), kind))


if __name__ == "__main__":
    main()
