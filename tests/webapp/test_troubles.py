"""Parked events are seen and settled, over HTTP, on the page and by command; old events leave, the audit stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.webapp.command import callboard
from tests.webapp.small import Caller, move
from webapp.events import log, retention
from webapp.events.handlers import Availability
from webapp.events.relay import Event, Relay
from webapp.events.troubles import Patience
from webapp.live.log import StoreLog
from webapp.services.clock import now_utc
from webapp.services.verifying import verify
from webapp.store import Store


@pytest.fixture
def admin(caller: Callable[[str], Caller]) -> Caller:
    return caller("admin")


class Sick(Availability):
    """The real handler, until it is to fail."""

    well = False

    def handle(self, session: Session, events: Sequence[Event]) -> None:
        if not self.well:
            raise RuntimeError("the shelf is full")
        super().handle(session, events)


@pytest.fixture
def sick(store: Store, admin: Caller) -> tuple[Sick, Relay]:
    """A relay whose handler has given up on one event."""
    handler = Sick(store)
    relay = Relay(store, [handler], Patience(attempts=1))
    relay.run()
    return handler, relay


def get(who: Caller, path: str) -> Any:
    return who.client.get(f"/api/v1{path}", headers=who.headers).get_json()


def test_a_parked_event_is_shown_and_tried_again(admin: Caller, sick: tuple[Sick, Relay]) -> None:
    handler, relay = sick
    by_name = {one["name"]: one for one in get(admin, "/handlers")["items"]}
    assert (by_name["availability"]["parked"], by_name["availability"]["behind"]) == (1, 0)
    (trouble,) = get(admin, "/handlers/troubles")["items"]
    assert (trouble["eventType"], trouble["seq"], trouble["state"]) == ("schedule.imported", 1, "parked")
    assert trouble["error"] == "RuntimeError: the shelf is full"
    path = f"/api/v1/handlers/troubles/{trouble['troubleId']}"
    assert admin.client.post(path + "/retry", headers=admin.headers).get_json()["state"] == "retrying"
    relay.run()
    assert get(admin, "/handlers/troubles")["items"][0]["state"] == "parked", "it fails again, and is parked again"
    handler.well = True
    admin.client.post(path + "/retry", headers=admin.headers)
    relay.run()
    assert get(admin, "/handlers/troubles")["items"] == []


def test_a_parked_event_can_be_let_go_of(admin: Caller, sick: tuple[Sick, Relay]) -> None:
    (trouble,) = get(admin, "/handlers/troubles")["items"]
    path = f"/api/v1/handlers/troubles/{trouble['troubleId']}"
    assert admin.client.delete(path, headers=admin.headers).status_code == 204
    assert admin.client.delete(path, headers=admin.headers).status_code == 404
    assert get(admin, "/handlers/troubles")["items"] == []


def test_the_page_shows_and_settles_it(admin: Caller, sick: tuple[Sick, Relay]) -> None:
    page = admin.client.get("/operation", headers=admin.headers).text
    assert "1 parked" in page
    assert "the shelf is full" in page
    (trouble,) = get(admin, "/handlers/troubles")["items"]
    path = f"/operation/troubles/{trouble['troubleId']}"
    sent = admin.client.post(path, data={"do": "discard"}, headers=admin.headers)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/operation")
    assert "There is none." in admin.client.get("/operation", headers=admin.headers).text


def test_commands_show_and_settle_it(admin: Caller, sick: tuple[Sick, Relay], tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "data")]
    told = callboard("events", "status", "--json", *data)
    (trouble,) = json.loads(told.out)["troubles"]
    assert (told.status, trouble["state"]) == (1, "parked")
    shown = callboard("events", "status", *data)
    assert f"{trouble['troubleId']}  parked  availability on event 1 (schedule.imported) of mill" in shown.out
    assert callboard("events", "retry", *data).status == 0
    assert callboard("events", "status", *data).status == 0
    assert callboard("events", "discard", trouble["troubleId"], *data).status == 0
    assert callboard("events", "discard", trouble["troubleId"], *data).status == 2
    assert json.loads(callboard("events", "status", "--json", *data).out)["troubles"] == []


# --- retention -------------------------------------------------------------------------------------------------------


def test_old_events_leave_and_the_audit_stays(admin: Caller, attendee: Caller, store: Store) -> None:
    for start in ("12:00", "12:30"):
        admin.save(move("knots", start), publish=True)
    audit, last = admin.items("/audit"), admin.draft()["lastSeq"]
    assert retention.trim(store, before=now_utc() - timedelta(days=1)) == 0
    assert retention.trim(store, before=now_utc() + timedelta(seconds=1)) == last
    assert retention.trim(store, before=now_utc() + timedelta(seconds=1)) == 0
    assert admin.items("/audit") == audit
    assert verify(store).findings == []
    for who, known in ((admin, last), (attendee, last)):
        gone = who.get(f"/events?after={last - 1}")
        assert (gone.status_code, gone.get_json()["type"]) == (410, "urn:callboard:problem:events-gone")
        assert (gone.get_json()["oldestSeq"], gone.get_json()["lastSeq"]) == (last + 1, known)
        assert who.get("/events?after=0").status_code == 410
        assert who.get(f"/events?after={last}").get_json() == {"items": [], "next": None}
        assert who.get("/events").get_json() == {"items": [], "next": None}
    admin.save(move("knots", "13:00"))
    assert [one["seq"] for one in admin.items("/events")] == list(range(last + 1, last + 4)), "numbers go on"


def test_what_a_handler_has_still_to_do_is_kept(admin: Caller, store: Store) -> None:
    relay = Relay(store, [Availability(store)])
    relay.run()
    done = admin.draft()["lastSeq"]
    admin.save(move("knots", "12:00"))
    assert retention.trim(store, before=now_utc() + timedelta(seconds=1)) == done
    relay.run()
    assert retention.trim(store, before=now_utc() + timedelta(seconds=1)) == 3


def test_a_long_log_leaves_in_pieces(admin: Caller, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.events.retention.AT_ONCE", 2)
    admin.save(move("knots", "12:00"))
    assert retention.trim(store, before=now_utc() + timedelta(seconds=1)) == 4


def test_the_command_trims(admin: Caller, store: Store, tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert callboard("events", "trim", "--days", "1", *data).out == "0\n"
    assert callboard("events", "trim", "--days", "0", *data).out == "1\n"
    assert StoreLog(store).read(admin.schedule_id, 0, 10) == []


def test_a_relay_trims_at_its_start(app: Flask, admin: Caller, store: Store) -> None:
    trimmed: list[int] = []
    relay = Relay(store, [], hourly=lambda: trimmed.append(1))
    relay.start()
    relay.stop()
    assert trimmed == [1]
    assert store.read(lambda session: log.read(session, admin.schedule_id, 0))
