"""`callboard verify`, `backup` and `restore`: what an operator looks after."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.webapp.command import callboard, refusal, write
from tests.webapp.small import SMALL


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    file = write(tmp_path / "small.json", SMALL)
    for slug in ("mill", "tide"):
        assert callboard("import", file, "--slug", slug, "--data", folder).status == 0
    return folder


def change(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / "callboard.sqlite")) as connection, connection:
        assert connection.execute(statement).rowcount == 1


def test_an_untouched_database_verifies(data: Path) -> None:
    ran = callboard("verify", "--data", data)
    assert (ran.status, ran.out) == (0, "2 schedules, 2 audit entries: ✓ verified\n")
    ran = callboard("verify", "mill", "--json", "--data", data)
    assert ran.status == 0
    assert {**ran.json, "seconds": 0} == {"schedules": 1, "entries": 1, "findings": [], "seconds": 0}


def test_what_was_changed_behind_its_back_is_named(data: Path) -> None:
    of_tide = "schedule_id IN (SELECT id FROM schedule WHERE slug = 'tide')"
    change(data, f"UPDATE session SET minutes = 5 WHERE id = 'knots' AND {of_tide}")
    ran = callboard("verify", "--data", data)
    assert ran.status == 1
    assert ran.out.splitlines() == [
        "✗ tide: session 'knots': it is not as the audit leads to",
        "2 schedules, 2 audit entries: 1 finding",
    ]
    assert callboard("verify", "mill", "--data", data).status == 0
    told = callboard("verify", "tide", "--json", "--data", data)
    assert [one["place"] for one in json.loads(told.out)["findings"]] == ["session 'knots'"]


def test_there_must_be_something_to_verify(data: Path, tmp_path: Path) -> None:
    assert refusal("verify", "nobody", "--data", data) == "there is no schedule 'nobody'"
    assert refusal("verify", "--data", tmp_path / "none").endswith("there is no such database")
