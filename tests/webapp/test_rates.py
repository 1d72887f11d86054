"""How often somebody may try: sign-ins, saves and solves, counted in memory and in a real Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.webapp.command import refusal
from tests.webapp.small import Caller, InProcessSolver, move
from webapp import create_app
from webapp.auth import people, tokens
from webapp.auth.rates import Rates
from webapp.services.errors import TooMany
from webapp.settings import Settings
from webapp.store import Store, upgrade

IN_REDIS = pytest.param("redis", marks=[pytest.mark.redis, pytest.mark.slow])
BROWSER = {"Origin": "http://localhost", "Accept": "text/html"}


@pytest.fixture(params=["memory", IN_REDIS])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    settings = Settings(data=tmp_path, redis=url, sign_ins_per_minute=3, saves_per_minute=4, solves_per_minute=2)
    upgrade(settings.database)
    app = create_app(settings)
    app.extensions["callboard.solver"] = InProcessSolver()
    yield app
    app.extensions["callboard.store"].close()


def sign_in(app: Flask, name: str, address: str = "127.0.0.1", password: str = "wrong") -> int:
    client = app.test_client()
    form = {"name": name, "password": password}
    answer = client.post("/sign-in", data=form, headers=BROWSER, environ_base={"REMOTE_ADDR": address})
    if answer.status_code == 429:
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert "try again in" in answer.text
    return answer.status_code


def test_an_address_may_guess_so_often(app: Flask) -> None:
    assert [sign_in(app, f"n{number}") for number in range(5)] == [403, 403, 403, 429, 429]
    assert sign_in(app, "n9", address="127.0.0.2") == 403


def test_a_name_may_be_guessed_at_so_often_from_everywhere(app: Flask, store: Store) -> None:
    people.create(store, "Ada", "editor", "correct horse battery")
    guesses = [sign_in(app, name, address=f"127.0.1.{number}") for number, name in enumerate(["ada", "ADA", " Ada "])]
    assert guesses == [403, 403, 403]
    assert sign_in(app, "ada", "127.0.2.1", "correct horse battery") == 429


def test_links_are_guessed_at_no_more_often(app: Flask) -> None:
    client = app.test_client()
    assert [client.get(f"/sign-in?token=cbl_{number}").status_code for number in range(5)] == [403, 403, 403, 429, 429]


def test_each_caller_saves_so_often(app: Flask, editor: Caller) -> None:
    statuses = [editor.save(move("knots", f"12:{5 * n:02}")).status_code for n in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    assert editor.publish(5).status_code == 429
    assert editor.post("/undo", {"expectedVersion": 5}).status_code == 429
    other = Caller(app.test_client(), tokens.create(app.extensions["callboard.store"], "editor"), editor.schedule_id)
    assert other.save(move("knots", "13:00")).status_code == 200


def test_each_caller_solves_so_often_and_is_told_when_to_come_back(editor: Caller) -> None:
    assert editor.post("/checks", {"edits": []}).status_code == 200
    assert editor.post("/repairs", {"expectedVersion": 1}).status_code == 200
    told = editor.post("/checks", {"edits": []})
    assert (told.status_code, told.mimetype) == (429, "application/problem+json")
    assert told.get_json()["type"] == "urn:callboard:problem:too-many-requests"
    assert told.get_json()["retryAfter"] == int(told.headers["Retry-After"])
    assert editor.save(move("knots", "12:00")).status_code == 200


def test_whoever_may_not_is_not_counted(app: Flask, caller: object, schedule_id: str) -> None:
    attendee = Caller(app.test_client(), None, schedule_id)
    assert {attendee.post("/checks", {"edits": []}).status_code for _ in range(5)} == {401}


def test_no_limit_is_no_limit() -> None:
    rates = Rates(Settings(data=Path("nowhere"), saves_per_minute=0))
    for _ in range(50_000):
        rates.count("save", "somebody")


def test_the_window_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = Rates(Settings(data=Path("nowhere"), saves_per_minute=2))
    now = 1_000_000_000.0
    monkeypatch.setattr(time, "time", lambda: now)
    for _ in range(2):
        rates.count("save", "somebody")
    with pytest.raises(TooMany, match="more than 2 a minute; try again in"):
        rates.count("save", "somebody")
    now += 121
    rates.count("save", "somebody")


@pytest.mark.redis
@pytest.mark.slow
def test_machines_with_one_redis_count_together(redis_url: str) -> None:
    machines = [Rates(Settings(data=Path("nowhere"), redis=redis_url, saves_per_minute=4)) for _ in range(2)]
    for number in range(4):
        machines[number % 2].count("save", "somebody")
    for machine in machines:
        with pytest.raises(TooMany):
            machine.count("save", "somebody")


def test_without_its_redis_a_process_counts_alone() -> None:
    rates = Rates(Settings(data=Path("nowhere"), redis="redis://127.0.0.1:1/0", saves_per_minute=1))
    rates.count("save", "somebody")
    with pytest.raises(TooMany):
        rates.count("save", "somebody")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CALLBOARD_PROXIES", "x", "it must be a whole number that is not negative, not 'x'"),
        ("CALLBOARD_PROXIES", "-1", "it must be a whole number that is not negative, not '-1'"),
        ("CALLBOARD_SAVES_PER_MINUTE", "1.5", "it must be a whole number that is not negative, not '1.5'"),
        ("CALLBOARD_REDIS", "localhost", "it is not the URL of a Redis server, such as redis://host:6379/0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    for command in (["serve"], ["user", "list"]):
        assert refusal(*command, "--data", tmp_path) == f"{variable}: {said}"


def test_settings_print_no_password() -> None:
    given = {"CALLBOARD_REDIS": "redis://:geheim@h/0", "CALLBOARD_DATABASE": "postgresql+psycopg://u:geheim@h/d"}
    settings = Settings.from_environment(given)
    assert "geheim" in settings.redis
    assert "geheim" not in repr(settings)
