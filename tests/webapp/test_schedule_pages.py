"""The pages beside the editor: history, conflicts and settings of a schedule, as text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.webapp.small import Caller, move


def read(who: Caller, path: str) -> str:
    response = who.client.get(f"/edit/mill{path}", headers=who.headers)
    assert response.status_code == 200, response.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


@pytest.fixture
def busy(editor: Caller) -> Caller:
    assert editor.save(move("knots", "12:00")).status_code == 200
    assert editor.save(move("knots", "11:30", "hall"), override={"reason": "They agreed to share."}).status_code == 200
    return editor


def test_the_history_says_who_did_what_when_and_why(busy: Caller) -> None:
    text = read(busy, "/history")
    assert "Attendees last told never" in text
    assert "Saved in spite of conflicts token version 3" in text
    assert "They agreed to share." in text
    assert "Accepted: " in text
    assert "Room: was Attic → now Great Hall" in text
    assert "Start: was Sat 06 Feb, 11:00 → now Sat 06 Feb, 12:00" in text
    assert text.index("version 3 ·") < text.index("version 2 ·") < text.index("version 1 ·")


def test_a_session_has_a_history_of_its_own(busy: Caller) -> None:
    busy.save(move("looms", "15:00"), override={"reason": "so"})
    assert "History of “Knots”" in read(busy, "/history?session=knots")
    assert "Looms" not in read(busy, "/history?session=knots")
    assert busy.client.get("/edit/mill/history?session=none", headers=busy.headers).status_code == 404
    told = busy.get("/sessions/knots/history").get_json()["items"]
    assert [(one["action"], one["editorName"]) for one in told] == [("save", "token"), ("override", "token")]
    assert told == busy.items("/audit?session=knots")
    assert busy.get("/sessions/none/history").status_code == 404


def test_old_entries_are_a_page_further(busy: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.pages.history.PAGE", 2)
    first = busy.client.get("/edit/mill/history", headers=busy.headers).text
    assert "before=2" in first
    assert "version 1 ·" not in first
    assert "version 1 ·" in busy.client.get("/edit/mill/history?before=2", headers=busy.headers).text
    for before in ("9" * 30, "-1", "x"):
        assert busy.client.get(f"/edit/mill/history?before={before}", headers=busy.headers).status_code == 200


def test_conflicts_are_listed_with_who_accepted_them_and_what_became_of_them(busy: Caller) -> None:
    standing = read(busy, "/conflicts")
    assert "Unresolved 1" in standing
    assert "blocks publishing Room overlap" in standing
    assert "They agreed to share. accepted by token at version 3" in standing
    busy.save(move("knots", "12:30", "attic"))
    assert "Resolved 1 resolved Room overlap" in read(busy, "/conflicts")


# --- settings ---------------------------------------------------------------------------------------------------------


def put(who: Caller, do: str = "save", **form: object) -> TestResponse:
    given = {"version": who.version(), "date": "2027-02-06", "start": "09:00", "end": "18:00", "mode": "advisory"}
    data = {"do": do, "leaseSeconds": "30", **given, **form}
    return who.client.post("/edit/mill/settings", data=data, headers=who.headers)


def test_settings_are_changed_by_a_form(caller: Callable[[str], Caller]) -> None:
    admin = caller("admin")
    assert "How grave each rule is" in read(admin, "/settings")
    saved = put(admin, **{"severity:turnover": "warn"}, mode="off", leaseSeconds="60")
    assert "The schedule is at version 2" in saved.text
    told = admin.get("/settings").get_json()
    assert told["severities"]["turnover"] == "warn"
    assert told["lockPolicy"] == {"mode": "off", "leaseSeconds": 60}


def test_hours_are_previewed_and_then_broken_with_repairs(caller: Callable[[str], Caller]) -> None:
    admin = caller("admin")
    preview = put(admin, "preview", end="14:30")
    assert "These hours would break 1 session" in preview.text
    assert "1 move" in preview.text
    assert (admin.version(), 'value="14:30"' in preview.text) == (1, True)
    saved = put(admin, end="14:30")
    assert "These hours break 1 session" in saved.text
    assert admin.draft()["status"] == "conflicted"


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"end": "nonsense"}, 422, "Hours[0].end"),
        ({"leaseSeconds": "3"}, 422, "greater than or equal to 5"),
        ({"mode": "strict"}, 422, "advisory"),
        ({"version": 7}, 412, "Somebody else has changed the schedule"),
    ],
)
def test_settings_that_make_no_sense_are_said(
    caller: Callable[[str], Caller], form: dict[str, object], status: int, said: str
) -> None:
    admin = caller("admin")
    before = admin.get("/settings").get_json()
    response = put(admin, **form)
    assert (response.status_code, said in response.text) == (status, True), response.text[:3000]
    assert admin.get("/settings").get_json() == before


def test_a_conflict_tells_how_it_came_and_went(busy: Caller) -> None:
    [standing] = busy.items("/conflicts")
    path = f"/conflicts/{standing['conflictId']}"
    busy.save(move("knots", "12:30", "attic"))
    busy.save(move("knots", "11:15", "hall"), override={"reason": "Once more."})
    told = busy.get(path).get_json()
    assert [(one["happened"], one["version"], one["reason"]) for one in told["history"]] == [
        ("detected", 3, None),
        ("accepted", 3, "They agreed to share."),
        ("resolved", 4, None),
        ("reopened", 5, None),
        ("accepted", 5, "Once more."),
    ]
    assert {one["editorName"] for one in told["history"]} == {"token"}
    text = read(busy, path)
    assert text.index("came back") < text.index("resolved token") < text.index("detected token")
    for unknown in ("nothing", "%00", "0" * 36):
        assert busy.get(f"/conflicts/{unknown}").status_code == 404


def test_overrides_are_listed_with_what_they_accepted(busy: Caller) -> None:
    [standing] = busy.items("/conflicts")
    [told] = busy.items("/overrides")
    assert (told["reason"], told["savedVersion"]) == ("They agreed to share.", 3)
    assert told["affectedConflictIds"] == [standing["conflictId"]]
    assert busy.items("/overrides?after=3") == []
