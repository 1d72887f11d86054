"""Free windows: against minutes counted one by one, kept by events for those affected only, never out of date."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from fixtures import generate
from tests.webapp.small import Caller, move
from webapp.events.handlers import Availability, Consequences
from webapp.events.relay import Relay
from webapp.events.troubles import Patience
from webapp.services.availability import everybody, free
from webapp.store import Facts, Store
from webapp.store.rows import AvailabilityRow

AWAY = {"op": "person_unavailable", "person": "ada", "from": "2027-02-06T10:30", "to": "2027-02-06T12:30"}


@pytest.fixture
def database_url(each_database: str) -> str:
    return each_database


@pytest.fixture
def relay(store: Store) -> Relay:
    return Relay(store, [Availability(store)])


def windows(who: Caller, key: str) -> list[tuple[str, str]]:
    kind, identifier = key.split(":")
    (told,) = who.items(f"/availability?kind={kind}&id={identifier}")
    return [(one["from"][11:16], one["to"][11:16]) for one in told["free"]]


def test_hours_less_absences_and_sessions_are_left(editor: Caller) -> None:
    assert windows(editor, "person:ada") == [("09:30", "11:00"), ("12:00", "14:00"), ("15:00", "18:00")]
    assert windows(editor, "room:attic") == [
        ("09:00", "11:00"),
        ("11:45", "14:00"),
        ("15:00", "16:00"),
        ("17:00", "18:00"),
    ]
    editor.save(move("looms", "12:00", "hall"))
    assert windows(editor, "person:ada") == [("09:30", "11:00"), ("13:00", "18:00")]
    assert windows(editor, "room:hall") == [("09:00", "10:00"), ("10:30", "11:00"), ("13:00", "18:00")]


def minutes_free(facts: Facts, kind: str, identifier: str) -> set[int]:
    """The same, minute by minute."""
    conference, schedule = facts.conference, facts.schedule
    left = {minute for day in conference.days for minute in range(day.hours.start, day.hours.end)}
    if kind == "room":
        away, gap = conference.room[identifier].closed, conference.room[identifier].turnover
    else:
        away, gap = conference.person[identifier].unavailable, conference.speaker_gap
    for one in away:
        left -= set(range(one.start, one.end))
    for session in conference.sessions:
        placement = schedule.get(session.id)
        if placement is not None and identifier in ([placement.room] if kind == "room" else session.speakers):
            left -= set(range(placement.start - gap, placement.start + session.minutes + gap))
    return left


@pytest.mark.parametrize("seed", range(3))
def test_windows_hold_the_minutes_that_are_left(seed: int) -> None:
    conference, schedule = generate.conference(seed=seed, sessions=40, rooms=4)
    facts = Facts("x", 1, conference, schedule)
    for kind, identifier in everybody(conference):
        found = free(facts, kind, identifier)
        assert {minute for one in found for minute in range(one.start, one.end)} == minutes_free(
            facts, kind, identifier
        )


def stored(store: Store) -> dict[tuple[str, str], tuple[int, Any]]:
    rows = store.read(lambda session: session.scalars(select(AvailabilityRow)).all())
    return {(row.kind, row.id): (row.version, row.free) for row in rows}


def test_only_those_affected_are_calculated_again(editor: Caller, store: Store, relay: Relay) -> None:
    relay.run()
    assert {version for version, _ in stored(store).values()} == {1}
    editor.save(move("knots", "12:00"))
    relay.run()
    again = {key for key, (version, _) in stored(store).items() if version == 2}
    assert again == {("room", "attic"), ("person", "ben")}
    told = {one["id"]: one["version"] for one in editor.items("/availability")}
    assert told == {"ada": 1, "ben": 2, "attic": 2, "hall": 1}


def test_whatever_happens_what_is_told_is_what_is_so(
    app: Flask, caller: Callable[[str], Caller], store: Store, relay: Relay
) -> None:
    """Random edits, the relay at random moments, rows lost at random: answers are those of a fresh calculation."""
    editor, admin, dice = caller("editor"), caller("admin"), random.Random(5)
    for step in range(60):
        start = f"{dice.randrange(9, 18):02}:{dice.choice((0, 15, 30)):02}"
        session, room = dice.choice(("opening", "engines", "knots", "looms", "spare")), dice.choice(("hall", "attic"))
        times = {"from": f"2027-02-06T{start}", "to": "2027-02-06T18:30"}
        change = dice.choice(
            [
                move(session, start, room),
                {"op": "resize", "session": session, "minutes": dice.choice((20, 45, 90))},
                {"op": "unplace", "session": session},
                {"op": dice.choice(("close_room", "open_room")), "room": room, **times},
                {"op": dice.choice(("person_unavailable", "person_available")), "person": "ada", **times},
            ]
        )
        assert editor.save(change, override={"reason": "try"}).status_code == 200
        if step % 17 == 16:
            hours = [{"date": "2027-02-06", "start": "08:30", "end": dice.choice(("18:00", "20:00"))}]
            admin.client.put(admin.base + "/settings", json={"hours": hours}, headers=admin.headers)
        if dice.random() < 0.3:
            relay.run()
        if dice.random() < 0.1:
            store.write(lambda session: session.execute(text("DELETE FROM availability WHERE kind = 'room'")) and None)
        facts = store._drafts.get(editor.schedule_id, editor.version())
        assert facts is not None
        clock = facts.conference.clock
        for one in editor.items("/availability"):
            expected = free(facts, one["kind"], one["id"])
            read = [
                (clock.minute(datetime.fromisoformat(w["from"])), clock.minute(datetime.fromisoformat(w["to"])))
                for w in one["free"]
            ]
            assert read == [(w.start, w.end) for w in expected], (step, change, one)


def test_pages_hold_everybody_once(editor: Caller) -> None:
    found, after = [], ""
    while True:
        page = editor.get(f"/availability?limit=1&after={after}").get_json()
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert found == ["ada", "ben", "attic", "hall"]


def test_a_change_of_availability_is_foreseen_and_nothing_moves(editor: Caller) -> None:
    before = editor.draft()
    told = editor.post("/availability", {"edits": [AWAY]}).get_json()
    assert [one["sessionId"] for one in told["sessions"]] == ["engines"]
    assert [one["rule"] for one in told["sessions"][0]["violations"]] == ["speaker_unavailable"]
    assert told["repair"]["status"] == "proved_minimal"
    first, *others = told["repair"]["repairs"]
    assert (first["moved"], len(others)) == (1, 2)
    assert editor.draft() == before
    assert editor.save(*first["changes"]).get_json()["result"] == "saved"


def test_what_the_settings_let_pass_breaks_nothing(caller: Callable[[str], Caller]) -> None:
    admin = caller("admin")
    settings = {"severities": {"speaker_unavailable": "ignore"}}
    assert admin.client.put(admin.base + "/settings", json=settings, headers=admin.headers).status_code == 200
    assert admin.post("/availability", {"edits": [AWAY]}).get_json()["sessions"] == []


def test_only_availability_is_foreseen(editor: Caller) -> None:
    refused = editor.post("/availability", {"edits": [AWAY, move("knots", "12:00")]})
    assert (refused.status_code, refused.get_json()["place"]) == (422, "edits[1].op")
    stale = editor.post("/availability", {"edits": [AWAY], "expectedVersion": 3})
    assert stale.status_code == 412


def assessed(who: Caller) -> list[dict[str, Any]]:
    return [one for one in who.events() if one["type"] == "availability.assessed"]


def test_a_saved_change_is_followed_by_what_it_breaks_and_the_repairs(app: Flask, editor: Caller, store: Store) -> None:
    relay = Relay(store, [Consequences(store, lambda: app.extensions["callboard.solver"])])
    editor.save(move("knots", "11:30", "hall"), override={"reason": "an old conflict that is none of its business"})
    saved = editor.save(AWAY, override={"reason": "Ada's train is late"}).get_json()
    places = editor.sessions()
    relay.run()
    relay.run()
    (told,) = assessed(editor)
    cause = next(one for one in editor.events() if one["type"] == "person.availability_changed")
    assert (told["cause"], told["baseVersion"]) == (cause["seq"], saved["version"])
    assert (told["resource"], told["resourceId"]) == ("person", "ada")
    assert [one["sessionId"] for one in told["sessions"]] == ["engines"]
    assert editor.sessions() == places, "nothing moves by itself"
    assert told["repairs"]
    for repair in told["repairs"]:
        assert [one["op"] for one in repair["changes"]] == ["move"] * repair["moved"]
        left = editor.post("/checks", {"edits": repair["changes"]}).get_json()["violations"]
        assert "speaker_unavailable" not in {one["rule"] for one in left}


def test_a_room_that_closes_is_assessed_and_a_harmless_change_is_not(app: Flask, editor: Caller, store: Store) -> None:
    relay = Relay(store, [Consequences(store, lambda: app.extensions["callboard.solver"])])
    evening = {"from": "2027-02-06T17:00", "to": "2027-02-06T18:00"}
    editor.save({"op": "close_room", "room": "hall", **evening})
    relay.run()
    assert assessed(editor) == []
    noon = {"from": "2027-02-06T11:00", "to": "2027-02-06T12:00"}
    editor.save({"op": "close_room", "room": "attic", **noon}, override={"reason": "water"})
    relay.run()
    (told,) = assessed(editor)
    assert (told["resourceId"], [one["sessionId"] for one in told["sessions"]]) == ("attic", ["knots"])


def test_a_solver_that_is_away_is_asked_again(app: Flask, editor: Caller, store: Store) -> None:
    class Away:
        def repair(self, *_: Any, **__: Any) -> Any:
            raise ConnectionError("the solver is away")

    solvers: list[Any] = [Away(), Away(), app.extensions["callboard.solver"]]
    relay = Relay(store, [Consequences(store, lambda: solvers.pop(0))], Patience(first=Patience().first * 0))
    editor.save(AWAY, override={"reason": "late"})
    for _ in range(3):
        relay.run()
    assert len(assessed(editor)) == 1


SHORT_DAY = [{"date": "2027-02-06", "start": "09:00", "end": "14:30"}]


def test_other_hours_are_foreseen_and_nothing_changes(editor: Caller) -> None:
    editor.save(move("knots", "11:30", "hall"), override={"reason": "an old conflict that is none of its business"})
    before = editor.draft()
    told = editor.post("/availability", {"hours": SHORT_DAY}).get_json()
    assert [one["sessionId"] for one in told["sessions"]] == ["looms"]
    assert [one["rule"] for one in told["sessions"][0]["violations"]] == ["outside_hours"]
    assert told["repair"]["status"] == "proved_minimal"
    assert [one["session"] for one in told["repair"]["repairs"][0]["moves"]] == ["looms"]
    assert editor.draft() == before
    assert editor.post("/availability", {"hours": SHORT_DAY, "edits": [AWAY]}).status_code == 422


def test_other_hours_list_what_they_break_with_repairs_and_move_nothing(
    app: Flask, caller: Callable[[str], Caller], store: Store
) -> None:
    admin = caller("admin")
    relay = Relay(store, [Consequences(store, lambda: app.extensions["callboard.solver"])])
    places = admin.sessions()
    saved = admin.client.put(admin.base + "/settings", json={"hours": SHORT_DAY}, headers=admin.headers).get_json()
    told = saved["consequences"]
    assert ([one["sessionId"] for one in told["sessions"]], told["resource"]) == (["looms"], "schedule")
    assert [one["moved"] for one in told["repairs"]] == [1, 1, 1]
    assert {one["proved"] for one in told["repairs"]} == {"moved+price"}
    assert (admin.sessions(), admin.draft()["status"]) == (places, "conflicted")
    relay.run()
    (event,) = assessed(admin)
    assert event.items() >= told.items()
    assert admin.save(*told["repairs"][0]["changes"]).get_json()["result"] == "saved"
    longer = admin.client.put(
        admin.base + "/settings", json={"hours": [{**SHORT_DAY[0], "end": "20:00"}]}, headers=admin.headers
    )
    assert longer.get_json()["consequences"] is None


def test_hours_that_cannot_be_told_apart_are_mended_as_a_whole(caller: Callable[[str], Caller]) -> None:
    """Each day is as wide as before and after; a night that gives its early hours to the next day overlaps that."""
    admin = caller("admin")
    night = [{"date": "2027-02-06", "start": "09:00", "end": "04:00"}]
    assert admin.client.put(admin.base + "/settings", json={"hours": night}, headers=admin.headers).status_code == 200
    shared = [
        {"date": "2027-02-06", "start": "09:00", "end": "14:30"},
        {"date": "2027-02-07", "start": "02:00", "end": "10:00"},
    ]
    told = admin.post("/availability", {"hours": shared}).get_json()
    assert [one["sessionId"] for one in told["sessions"]] == ["looms"]
    assert told["repair"]["status"] == "proved_minimal"
