"""Checks and repairs over HTTP: what would break, what mends it, and changes that save unaltered."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.webapp.small import Caller, move
from webapp.serving.solver_client import SolverClient

ONTO = move("knots", "11:30", "hall")


def repair(who: Caller, *edits: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = who.post("/repairs", {"expectedVersion": who.version(), "edits": list(edits), **more})
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.get_json()
    return told


def test_a_check_names_what_would_break_and_changes_nothing(editor: Caller) -> None:
    before = editor.draft()
    response = editor.post("/checks", {"edits": [ONTO]})
    told = response.get_json()
    assert response.status_code == 200
    assert (told["sessions"], told["rooms"], told["notes"]) == (5, 2, [])
    [violation] = told["violations"]
    assert (violation["rule"], violation["sessions"], violation["room"]) == (
        "room_overlap",
        ["engines", "knots"],
        "hall",
    )
    assert (violation["from"], violation["to"]) == ("2027-02-06T11:30:00+01:00", "2027-02-06T12:00:00+01:00")
    assert editor.draft() == before


def test_a_check_without_edits_is_clean_and_notes_the_grid(editor: Caller) -> None:
    assert editor.post("/checks", {}).get_json()["violations"] == []
    told = editor.post("/checks", {"edits": [move("knots", "12:01")]}).get_json()
    assert (told["violations"], [note["rule"] for note in told["notes"]]) == ([], ["off_grid"])


def test_a_repair_is_proved_and_saves_unaltered(editor: Caller) -> None:
    told = repair(editor, ONTO)
    assert (told["status"], told["moved"], told["movedLowerBound"], told["violationsBefore"]) == (
        "proved_minimal",
        1,
        1,
        1,
    )
    first = told["repairs"][0]
    assert (first["moved"], first["proved"]) == (1, "moved+price")
    [moved] = first["moves"]
    assert moved["session"] == "engines"
    assert moved["from"] == {"room": "hall", "start": "2027-02-06T11:00:00+01:00"}
    saved = editor.save(*first["changes"])
    assert saved.get_json()["result"] == "saved", saved.text
    engines = editor.sessions()["engines"]
    assert (engines["roomId"], engines["startTime"]) == (moved["to"]["room"], moved["to"]["start"])
    assert editor.draft()["status"] == "ready_to_publish"


@pytest.mark.parametrize(
    "edits",
    [
        [move("knots", "12:00", "hall"), ONTO],
        [ONTO, {"op": "unplace", "session": "knots"}, ONTO],
        [move("knots", "11:30"), move("knots", None, "hall")],
        [{"op": "swap", "sessions": ["knots", "looms"]}, {"op": "swap", "sessions": ["looms", "knots"]}, ONTO],
        [
            {"op": "resize", "session": "knots", "minutes": 90},
            {"op": "resize", "session": "knots", "minutes": 45},
            ONTO,
        ],
        [{"op": "pin", "session": "looms"}, ONTO, {"op": "set_audience", "session": "knots", "audience": 60}],
        [{"op": "close_room", "room": "hall", "from": "2027-02-06T11:30", "to": "2027-02-06T12:30"}],
        [{"op": "person_unavailable", "person": "ada", "from": "2027-02-06T11:30", "to": "2027-02-06T14:30"}],
    ],
)
def test_folded_changes_lead_where_the_edits_and_the_repair_lead(editor: Caller, edits: list[dict[str, Any]]) -> None:
    told = repair(editor, *edits)
    first = told["repairs"][0]
    saved = editor.save(*first["changes"])
    assert saved.get_json()["result"] == "saved", saved.text
    sessions = editor.sessions()
    for moved in first["moves"]:
        assert sessions[moved["session"]]["roomId"] == moved["to"]["room"]
        assert sessions[moved["session"]]["startTime"] == moved["to"]["start"]
    assert editor.post("/checks", {}).get_json()["violations"] == []


def test_a_session_that_is_unplaced_and_placed_again_is_placed_once(editor: Caller) -> None:
    told = repair(editor, {"op": "unplace", "session": "knots"}, place=True)
    changes = told["repairs"][0]["changes"]
    assert {change["session"] for change in changes} == {"knots", "spare"}
    assert [change["op"] for change in changes] == ["move", "move"]
    assert editor.save(*changes).get_json()["result"] == "saved"


def test_alternatives_are_given_as_asked_for(editor: Caller) -> None:
    told = repair(editor, ONTO, alternatives=3)
    assert len(told["repairs"]) == 3
    assert len({str(one["changes"]) for one in told["repairs"]}) == 3


def test_nothing_to_repair_gives_no_repair_and_the_edits_save(editor: Caller) -> None:
    edit = move("knots", "12:00")
    told = repair(editor, edit)
    assert (told["status"], told["repairs"], told["moved"], told["price"]) == ("nothing_to_repair", [], 0, 0)
    assert editor.save(edit).get_json()["result"] == "saved"


def test_what_is_impossible_is_an_answer(editor: Caller) -> None:
    told = repair(editor, move("knots", "10:00", "hall"))
    assert (told["status"], told["repairs"], told["moved"], told["movedLowerBound"]) == ("infeasible", [], None, None)
    assert told["reasons"]


def test_a_stale_version_is_told_before_anything_is_solved(editor: Caller) -> None:
    editor.save(move("knots", "12:00"))
    response = editor.post("/repairs", {"expectedVersion": 1, "edits": [ONTO]})
    assert response.status_code == 412
    assert response.get_json()["version"] == 2
    assert [one["sessionId"] for one in response.get_json()["changedSince"]] == ["knots"]


def test_a_repair_of_an_old_version_is_not_saved(editor: Caller) -> None:
    changes = repair(editor, ONTO)["repairs"][0]["changes"]
    editor.save(move("looms", "15:00"))
    assert editor.save(*changes, version=1).get_json()["result"] == "stale_blocked"


def test_without_a_solver_everything_else_works(app: Flask, editor: Caller, tmp_path: Any) -> None:
    app.extensions["callboard.solver"] = SilentSolver(tmp_path / "nobody.sock")
    response = editor.post("/repairs", {"expectedVersion": 1, "edits": [ONTO]})
    assert (response.status_code, response.get_json()["type"]) == (503, "urn:callboard:problem:unavailable")
    assert editor.save(move("knots", "12:00")).status_code == 200


class SilentSolver(SolverClient):
    """A client that does not wait for its process to be started."""

    def _connect(self, *, patience: float, timeout: float) -> Any:
        return super()._connect(patience=0.0, timeout=timeout)
