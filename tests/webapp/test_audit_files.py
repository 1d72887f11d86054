"""The audit as a file for people with spreadsheets, and the history of one session."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.webapp.command import callboard, refusal
from tests.webapp.small import Caller, move
from webapp.store import Store


@pytest.fixture
def busy(editor: Caller) -> Caller:
    editor.save(move("knots", "12:00"))
    editor.save(move("knots", "11:30", "hall"), move("looms", "15:00"), override={"reason": "=1+1, they said"})
    editor.save({"op": "pin", "session": "looms"}, override={"reason": "as before"})
    return editor


def test_json_lines_are_the_entries(busy: Caller) -> None:
    response = busy.get("/audit.jsonl")
    assert (response.status_code, response.mimetype) == (200, "application/jsonl")
    assert [json.loads(line) for line in response.text.splitlines()] == busy.items("/audit")
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_table_has_a_row_for_each_value(busy: Caller) -> None:
    rows = list(csv.DictReader(io.StringIO(busy.get("/audit.csv").data.decode("utf-8-sig"))))
    assert [(row["entry"], row["action"], row["id"], row["field"]) for row in rows] == [
        ("1", "import", "", ""),
        ("2", "save", "knots", "startTime"),
        ("2", "save", "knots", "endTime"),
        *(("3", "override", "knots", field) for field in ("roomId", "startTime", "endTime")),
        *(("3", "override", "looms", field) for field in ("startTime", "endTime")),
        ("4", "override", "looms", "pinned"),
    ]
    assert (rows[3]["before"], rows[3]["after"]) == ("attic", "hall")
    # No spreadsheet takes a reason for a formula.
    assert rows[3]["reason"] == "'=1+1, they said"
    assert "overlap in Great Hall" in rows[3]["conflicts"]
    assert (rows[-1]["before"], rows[-1]["after"]) == ("false", "true")


def test_a_workbook_says_the_same(busy: Caller) -> None:
    sheet: Any = load_workbook(io.BytesIO(busy.get("/audit.xlsx").data)).active
    told = [[cell.value for cell in row] for row in sheet.iter_rows()]
    rows = list(csv.reader(io.StringIO(busy.get("/audit.csv").data.decode("utf-8-sig"))))
    assert [[str(value or "") for value in row] for row in told] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_history_of_one_session(busy: Caller) -> None:
    told = busy.items("/audit?session=looms")
    assert [(one["number"], [change["resourceId"] for change in one["changes"]]) for one in told] == [
        (3, ["looms"]),
        (4, ["looms"]),
    ]
    lines = busy.get("/audit.jsonl?session=looms").text.splitlines()
    assert [json.loads(line) for line in lines] == told
    for nobody in ("l%25", "hall"):
        assert {busy.get(f"/{path}?session={nobody}").status_code for path in ("audit", "audit.csv")} == {404}


def test_what_cannot_be_written_is_refused(busy: Caller, attendee: Caller) -> None:
    assert busy.get("/audit.pdf").status_code == 404
    assert busy.get("/audit.csv?page=1").status_code == 422
    assert attendee.get("/audit.csv").status_code == 401


def test_the_command_writes_it_too(busy: Caller, store: Store, tmp_path: Path) -> None:
    data = Path(str(store.database.url.database)).parent
    ran = callboard("audit", "mill", "--format", "jsonl", "--session", "knots", "--data", data)
    assert ran.status == 0
    assert [json.loads(line)["number"] for line in ran.out.splitlines()] == [2, 3]
    out = tmp_path / "audit.xlsx"
    assert callboard("audit", "mill", "--format", "xlsx", "-o", out, "--data", data).status == 0
    assert load_workbook(out).active.max_row == 10
    assert refusal("audit", "nobody", "--format", "csv", "--data", data) == "there is no schedule 'nobody'"
