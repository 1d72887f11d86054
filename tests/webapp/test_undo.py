"""Undo and redo: my own last change, as a new save, inside other people's history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.webapp.small import Caller, InProcessSolver, move
from webapp import create_app
from webapp.store import Store


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


@pytest.fixture
def ada(caller: Callable[[str], Caller]) -> Caller:
    return caller("editor")


@pytest.fixture
def ben(caller: Callable[[str], Caller]) -> Caller:
    return caller("editor")


def undo(who: Caller, what: str = "undo", **more: Any) -> Any:
    return who.post(f"/{what}", {"expectedVersion": who.version(), **more})


def done(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.get_json()
    return told


def refusal(response: Any, kind: str = "later-work") -> dict[str, Any]:
    told: dict[str, Any] = response.get_json()
    assert (response.status_code, told["type"]) == (409, f"urn:callboard:problem:{kind}")
    return told


def start(who: Caller, session: str) -> str | None:
    told = who.sessions()[session]["startTime"]
    return told and str(told[11:16])


def test_everything_that_a_save_changes_comes_back(ada: Caller) -> None:
    before = ada.draft()
    ada.save(
        move("spare", "15:30", "hall"),
        {"op": "swap", "sessions": ["knots", "looms"]},
        {"op": "resize", "session": "looms", "minutes": 50},
        {"op": "unpin", "session": "opening"},
        {"op": "set_audience", "session": "engines", "audience": 90},
        {"op": "close_room", "room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"},
        {"op": "person_unavailable", "person": "ben", "from": "2027-02-06T09:00", "to": "2027-02-06T10:00"},
        override={"reason": "Ada must hurry"},
    )
    changed = ada.draft()
    told = done(undo(ada))
    assert (told["result"], told["version"], told["scheduleStatus"]) == ("saved", 3, "ready_to_publish")
    parts = ("rooms", "people", "sessions")
    assert [ada.draft()[part] for part in parts] == [before[part] for part in parts]
    assert done(undo(ada, "redo", override={"reason": "all the same"}))["scheduleStatus"] == "conflicted"
    assert [ada.draft()[part] for part in parts] == [changed[part] for part in parts]


def test_changes_are_undone_one_by_one_and_made_again_in_order(ada: Caller) -> None:
    for time in ("12:00", "12:30", "13:00"):
        ada.save(move("knots", time))
    seen = []
    for what in ("undo", "undo", "redo", "undo", "undo"):
        done(undo(ada, what))
        seen.append(start(ada, "knots"))
    assert seen == ["12:30", "12:00", "12:30", "12:00", "11:00"]
    refusal(undo(ada), "nothing-to-undo")
    for what in ("redo", "redo", "redo"):
        done(undo(ada, what))
    assert start(ada, "knots") == "13:00"
    refusal(undo(ada, "redo"), "nothing-to-undo")
    done(undo(ada))
    ada.save(move("looms", "15:00"))
    refusal(undo(ada, "redo"), "nothing-to-undo")
    assert ada.version() == 14


def test_mine_is_undone_and_what_others_did_meanwhile_stays(ada: Caller, ben: Caller) -> None:
    ada.save(move("knots", "12:00"))
    ben.save(move("looms", "15:00"))
    ben.save({"op": "resize", "session": "knots", "minutes": 30})
    done(undo(ada))
    knots = ben.sessions()["knots"]
    assert (knots["startTime"][11:16], knots["endTime"][11:16], start(ben, "looms")) == ("11:00", "11:30", "15:00")
    refusal(undo(ada), "nothing-to-undo")
    done(undo(ben))
    assert ben.sessions()["knots"]["minutes"] == 45


def test_later_work_on_the_same_session_is_named_and_not_trampled(ada: Caller, ben: Caller) -> None:
    ada.save(move("knots", "12:00"))
    later = ben.save(move("knots", "13:00")).get_json()
    told = refusal(undo(ada))
    assert (ada.version(), start(ada, "knots")) == (3, "13:00")
    [change] = told["laterChanges"]
    assert (change["sessionId"], change["editorId"], change["version"]) == ("knots", later["editorId"], 3)
    assert change["auditEntryId"] == later["auditEntryId"]
    assert "'knots' was changed again by" in told["detail"]
    done(undo(ben))
    done(undo(ada))
    assert start(ada, "knots") == "11:00"


def test_what_would_now_conflict_is_refused_with_a_repair_to_save(ada: Caller, ben: Caller) -> None:
    ada.save(move("knots", "14:30", "hall"))
    ben.save(move("spare", "11:15", "attic"))
    told = refusal(undo(ada))
    assert [one["rule"] for one in told["conflicts"]] == ["room_overlap"]
    assert [one["sessionId"] for one in told["laterChanges"]] == ["spare"]
    repair = told["repair"]
    assert (repair["status"], repair["moved"], repair["version"]) == ("proved_minimal", 1, 3)
    assert ada.save(*repair["repairs"][0]["changes"], version=3).status_code == 200
    assert start(ada, "knots") == "11:00"


def test_a_conflict_can_be_accepted_with_a_reason(ada: Caller, ben: Caller) -> None:
    ada.save(move("knots", "14:30", "hall"))
    ben.save(move("spare", "11:15", "attic"))
    assert undo(ada, override={"reason": "  "}).status_code == 422
    told = done(undo(ada, override={"reason": "they share the attic"}))
    assert (told["scheduleStatus"], [one["rule"] for one in told["conflicts"]]) == ("conflicted", ["room_overlap"])
    entry = ada.items("/audit")[-1]
    assert (entry["action"], entry["reason"], entry["version"]) == ("undo", "they share the attic", 4)
    assert ada.publish().status_code == 409


def test_conflicts_that_were_there_before_do_not_stand_in_the_way(ada: Caller, ben: Caller) -> None:
    ben.save(move("spare", "11:15", "attic"), override={"reason": "for now"})
    ada.save(move("looms", "15:00"), override={"reason": "for now"})
    assert done(undo(ada))["scheduleStatus"] == "conflicted"


def test_what_somebody_else_has_put_back_already_is_passed_over(ada: Caller, ben: Caller) -> None:
    ada.save(move("looms", "15:00"))
    ada.save(move("knots", "12:00"))
    ben.save(move("knots", "11:00"))
    done(undo(ada))
    assert (start(ada, "looms"), start(ada, "knots")) == ("14:00", "11:00")


def test_a_closure_is_lifted_and_closed_again(ada: Caller) -> None:
    ada.save({"op": "close_room", "room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"})
    done(undo(ada))
    assert ada.draft()["rooms"][0]["closed"] == []
    ada.save(move("spare", "17:00", "hall"))
    refusal(undo(ada, "redo"), "nothing-to-undo")


def test_a_closure_made_again_where_somebody_moved_in(ada: Caller, ben: Caller) -> None:
    ada.save({"op": "close_room", "room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"})
    done(undo(ada))
    ben.save(move("spare", "17:00", "hall"))
    told = refusal(undo(ada, "redo"))
    assert [one["sessionId"] for one in told["laterChanges"]] == ["spare"]
    assert told["edits"][0]["op"] == "close_room"
    assert told["repair"]["repairs"][0]["moved"] == 1


def test_it_takes_the_present_version_and_tells_what_changed(ada: Caller, ben: Caller) -> None:
    ada.save(move("knots", "12:00"))
    ben.save(move("looms", "15:00"))
    response = ada.post("/undo", {"expectedVersion": 2})
    assert response.status_code == 412
    assert [one["sessionId"] for one in response.get_json()["changedSince"]] == ["looms"]


def test_a_retry_gets_the_first_answer(ada: Caller, ben: Caller) -> None:
    ada.save(move("knots", "12:00"))
    body = {"expectedVersion": 2, "saveAttemptId": "take-it-back"}
    first = done(ada.post("/undo", body))
    assert done(ada.post("/undo", body)) == first
    assert ada.version() == 3
    assert ben.post("/undo", body).status_code == 422
    assert ada.post("/redo", body).status_code == 422
    [kept] = [one for one in ada.items("/saves") if one["saveAttemptId"] == "take-it-back"]
    assert kept == {**first, "changes": kept["changes"]}


def test_it_is_told_what_can_be_undone(ada: Caller, ben: Caller) -> None:
    assert done(ada.get("/undo")) == {"version": 1, "undo": None, "redo": None}
    ada.save(move("knots", "12:00"))
    told = done(ada.get("/undo"))
    assert (told["undo"]["version"], told["undo"]["changes"][0]["sessionId"], told["redo"]) == (2, "knots", None)
    assert done(ben.get("/undo"))["undo"] is None
    done(undo(ada))
    told = done(ada.get("/undo"))
    assert (told["undo"], told["redo"]["action"]) == (None, "undo")


def test_it_works_after_a_restart(ada: Caller, app: Flask, store: Store) -> None:
    ada.save(move("knots", "12:00"))
    store.close()
    again = create_app(app.extensions["callboard.settings"])
    again.extensions["callboard.solver"] = InProcessSolver()
    ada.client = again.test_client()
    done(undo(ada))
    done(undo(ada, "redo"))
    assert start(ada, "knots") == "12:00"
    again.extensions["callboard.store"].close()


def test_attendees_hear_nothing_of_it_and_editors_one_event_more(ada: Caller, attendee: Caller) -> None:
    ada.save(move("knots", "12:00"), publish=True)
    before = ada.draft()["lastSeq"]
    done(undo(ada))
    assert [one["type"] for one in ada.events(before)] == ["session.moved", "schedule.updated", "schedule.undone"]
    assert attendee.events(before) == []
    assert attendee.get("/undo").status_code == 401
    assert start(attendee, "knots") == "12:00"


def test_the_edits_that_come_with_a_refusal_say_what_undoing_would_have_made(ada: Caller, ben: Caller) -> None:
    """Posted with a reason, they lead where the undo would have led."""
    ada.save({"op": "close_room", "room": "attic", "from": "2027-02-06T15:30", "to": "2027-02-06T16:30"})
    ada.save(
        {"op": "open_room", "room": "attic", "from": "2027-02-06T15:30", "to": "2027-02-06T17:00"},
        {"op": "close_room", "room": "attic", "from": "2027-02-06T17:30", "to": "2027-02-06T18:00"},
        move("knots", "13:00"),
    )
    ben.save(move("spare", "16:00", "attic"))
    told = refusal(undo(ada))
    assert [one["rule"] for one in told["conflicts"]] == ["room_closed"]
    assert ada.save(*told["edits"], override={"reason": "all the same"}).status_code == 200
    closed = [(one["from"][11:16], one["to"][11:16]) for one in ada.draft()["rooms"][1]["closed"]]
    assert (sorted(closed), start(ada, "knots")) == ([("15:30", "16:30"), ("16:00", "17:00")], "11:00")
