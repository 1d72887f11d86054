"""Somebody is late: one request, or one button, moves what has not begun, saves and publishes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.webapp.small import Caller

LATE = {"saveAttemptId": "late-1", "expectedVersion": 1, "room": "attic", "minutes": 15, "at": "2027-02-06T13:50"}


def test_a_room_that_is_late_is_made_up_for_in_one_save_that_is_published(editor: Caller) -> None:
    editor.publish()
    looked = editor.post("/delays", {**LATE, "dryRun": True})
    assert (looked.status_code, looked.get_json()["save"], editor.version()) == (200, None, 1)
    before = editor.sessions()
    answer = editor.post("/delays", {**LATE, "publish": True})
    told = answer.get_json()
    assert answer.status_code == 200, answer.text
    assert told["changes"] == looked.get_json()["changes"]
    assert (told["save"]["result"], told["save"]["publishedVersion"], told["job"]) == ("saved", 2, None)
    after = editor.sessions()
    assert {one for one in after if after[one] != before[one]} == {"looms"}
    assert after["looms"]["startTime"] == "2027-02-06T14:15:00+01:00"
    published = [event for event in editor.events() if event["type"] == "schedule.published"][-1]
    assert [one["sessionId"] for one in published["changes"]] == ["looms"]
    again = editor.post("/delays", {**LATE, "publish": True})
    assert (again.status_code, editor.version()) == (412, 2)


def test_a_pause_takes_a_delay_up_and_nothing_is_saved(editor: Caller) -> None:
    answer = editor.post("/delays", {**LATE, "at": "2027-02-06T11:10", "publish": True}).get_json()
    assert (answer["status"], answer["changes"], answer["save"], editor.version()) == ("nothing_to_repair", [], None, 1)


def test_what_cannot_be_settled_at_once_becomes_a_job(editor: Caller) -> None:
    late = {"saveAttemptId": "late-2", "expectedVersion": 1, "person": "ada", "minutes": 600, "at": "2027-02-06T09:00"}
    answer = editor.post("/delays", {**late, "publish": True})
    told = answer.get_json()
    assert (answer.status_code, told["status"], told["changes"]) == (202, "infeasible", [])
    assert told["reasons"]
    assert (told["job"]["kind"], told["job"]["state"]) == ("delay", "requested")
    assert answer.headers["Location"] == f"/api/v1/jobs/{told['job']['jobId']}"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"room": "cellar"}, 422), ({"minutes": 0}, 422), ({"at": "soon"}, 422), ({"person": "ada"}, 422)],
)
def test_what_makes_no_sense_is_refused(editor: Caller, wrong: dict[str, Any], status: int) -> None:
    assert editor.post("/delays", {**LATE, **wrong}).status_code == status
    assert editor.version() == 1


def test_what_conflicts_is_not_saved_and_says_what_it_would_have_been(editor: Caller) -> None:
    onto = {"op": "move", "session": "knots", "room": "hall", "start": "2027-02-06T11:30"}
    editor.save(onto, override={"reason": "They agreed."})
    answer = editor.post("/delays", {**LATE, "expectedVersion": 2, "publish": True})
    told = answer.get_json()
    assert (answer.status_code, told["result"], editor.version()) == (409, "warning_required", 2)
    assert [one["session"] for one in told["changes"]] == ["looms"]


def test_the_page_shows_what_moves_and_one_button_does_it(editor: Caller) -> None:
    def at(time: str, room: str = "attic") -> str:
        url = f"/edit/mill/late?room={room}&minutes=15&at=2027-02-06T{time}"
        return editor.client.get(url, headers=editor.headers).text

    assert "Nothing has to move" in at("11:10")
    assert "there is no room" in at("11:10", "cellar")
    shown = at("13:50")
    for told in ("1 session moves", "Looms", "14:00 → 14:15", "Save and publish"):
        assert told in shown
    form = {"room": "attic", "minutes": "15", "at": "2027-02-06T13:50", "version": "1", "attempt": "late-3"}
    form["publish"] = "yes"
    done = editor.client.post("/edit/mill/late", data=form, headers=editor.headers)
    assert (done.status_code, done.headers["Location"]) == (303, "/edit/mill")
    assert (editor.version(), editor.draft()["publishedVersion"]) == (2, 2)
    overtaken = editor.client.post("/edit/mill/late", data=form, headers=editor.headers)
    assert (overtaken.status_code, "look again" in overtaken.text) == (412, True)
