"""The figures: that they count what happens, and who may see them.  And life without sockets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.webapp.small import Caller, move
from webapp import create_app
from webapp.events import ages
from webapp.settings import Settings
from webapp.store import Store, upgrade

Figures = Callable[[], dict[str, float]]


@pytest.fixture
def figures(app: Flask) -> Figures:
    def look() -> dict[str, float]:
        text = app.test_client().get("/metrics").get_data(as_text=True)
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(value for name, value in sorted(sample.labels.items()) if name != "process")
                assert sample.labels["process"].isdigit()
                found[f"{sample.name}[{labels}]"] = sample.value
        return found

    return look


def test_saves_are_timed_and_counted(figures: Figures, editor: Caller) -> None:
    assert "callboard_request_seconds_count[save]" not in figures()
    editor.save(move("knots", "17:00"))
    editor.save(move("knots", "17:00", "hall"))
    editor.post("/checks", {"edits": []})
    told = figures()
    assert told["callboard_request_seconds_count[save]"] == 2
    assert told["callboard_request_seconds_count[check]"] == 1
    assert 0 < told["callboard_request_seconds_sum[save]"] < 20


def test_events_that_nobody_has_handled_grow_old(
    figures: Figures, app: Flask, editor: Caller, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for relay in app.extensions["callboard.relays"]:
        relay.run()
    assert figures()["callboard_outbox_age_seconds[availability]"] == 0
    editor.save(move("knots", "17:00"))
    now = ages.now_utc()
    monkeypatch.setattr(ages, "now_utc", lambda: now.replace(year=now.year + 1))
    assert figures()["callboard_outbox_age_seconds[availability]"] > 300 * 24 * 3600
    for relay in app.extensions["callboard.relays"]:
        relay.run()
    assert set(ages.of_handlers(store).values()) == {0.0}


def test_what_is_sent_and_what_waits_is_told(figures: Figures, app: Flask) -> None:
    counted = app.extensions["callboard.metrics"]
    counted.observe_fan_out(0.03)
    counted.observe_fan_out(-1.0)
    app.extensions["callboard.hub"].drops = 3
    told = figures()
    assert told["callboard_live_fan_out_seconds_count[]"] == 2
    assert told["callboard_live_fan_out_seconds_bucket[0.05]"] == 2
    assert told["callboard_live_fan_out_seconds_bucket[0.025]"] == 1
    assert told["callboard_live_drops_total[]"] == 3
    assert told["callboard_live_clients[live]"] == told["callboard_live_clients[collab]"] == 0
    assert told["callboard_live_backlog_bytes[]"] == 0
    assert told["callboard_solver_up[]"] == told["callboard_solver_queue[waiting]"] == 0
    assert told["callboard_job_age_seconds[requested]"] == told["callboard_job_age_seconds[running]"] == 0


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 403),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.7"}, 403),
        ("", {}, 403),
    ],
)
def test_without_a_token_they_are_for_this_machine_alone(
    app: Flask, address: str, headers: dict[str, str], status: int
) -> None:
    answer = app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == status


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes an application with settings of its own."""
    made = []

    def make(**settings: Any) -> Flask:
        given = Settings(data=tmp_path, **settings)
        upgrade(given.database)
        made.append(create_app(given))
        return made[-1]

    yield make
    for app in made:
        app.extensions["callboard.store"].close()


def test_with_a_token_they_are_for_whoever_has_it(bare: Callable[..., Flask]) -> None:
    app = bare(metrics_token="s3cret")
    assert "s3cret" not in repr(app.extensions["callboard.settings"])
    client = app.test_client()
    far = {"REMOTE_ADDR": "10.0.0.7"}
    assert client.get("/metrics").status_code == 403
    for token, status in (("s3cret", 200), ("s3cre", 403), ("", 403), ("é", 403)):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/metrics", headers=headers, environ_overrides=far).status_code == status


def test_sockets_can_be_turned_off(bare: Callable[..., Flask]) -> None:
    client = bare(live=False).test_client()
    for path in ("/live/mill?after=1", "/collab/mill"):
        answer = client.get(path, headers={"Upgrade": "websocket", "Connection": "Upgrade"})
        assert answer.status_code == 404
        assert "turned off" in json.loads(answer.data)["detail"]
    assert client.get("/metrics").status_code == client.get("/").status_code == 200
    assert Settings.from_environment({"CALLBOARD_LIVE": "off"}).live is False
    assert Settings.from_environment({}).live is True
    with pytest.raises(ValueError, match="CALLBOARD_LIVE: it must be on or off, not 'maybe'"):
        Settings.from_environment({"CALLBOARD_LIVE": "maybe"})
