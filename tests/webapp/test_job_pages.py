"""The job pages: a form, a chart, a proposal to save."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.webapp.small import Caller
from webapp.jobs import table
from webapp.pages.jobs import HEIGHT, WIDTH, chart
from webapp.store import Store
from webapp.store.rows import JobRow

DAY = "2027-02-06"


def ask(editor: Caller, **form: Any) -> Any:
    return editor.client.post("/edit/mill/jobs", data=form, headers=editor.headers)


def propose(store: Store, changes: list[dict[str, Any]]) -> None:
    """Do what a worker does, at once."""
    claim = table.claim(store, "a worker")
    assert claim is not None
    for seconds, objective in ((0.5, 90), (2.0, 40)):
        table.keep(
            store, "a worker", claim, {"seconds": seconds, "objective": objective, "bound": 10, "moved": 1}, None
        )
    answer = {"status": "complete", "moved": 1, "unplaced": [], "reasons": [], "changes": changes}
    table.propose(store, "a worker", claim, answer)


def test_a_job_is_asked_for_followed_reviewed_and_saved(app: Flask, editor: Caller, store: Store) -> None:
    asked = ask(editor, kind="improve", budget="3", seconds="5")
    assert asked.status_code == 303
    place = asked.headers["Location"]
    waiting = editor.client.get(place, headers=editor.headers)
    assert (waiting.status_code, waiting.headers["Refresh"]) == (200, "2")
    assert waiting.headers["Cache-Control"] == "private, no-store"
    propose(store, [{"op": "move", "session": "knots", "start": "2027-02-06T12:00:00+01:00"}])
    shown = editor.client.get(place, headers=editor.headers)
    assert "Refresh" not in shown.headers
    for told in ("<polyline", "Save these changes", "Knots", "2027-02-06 12:00", "40, at least 10"):
        assert told in shown.text
    assert "Improve" in editor.client.get("/edit/mill/jobs", headers=editor.headers).text
    saved = editor.client.post(place, data={"do": "save"}, headers=editor.headers)
    assert saved.status_code == 303
    assert editor.sessions()["knots"]["startTime"].startswith("2027-02-06T12:00")
    assert ">applied<" in editor.client.get(place, headers=editor.headers).text


def test_what_conflicts_is_not_saved_and_what_is_stale_can_be_asked_again(editor: Caller, store: Store) -> None:
    place = ask(editor, kind="place").headers["Location"]
    propose(store, [{"op": "move", "session": "knots", "room": "hall", "start": "2027-02-06T11:30:00+01:00"}])
    refused = editor.client.post(place, data={"do": "save"}, headers=editor.headers)
    assert refused.status_code == 409
    assert "would remain" in refused.text
    editor.save({"op": "pin", "session": "looms"})
    assert "Solve it from the schedule of now" in editor.client.get(place, headers=editor.headers).text
    again = editor.client.post(place, data={"do": "again"}, headers=editor.headers)
    assert again.headers["Location"] != place
    cancelled = editor.client.post(again.headers["Location"], data={"do": "cancel"}, headers=editor.headers)
    assert ">cancelled<" in editor.client.get(cancelled.headers["Location"], headers=editor.headers).text


@pytest.mark.parametrize(
    ("form", "parameters"),
    [
        (
            {"kind": "shift", "room": "hall", "day": DAY, "from": "10:30", "minutes": "-10"},
            {"select": {"room": "hall", "from": f"{DAY}T10:30", "to": f"{DAY}T23:59"}, "minutes": -10},
        ),
        ({"kind": "close", "room": "", "day": DAY}, {"day": DAY}),
        (
            {"kind": "close", "room": "hall", "day": DAY, "from": "12:00", "to": "14:00"},
            {"room": "hall", "day": DAY, "from": f"{DAY}T12:00", "to": f"{DAY}T14:00"},
        ),
        (
            {"kind": "rehours", "day": DAY, "to": "16:30"},
            {"hours": [{"date": DAY, "start": "09:00", "end": "16:30"}]},
        ),
        ({"kind": "rebuild", "room": "hall"}, {}),
    ],
    ids=lambda value: value.get("kind", "") if isinstance(value, dict) else "",
)
def test_the_form_asks_for_each_kind(editor: Caller, form: dict[str, str], parameters: dict[str, Any]) -> None:
    assert ask(editor, **form).status_code == 303
    [job] = editor.items("/jobs")
    assert (job["kind"], job["parameters"]) == (form["kind"], parameters)


def test_what_makes_no_sense_is_said_on_the_form(editor: Caller, store: Store) -> None:
    wrong = ask(editor, kind="close", room="cellar", day="2027-02-06")
    assert (wrong.status_code, "there is no room" in wrong.text) == (422, True)
    assert ask(editor, kind="dance").status_code == 422
    assert editor.client.get("/edit/mill/jobs/nowhere", headers=editor.headers).status_code == 404
    assert store.read(lambda session: list(session.query(JobRow))) == []


def test_the_chart_keeps_within_its_frame() -> None:
    assert chart([]) is None
    assert chart([[0.5, None, 0], [1.0, 5, 0]]) is None
    drawn = chart([[1.0, 100, 20], [2.0, 60, 20], [5.0, 40, 30]])
    assert drawn is not None
    assert drawn["objective"] == f"0.0,0.0 {WIDTH / 4:.1f},{HEIGHT / 2:.1f} {WIDTH:.1f},{HEIGHT * 3 / 4:.1f}"
    assert (drawn["low"], drawn["high"], drawn["seconds"]) == (20, 100, 5)
