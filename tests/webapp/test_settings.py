"""A conference's settings: severities that gate saves and publishing, hours, and what is only kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.webapp.small import Caller, move

COLLISION = move("knots", "11:30", "hall")


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


@pytest.fixture
def admin(caller: Callable[[str], Caller]) -> Caller:
    return caller("admin")


def put(who: Caller, **settings: Any) -> TestResponse:
    return who.client.put(who.base + "/settings", json=settings, headers=who.headers)


def conflicts(who: Caller) -> list[tuple[str, str, str]]:
    return sorted((one["rule"], one["severity"], one["status"]) for one in who.items("/conflicts"))


def test_every_rule_has_a_severity_and_all_but_one_block(editor: Caller) -> None:
    told = editor.get("/settings").get_json()
    assert len(told["severities"]) >= 12
    assert {rule for rule, level in told["severities"].items() if level != "block"} == {"off_grid"}
    assert told["hours"] == editor.draft()["conference"]["days"]
    assert (told["lockPolicy"], told["preferences"]) == ({"mode": "advisory", "leaseSeconds": 30}, {})


def test_a_rule_that_warns_holds_nothing_up_and_stays_visible(admin: Caller, attendee: Caller) -> None:
    assert put(admin, severities={"room_overlap": "warn"}).status_code == 200
    checked = admin.post("/checks", {"edits": [COLLISION]}).get_json()
    assert [(one["rule"], one["severity"]) for one in checked["violations"]] == [("room_overlap", "warn")]
    saved = admin.save(COLLISION, publish=True)
    assert (saved.status_code, saved.get_json()["result"]) == (200, "saved")
    assert [(one["rule"], one["severity"]) for one in saved.get_json()["conflicts"]] == [("room_overlap", "warn")]
    assert admin.draft()["status"] == "published"
    assert conflicts(admin) == [("room_overlap", "warn", "unresolved")]
    assert attendee.get("/published").status_code == 200


def test_a_rule_that_is_let_pass_makes_no_conflict(admin: Caller) -> None:
    put(admin, severities={"room_overlap": "ignore"})
    checked = admin.post("/checks", {"edits": [COLLISION]}).get_json()
    assert checked["violations"] == []
    assert [(one["rule"], one["severity"]) for one in checked["notes"]] == [("room_overlap", "ignore")]
    assert admin.save(COLLISION).get_json()["conflicts"] == []
    assert conflicts(admin) == []


def test_another_severity_settles_the_ledger_at_once_and_a_conflict_comes_back_as_itself(admin: Caller) -> None:
    accepted = admin.save(COLLISION, override={"reason": "try"}).get_json()["conflicts"]
    assert (admin.draft()["status"], admin.publish().status_code) == ("conflicted", 409)
    passing = put(admin, severities={"room_overlap": "ignore"}, expectedVersion=2).get_json()
    assert (passing["version"], passing["scheduleStatus"]) == (3, "ready_to_publish")
    assert conflicts(admin) == [("room_overlap", "ignore", "resolved")]
    assert put(admin, severities={}).get_json()["scheduleStatus"] == "conflicted"
    (back,) = admin.items("/conflicts")
    assert (back["conflictId"], back["status"]) == (accepted[0]["conflictId"], "unresolved")
    assert not back["acknowledged"], "it has come back since it was accepted"
    assert [one["reason"] for one in back["overrides"]] == ["try"]
    assert [one["type"] for one in admin.events() if one["type"].startswith("conflict.")] == [
        "conflict.detected",
        "conflict.resolved",
        "conflict.detected",
    ]


def test_a_start_off_the_grid_can_be_made_to_block(admin: Caller) -> None:
    put(admin, severities={"off_grid": "block"})
    warned = admin.save(move("knots", "12:01"))
    assert (warned.status_code, warned.get_json()["conflicts"][0]["rule"]) == (409, "off_grid")


def test_only_blocking_conflicts_take_an_override_and_it_says_who_why_and_when(admin: Caller, editor: Caller) -> None:
    put(admin, severities={"room_overlap": "warn"})
    plain = editor.save(COLLISION, override={"reason": "not needed"}).get_json()
    entry = next(one for one in editor.items("/audit") if one["auditEntryId"] == plain["auditEntryId"])
    assert (entry["action"], entry["reason"]) == ("save", None)
    taken = editor.save(move("engines", "10:15"), override={"reason": " Ada agreed "}).get_json()
    found = {one["rule"]: one for one in editor.items("/conflicts?status=unresolved")}
    assert found["order"]["acknowledged"]
    (override,) = found["order"]["overrides"]
    assert override == {
        "auditEntryId": taken["auditEntryId"],
        "saveAttemptId": taken["saveAttemptId"],
        "editorId": taken["editorId"],
        "editorName": "token",
        "reason": "Ada agreed",
        "savedVersion": taken["version"],
        "createdAt": taken["createdAt"],
    }


def test_other_hours_are_a_new_version_with_its_conflicts_and_its_history(admin: Caller) -> None:
    shorter = [{"date": "2027-02-06", "start": "10:30", "end": "18:00"}]
    told = put(admin, hours=shorter).get_json()
    assert (told["version"], told["scheduleStatus"]) == (2, "conflicted")
    assert told["hours"] == admin.draft()["conference"]["days"]
    assert told["hours"][0]["start"] == "2027-02-06T10:30:00+01:00"
    assert conflicts(admin) == [("outside_hours", "block", "unresolved")]
    updated = next(one for one in admin.events() if one["type"] == "schedule.updated")
    assert (updated["resource"], updated["updatedFields"]) == ("schedule", ["hours"])
    assert updated["previousValues"]["hours"][0]["start"] == "2027-02-06T09:00:00+01:00"
    entry = admin.items("/audit")[-1]
    assert (entry["action"], entry["changes"][0]["previousValues"]) == ("settings", updated["previousValues"])
    stale = admin.save(move("knots", "12:00"), version=1).get_json()
    assert [(one["resource"], one["updatedFields"]) for one in stale["changedSince"]] == [("schedule", ["hours"])]
    body = {"baseVersion": 1, "edits": [move("opening", "10:00")], "moves": []}
    assert admin.post("/repairs/validate", body).get_json()["verdict"] == "no_longer_valid"


def test_what_decides_no_conflict_makes_no_version(admin: Caller) -> None:
    admin.publish()
    told = put(admin, lockPolicy={"leaseSeconds": 60}, preferences={"keep_tracks_together": 3}).get_json()
    assert (told["version"], told["scheduleStatus"]) == (1, "published")
    assert told["lockPolicy"] == {"mode": "advisory", "leaseSeconds": 60}
    assert {**admin.get("/settings").get_json(), "consequences": None} == told
    assert admin.items("/audit")[-1]["action"] == "settings"
    seq = admin.draft()["lastSeq"]
    assert put(admin, lockPolicy={"leaseSeconds": 60}).get_json() == told
    assert admin.draft()["lastSeq"] == seq, "nothing changed, so nothing happened"


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"severities": {"teleport": "warn"}}, "severities.teleport"),
        ({"severities": {"order": "maybe"}}, None),
        ({"hours": [{"date": "2027-02-30", "start": "09:00", "end": "18:00"}]}, "hours[0].date"),
        ({"hours": [{"date": "2027-02-06", "start": "09:00"}]}, "hours[0].end"),
        ({"hours": "always"}, "hours"),
        ({"lockPolicy": {"leaseSeconds": 0}}, None),
        ({"preferences": {"x": -1}}, None),
        ({"severity": {}}, None),
    ],
)
def test_settings_that_make_no_sense_change_nothing(admin: Caller, settings: dict[str, Any], place: str | None) -> None:
    before = admin.get("/settings").get_json()
    response = put(admin, **settings)
    assert response.status_code == 422
    assert place is None or response.get_json()["place"] == place
    assert admin.get("/settings").get_json() == before


def test_settings_are_the_admins_and_know_their_version(admin: Caller, editor: Caller, attendee: Caller) -> None:
    assert put(editor, severities={}).status_code == 403
    assert attendee.get("/settings").status_code == 401
    stale = put(admin, severities={}, expectedVersion=7)
    assert (stale.status_code, stale.get_json()["version"]) == (412, 1)


def test_who_comes_very_late_is_told_the_newest_changes(editor: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.services.saving.CHANGES_TOLD", 2)
    for start in ("12:00", "12:30", "13:00"):
        editor.save(move("knots", start))
    stale = editor.save(move("looms", "12:00"), version=1).get_json()
    assert ([one["version"] for one in stale["changedSince"]], stale["changesLeftOut"]) == ([3, 4], 1)


def test_who_comes_late_is_told_whether_the_change_would_still_do(editor: Caller) -> None:
    editor.save(move("looms", "12:00"))
    fine = editor.save(move("knots", "13:00", "attic"), version=1).get_json()
    assert (fine["result"], fine["stillValid"], fine["newConflicts"]) == ("stale_blocked", True, [])
    assert [(one["sessionId"], one["editorName"]) for one in fine["changedSince"]] == [("looms", "token")]
    clash = editor.save(move("knots", "12:15", "attic"), version=1).get_json()
    assert not clash["stillValid"]
    assert [(one["rule"], one["sessionIds"]) for one in clash["newConflicts"]] == [("room_overlap", ["looms", "knots"])]
    gone = editor.save(move("nobody", "12:15")).get_json()
    assert (gone["stillValid"], gone["notValidBecause"]) == (False, "there is no session 'nobody' any more")
