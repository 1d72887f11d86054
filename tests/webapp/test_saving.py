"""Saving: five results, one transaction, the same answer however often it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from tests.webapp.small import Caller, move
from webapp.services import reading
from webapp.store import Store, open_store
from webapp.store.rows import AuditRow, EventRow, OverrideRow, SaveAttemptRow

ATTEMPT_KEYS = {
    "saveAttemptId",
    "scheduleId",
    "expectedVersion",
    "result",
    "version",
    "createdAt",
    "editorId",
    "conflicts",
}
COLLISION = move("knots", "11:30", "hall")


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


def counts(store: Store) -> tuple[int, ...]:
    tables = (AuditRow, EventRow, OverrideRow, SaveAttemptRow)
    return store.read(
        lambda session: tuple(session.scalar(select(func.count()).select_from(one)) or 0 for one in tables)
    )


def test_a_clean_change_is_saved(editor: Caller) -> None:
    response = editor.save(move("knots", "12:00"))
    told = response.get_json()
    assert response.status_code == 200
    assert told.keys() >= ATTEMPT_KEYS | {"auditEntryId"}
    assert (told["result"], told["version"], told["conflicts"]) == ("saved", 2, [])
    assert response.headers["ETag"] == '"v2"'
    draft = editor.draft()
    assert (draft["version"], draft["status"], draft["updatedBy"]) == (2, "ready_to_publish", told["editorId"])
    knots = editor.sessions()["knots"]
    assert (knots["startTime"], knots["endTime"]) == ("2027-02-06T12:00:00+01:00", "2027-02-06T12:45:00+01:00")


def test_every_kind_of_change_is_kept(editor: Caller, store: Store) -> None:
    response = editor.save(
        move("spare", "15:30", "hall"),
        {"op": "swap", "sessions": ["knots", "looms"]},
        {"op": "resize", "session": "looms", "minutes": 50},
        {"op": "unpin", "session": "opening"},
        {"op": "pin", "session": "engines"},
        {"op": "set_audience", "session": "engines", "audience": 90},
        {"op": "close_room", "room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"},
        {"op": "person_unavailable", "person": "ben", "from": "2027-02-06T09:00", "to": "2027-02-06T10:00"},
        override={"reason": "Ada must hurry"},
    )
    assert response.status_code == 200, response.text
    afresh = open_store(str(store.database.url))
    draft = reading.draft_json(afresh, editor.schedule_id)
    afresh.close()
    assert draft == editor.draft()
    sessions = editor.sessions()
    assert (sessions["spare"]["roomId"], sessions["spare"]["startTime"][11:16]) == ("hall", "15:30")
    assert (sessions["looms"]["startTime"][11:16], sessions["looms"]["minutes"]) == ("11:00", 50)
    assert sessions["knots"]["startTime"][11:16] == "14:00"
    assert (sessions["opening"]["pinned"], sessions["engines"]["pinned"]) == (False, True)
    assert sessions["engines"]["audience"] == 90
    assert [closed["from"] for closed in draft["rooms"][0]["closed"]] == ["2027-02-06T17:00:00+01:00"]
    assert draft["people"][1]["unavailable"] == [
        {"from": "2027-02-06T09:00:00+01:00", "to": "2027-02-06T10:00:00+01:00"}
    ]


def test_unplacing_leaves_nothing_behind(editor: Caller) -> None:
    assert editor.save({"op": "unplace", "session": "knots"}).status_code == 200
    knots = editor.sessions()["knots"]
    assert (knots["roomId"], knots["startTime"], knots["endTime"]) == (None, None, None)


def test_a_conflict_asks_for_a_warning_and_writes_the_attempt_and_its_event_only(editor: Caller, store: Store) -> None:
    before = counts(store)
    response = editor.save(COLLISION, version=1)
    told = response.get_json()
    assert (response.status_code, response.mimetype) == (409, "application/problem+json")
    assert told.keys() >= ATTEMPT_KEYS | {"type", "title", "status", "detail"}
    assert (told["result"], told["version"], told["status"]) == ("warning_required", 1, 409)
    assert [(one["rule"], one["sessionIds"]) for one in told["conflicts"]] == [("room_overlap", ["engines", "knots"])]
    audit, events, overrides, attempts = before
    assert counts(store) == (audit, events + 1, overrides, attempts + 1)
    assert editor.sessions()["knots"]["roomId"] == "attic"


def test_an_override_saves_and_names_what_it_accepts(editor: Caller, store: Store) -> None:
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [COLLISION]}
    warned = editor.post("/saves", body).get_json()
    saved = editor.post("/saves", {**body, "override": {"reason": "  the hall has two stages  "}}).get_json()
    assert (saved["result"], saved["version"], saved["createdAt"]) == ("saved", 2, warned["createdAt"])
    assert [one["conflictId"] for one in saved["conflicts"]] == [one["conflictId"] for one in warned["conflicts"]]
    override = store.read(lambda session: session.scalars(select(OverrideRow)).one())
    assert (override.reason, override.saved_version) == ("the hall has two stages", 2)
    assert override.affected_conflict_ids == [one["conflictId"] for one in warned["conflicts"]]
    assert override.audit_entry_id == saved["auditEntryId"]
    assert editor.draft()["status"] == "conflicted"


@pytest.mark.parametrize(
    "override",
    [{"reason": ""}, {"reason": "   "}, {"reason": "x" * 501}, {"reason": 5}, {}, [], {"reason": "x", "y": 1}],
)
def test_an_override_needs_a_reason(editor: Caller, override: Any) -> None:
    response = editor.save(COLLISION, override=override)
    assert response.status_code == 422
    assert response.get_json()["result"] == "validation_failed"
    assert editor.version() == 1


def test_a_bad_reason_does_not_end_the_attempt(editor: Caller) -> None:
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [COLLISION]}
    editor.post("/saves", body)
    assert editor.post("/saves", {**body, "override": {"reason": " "}}).status_code == 422
    assert editor.post("/saves", {**body, "override": {"reason": "x" * 500}}).get_json()["result"] == "saved"


def test_a_warned_attempt_can_be_cancelled_and_stays_so(editor: Caller) -> None:
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [COLLISION]}
    editor.post("/saves", body)
    cancelled = editor.post("/saves", {**body, "cancel": True})
    assert (cancelled.status_code, cancelled.get_json()["result"]) == (200, "cancelled")
    late = editor.post("/saves", {**body, "override": {"reason": "after all"}})
    assert late.get_json() == cancelled.get_json()
    assert editor.version() == 1


def test_a_warned_attempt_is_judged_again_when_it_goes_on(editor: Caller) -> None:
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [COLLISION]}
    editor.post("/saves", body)
    editor.save(move("looms", "15:00"))
    overridden = editor.post("/saves", {**body, "override": {"reason": "now"}})
    assert (overridden.status_code, overridden.get_json()["result"]) == (412, "stale_blocked")


def test_of_two_editors_at_one_version_one_saves_and_one_is_told_what_changed(caller: Callable[[str], Caller]) -> None:
    first, second = caller("editor"), caller("editor")
    saved = first.save(move("knots", "12:00"), version=1).get_json()
    response = second.save(move("looms", "15:00"), version=1)
    told = response.get_json()
    assert (saved["result"], told["result"]) == ("saved", "stale_blocked")
    assert (response.status_code, told["version"]) == (412, 2)
    [change] = told["changedSince"]
    assert (change["sessionId"], change["editorId"], change["version"]) == ("knots", saved["editorId"], 2)
    assert change["updatedFields"] == ["startTime", "endTime"]
    assert change["previousValues"]["startTime"] == "2027-02-06T11:00:00+01:00"


def test_a_session_that_is_not_there_is_stale(editor: Caller) -> None:
    for change in (move("nobody", "12:00", "hall"), {"op": "swap", "sessions": ["knots", "nobody"]}):
        response = editor.save(change)
        assert (response.status_code, response.get_json()["result"]) == (412, "stale_blocked")


def test_a_version_from_the_future_is_stale(editor: Caller) -> None:
    assert editor.save(move("knots", "12:00"), version=9).get_json()["result"] == "stale_blocked"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (move("knots", "12:00", "cellar"), "changes[0].room"),
        ({"op": "move", "session": "knots", "start": "soon"}, "changes[0].start"),
        ({"op": "resize", "session": "knots", "minutes": 0}, "changes[0].minutes"),
        ({"op": "resize", "session": "knots", "minutes": 10**12}, "changes[0].minutes"),
        ({"op": "teleport", "session": "knots"}, "changes[0].op"),
        ({"op": "pin", "session": "knots", "colour": "red"}, "changes[0].colour"),
        ({"op": "move", "session": "spare", "room": "hall"}, "changes[0]"),
        ({"op": "move", "session": "knots", "start": "2027-03-28T02:30"}, "changes[0].start"),
        (
            {"op": "close_room", "room": "hall", "from": "2027-02-06T12:00", "to": "2027-02-06T11:00"},
            "changes[0].to",
        ),
        ("pin knots", "changes[0]"),
    ],
)
def test_changes_that_make_no_sense_fail_with_their_place(editor: Caller, change: Any, place: str) -> None:
    response = editor.save(change)
    told = response.get_json()
    assert (response.status_code, told["result"], told["place"]) == (422, "validation_failed", place)
    assert told["detail"].startswith(place)
    assert editor.version() == 1


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [move("knots", "12:00"), move("knots", "12:05")],
        [move("knots", "12:00"), {"op": "swap", "sessions": ["knots", "looms"]}],
        [move("knots", "12:00"), {"op": "unplace", "session": "knots"}],
        [{"op": "resize", "session": "knots", "minutes": 50}, {"op": "resize", "session": "knots", "minutes": 55}],
    ],
)
def test_a_session_is_placed_once_and_resized_once(editor: Caller, changes: list[Any]) -> None:
    response = editor.save(*changes)
    assert (response.status_code, response.get_json()["result"]) == (422, "validation_failed")


def test_placing_and_resizing_one_session_together_is_fine(editor: Caller) -> None:
    changes = [
        move("knots", "12:00"),
        {"op": "resize", "session": "knots", "minutes": 50},
        {"op": "pin", "session": "knots"},
    ]
    assert editor.save(*changes).status_code == 200


def test_a_retry_gets_the_stored_answer_and_has_no_second_effect(editor: Caller, store: Store) -> None:
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [move("knots", "12:00")]}
    first = editor.post("/saves", body)
    before = counts(store)
    editor.save(move("looms", "15:00"))
    again = editor.post("/saves", body)
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json())
    assert counts(store)[3] == before[3] + 1
    assert editor.version() == 3


@pytest.mark.parametrize(
    ("change", "result"),
    [(COLLISION, "warning_required"), (move("nobody", "12:00"), "stale_blocked"), ([], "validation_failed")],
)
def test_every_unhappy_answer_is_given_again_too(editor: Caller, change: Any, result: str) -> None:
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [change]}
    first, again = editor.post("/saves", body), editor.post("/saves", body)
    assert first.get_json()["result"] == result
    assert (again.status_code, again.get_json()) == (first.status_code, first.get_json())


def test_an_id_belongs_to_one_content_and_one_editor(caller: Callable[[str], Caller]) -> None:
    first, second = caller("editor"), caller("editor")
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [move("knots", "12:00")]}
    first.post("/saves", body)
    for who, other in (
        (first, {**body, "changes": [move("knots", "12:05")]}),
        (first, {**body, "expectedVersion": 2}),
        (first, {**body, "publish": True}),
        (second, body),
    ):
        response = who.post("/saves", other)
        assert (response.status_code, response.get_json()["result"]) == (422, "validation_failed")
    assert first.post("/saves", body).get_json()["result"] == "saved"
    assert first.version() == 2


def test_publish_with_the_save_is_one_step(editor: Caller, attendee: Caller) -> None:
    told = editor.save(move("knots", "12:00"), publish=True).get_json()
    assert (told["result"], told["version"], told["publishedVersion"]) == ("saved", 2, 2)
    assert editor.draft()["status"] == "published"
    assert attendee.get("/published").headers["ETag"] == '"p2"'


def test_publish_with_a_conflicting_save_saves_nothing_even_with_an_override(editor: Caller, attendee: Caller) -> None:
    response = editor.save(COLLISION, publish=True, override={"reason": "I insist"})
    assert (response.status_code, response.get_json()["result"]) == (409, "warning_required")
    assert editor.version() == 1
    assert attendee.get("/published").status_code == 404


def test_an_override_that_is_not_needed_leaves_no_override_entry(editor: Caller, store: Store) -> None:
    told = editor.save(move("knots", "12:00"), override={"reason": "just in case"}).get_json()
    assert told["result"] == "saved"
    assert counts(store)[2] == 0


def test_conflicts_keep_their_identity(editor: Caller) -> None:
    def ledger() -> list[tuple[str, str, str]]:
        return [(one["conflictId"], one["rule"], one["status"]) for one in editor.items("/conflicts")]

    accept = {"override": {"reason": "for now"}}
    warned = editor.save(COLLISION, **accept).get_json()
    identity = warned["conflicts"][0]["conflictId"]
    assert ledger() == [(identity, "room_overlap", "unresolved")]
    editor.save(move("knots", "11:15"), **accept)
    assert ledger() == [(identity, "room_overlap", "unresolved")]
    editor.save(move("knots", "13:00"))
    assert ledger() == [(identity, "room_overlap", "resolved")]
    editor.save(move("knots", "11:30"), **accept)
    assert ledger() == [(identity, "room_overlap", "unresolved")]
    assert editor.items("/conflicts?status=resolved") == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ([COLLISION], "room_collision"),
        ([move("looms", "11:30")], "speaker_overlap"),
        ([move("engines", "09:30")], "time_overlap"),
        ([{"op": "set_audience", "session": "knots", "audience": 21}], "other"),
    ],
)
def test_conflicts_have_the_types_of_the_data_model(editor: Caller, changes: list[Any], kind: str) -> None:
    assert kind in {one["conflictType"] for one in editor.save(*changes).get_json()["conflicts"]}


def test_the_save_attempts_are_listed(editor: Caller) -> None:
    for start in ("12:00", "12:30", "13:00"):
        editor.save(move("knots", start))
    first = editor.get("/saves?limit=2").get_json()
    rest = editor.get(f"/saves?limit=2&after={first['next']}").get_json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    listed = first["items"] + rest["items"]
    assert {one["version"] for one in listed} == {2, 3, 4}
    assert sorted(one["changes"][0]["start"][11:] for one in listed) == ["12:00", "12:30", "13:00"]


def test_an_unknown_schedule_is_not_found(editor: Caller) -> None:
    editor.base = f"/api/v1/schedules/{uuid4()}"
    body = {"saveAttemptId": "a-1", "expectedVersion": 1, "changes": [move("knots", "12:00")]}
    assert editor.post("/saves", body).status_code == 404
