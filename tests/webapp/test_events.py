"""The event log: numbered without gaps, told whole to editors, and only what is public to anybody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask

from tests.webapp.small import Caller, move
from webapp.events import log
from webapp.events.handlers import Consequences
from webapp.events.relay import Relay
from webapp.events.shapes import HOLDS
from webapp.events.types import TYPES, Event, public_view
from webapp.store import Store

ROOT = Path(__file__).resolve().parents[2]


def test_numbers_have_no_gaps_whatever_happens_in_between(editor: Caller) -> None:
    editor.save(move("knots", "12:00"))
    editor.save(move("knots", "11:30", "hall"))
    editor.save(move("nobody", "11:30"))
    editor.save(move("knots", "12:30"), version=1)
    editor.save(move("knots", "11:30", "hall"), override={"reason": "try"})
    editor.publish()
    editor.save(move("knots", "12:30", "attic"), publish=True)
    events = editor.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert editor.draft()["lastSeq"] == len(events)


def test_a_move_tells_where_from_and_where_to(editor: Caller) -> None:
    saved = editor.save(move("knots", "12:00")).get_json()
    moved, updated, told = editor.events(after=1)
    assert moved == {
        "seq": 2,
        "type": "session.moved",
        "time": moved["time"],
        "scheduleId": editor.schedule_id,
        "version": 2,
        "sessionId": "knots",
        "roomId": "attic",
        "startTime": "2027-02-06T12:00:00+01:00",
        "endTime": "2027-02-06T12:45:00+01:00",
        "previous": {
            "roomId": "attic",
            "startTime": "2027-02-06T11:00:00+01:00",
            "endTime": "2027-02-06T11:45:00+01:00",
        },
        "editorId": saved["editorId"],
        "saveAttemptId": saved["saveAttemptId"],
    }
    assert (updated["type"], updated["resource"], updated["resourceId"]) == ("schedule.updated", "session", "knots")
    assert updated["updatedFields"] == ["startTime", "endTime"]
    assert updated["previousValues"] == {
        "startTime": "2027-02-06T11:00:00+01:00",
        "endTime": "2027-02-06T11:45:00+01:00",
    }
    assert updated["timestamp"] == told["updatedAt"]
    assert (told["type"], told["status"]) == ("schedule.saved", "ready_to_publish")


def test_each_kind_of_change_has_its_event(editor: Caller) -> None:
    editor.save(
        move("spare", "16:00", "hall"),
        {"op": "unplace", "session": "knots"},
        {"op": "resize", "session": "looms", "minutes": 50},
        {"op": "unpin", "session": "opening"},
        {"op": "pin", "session": "engines"},
        {"op": "set_audience", "session": "engines", "audience": 90},
        {"op": "close_room", "room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"},
        {"op": "person_unavailable", "person": "ben", "from": "2027-02-06T09:00", "to": "2027-02-06T10:00"},
    )
    told = {event["type"] for event in editor.events(after=1)}
    assert told == {
        "session.placed",
        "session.unplaced",
        "session.resized",
        "session.unpinned",
        "session.pinned",
        "session.audience_changed",
        "room.closed",
        "person.availability_changed",
        "schedule.updated",
        "schedule.saved",
    }


def test_what_is_closed_can_be_opened_again_and_each_has_its_event(editor: Caller) -> None:
    def told(change: dict[str, Any]) -> list[tuple[str, Any]]:
        before = editor.draft()["lastSeq"]
        assert editor.save(change).status_code == 200
        return [(one["type"], one.get("closed", one.get("unavailable"))) for one in editor.events(before)[:-2]]

    def hours(start: str, end: str) -> dict[str, str]:
        return {"from": f"2027-02-06T{start}:00+01:00", "to": f"2027-02-06T{end}:00+01:00"}

    attic = {"room": "attic", "from": "2027-02-06T16:15", "to": "2027-02-06T16:30"}
    left = [hours("16:00", "16:15"), hours("16:30", "17:00")]
    assert told({"op": "open_room", **attic}) == [("room.opened", left)]
    assert told({"op": "close_room", **attic}) == [("room.closed", [*left, hours("16:15", "16:30")])]
    ada = {"person": "ada", "from": "2027-02-06T08:00", "to": "2027-02-06T09:15"}
    assert told({"op": "person_available", **ada}) == [("person.availability_changed", [hours("09:15", "09:30")])]


def test_what_changes_nothing_has_no_event(editor: Caller) -> None:
    editor.save({"op": "open_room", "room": "hall", "from": "2027-02-06T10:00", "to": "2027-02-06T11:00"})
    assert [event["type"] for event in editor.events(after=1)] == ["schedule.saved"]


def test_editors_hear_of_saves_that_were_held_up(editor: Caller, attendee: Caller) -> None:
    warned = editor.save(move("knots", "11:30", "hall")).get_json()
    again = {
        "saveAttemptId": warned["saveAttemptId"],
        "expectedVersion": 1,
        "changes": [move("knots", "11:30", "hall")],
    }
    assert editor.post("/saves", again).get_json() == warned
    editor.save(move("knots", "12:00"))
    stale = editor.save(move("looms", "12:00"), version=1).get_json()
    blocked = [event for event in editor.events() if event["type"] == "save.blocked"]
    assert [(one["saveAttemptId"], one["result"], one["version"], one["conflictIds"]) for one in blocked] == [
        (warned["saveAttemptId"], "warning_required", 1, [warned["conflicts"][0]["conflictId"]]),
        (stale["saveAttemptId"], "stale_blocked", 2, []),
    ]
    editor.publish()
    assert {event["type"] for event in attendee.events()} == {"schedule.published"}


def test_an_event_that_nobody_has_described_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no event type 'session\.teleported'"):
        Event("session.teleported", {})


def test_the_documentation_and_the_interface_name_every_type(app: Flask) -> None:
    told = (ROOT / "docs/saves.md").read_text(encoding="utf-8")
    named = {kind for kind in TYPES if f"`{kind}`" in told or f"`.{kind.partition('.')[2]}`" in told}
    assert named == set(TYPES)
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    assert document["components"]["schemas"]["EventList.Event"]["properties"]["type"]["enum"] == list(TYPES)


def test_every_event_has_the_keys_that_its_type_promises(
    app: Flask, caller: Callable[[str], Caller], store: Store
) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    schema = {**document["components"]["schemas"]["EventList.Event"], "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(schema)
    admin = caller("admin")
    for events in (whole_story(app, admin, store), caller("viewer").events()):
        for event in events:
            assert list(map(str, validator.iter_errors(event))) == [], event
            for key in set(HOLDS[event["type"]]):
                assert not validator.is_valid({name: value for name, value in event.items() if name != key}), key
    told = {event["type"] for event in admin.events()}
    assert told | {"job.progressed", "job.proposed", "job.finished"} == set(TYPES) == set(HOLDS)


def whole_story(app: Flask, admin: Caller, store: Store) -> list[dict[str, Any]]:
    """Events of every type but those of jobs."""
    ada = {"op": "person_unavailable", "person": "ada", "from": "2027-02-06T11:00", "to": "2027-02-06T12:00"}
    steps: list[list[dict[str, Any]]] = [
        [move("spare", "16:00", "hall"), {"op": "resize", "session": "looms", "minutes": 50}],
        [{"op": "unpin", "session": "opening"}, {"op": "pin", "session": "engines"}],
        [{"op": "unplace", "session": "knots"}, {"op": "set_audience", "session": "engines", "audience": 90}],
        [{"op": "close_room", "room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"}],
        [{"op": "open_room", "room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"}, ada],
        [move("looms", "15:00")],
    ]
    assert admin.save(move("knots", "11:30", "hall")).status_code == 409
    for changes in steps:
        assert admin.save(*changes, override={"reason": "so"}).status_code == 200
    for direction in ("undo", "redo"):
        body = {"expectedVersion": admin.version(), "override": {"reason": "so"}}
        assert admin.post(f"/{direction}", body).status_code == 200
    Relay(store, [Consequences(store, lambda: app.extensions["callboard.solver"])]).run()
    ada_again = {**ada, "op": "person_available"}
    assert admin.save(ada_again, publish=True).status_code == 200
    assert admin.client.post(admin.base + "/refresh", headers=admin.headers).status_code == 200
    settings = {"severities": {"turnover": "warn"}}
    assert admin.client.put(admin.base + "/settings", json=settings, headers=admin.headers).status_code == 200
    return admin.events()


def test_conflicts_are_detected_and_resolved_in_the_log(editor: Caller) -> None:
    def conflicts() -> list[tuple[str, str]]:
        return [
            (event["type"], event["conflictId"]) for event in editor.events() if event["type"].startswith("conflict.")
        ]

    accepted = editor.save(move("knots", "11:30", "hall"), override={"reason": "try"}).get_json()
    identity = accepted["conflicts"][0]["conflictId"]
    assert conflicts() == [("conflict.detected", identity)]
    editor.save(move("knots", "11:35"), override={"reason": "try"})
    assert conflicts() == [("conflict.detected", identity)]
    editor.save(move("knots", "13:00"))
    assert conflicts()[-1] == ("conflict.resolved", identity)
    editor.save(move("knots", "11:30"), override={"reason": "again"})
    assert conflicts()[-1] == ("conflict.detected", identity)


def test_attendees_get_public_events_only_with_the_one_before_named(editor: Caller, attendee: Caller) -> None:
    for start in ("12:00", "12:30", "13:00"):
        editor.save(move("knots", start), publish=True)
        editor.save(move("looms", start, "hall"), override={"reason": "draft only"})
        editor.save(move("looms", "14:00", "attic"))
    public = attendee.events()
    assert [event["type"] for event in public] == ["schedule.published"] * 3
    assert [event["previousSeq"] for event in public] == [0, public[0]["seq"], public[1]["seq"]]
    whole = {event["seq"]: event for event in editor.events()}
    for event in public:
        assert event.keys() == {
            "seq",
            "previousSeq",
            "type",
            "time",
            "scheduleId",
            "version",
            "publishedVersion",
            "changes",
        }
        assert event.items() <= whole[event["seq"]].items()


def test_pages_join_without_loss(editor: Caller) -> None:
    for start in ("12:00", "12:30", "13:00"):
        editor.save(move("knots", start))
    whole = editor.get("/events?limit=500").get_json()
    assert whole["next"] is None
    assert editor.events() == whole["items"]
    assert editor.get("/events?after=9999").get_json() == {"items": [], "next": None}


def test_the_longest_page_has_a_next_one(editor: Caller) -> None:
    changes = [{"op": "set_audience", "session": "engines", "audience": number % 90} for number in range(170)]
    for change in changes:
        assert editor.save(change).status_code == 200
    first = editor.get("/events?limit=500").get_json()
    rest = editor.get(f"/events?limit=500&after={first['next']}").get_json()
    assert [event["seq"] for event in first["items"] + rest["items"]] == list(range(1, 512))
    assert rest["next"] is None


def test_the_log_is_read_by_the_feed_as_the_api_tells_it(editor: Caller, store: Store) -> None:
    editor.save(move("knots", "12:00"), publish=True)
    read = store.read(lambda session: log.read(session, editor.schedule_id, 1, 100))
    assert read == editor.events(after=1)
    assert [event["type"] for event in read if public_view(event)] == ["schedule.published"]


def test_the_bell_rings_once_after_each_commit_and_never_without_one(app: Flask, editor: Caller) -> None:
    rung: list[tuple[str, int, int]] = []

    class Listener:
        def ring(self, schedule_id: str, seq: int) -> None:
            rung.append((schedule_id, seq, editor.draft()["lastSeq"]))

    app.extensions["callboard.bell"] = Listener()
    editor.save(move("knots", "12:00"))
    editor.save(move("knots", "11:30", "cellar"))
    editor.save(move("knots", "12:30"), version=1)
    editor.save(move("knots", "12:30"), publish=True)
    assert rung == [(editor.schedule_id, 4, 4), (editor.schedule_id, 5, 5), (editor.schedule_id, 9, 9)]


def test_an_events_time_is_when_it_was_saved(editor: Caller) -> None:
    saved: dict[str, Any] = editor.save(move("knots", "12:00")).get_json()
    assert {event["time"] for event in editor.events(after=1)} == {saved["createdAt"]}
