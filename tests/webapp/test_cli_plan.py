"""`callboard plan`: statuses, the answer and the file it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from solver import check
from tests.webapp.command import callboard, refusal, write
from tests.webapp.test_cli_check import programme
from webapp.schemas import read_document


def placed(path: Path) -> dict[str, Any]:
    imported = read_document(path.read_bytes(), str(path))
    assert check.violations(imported.conference, imported.schedule) == []
    return dict(imported.schedule)


@pytest.fixture
def unplaced(tmp_path: Path) -> Path:
    document = programme()
    for session in document["sessions"]:
        session.pop("room")
        session.pop("start")
    return write(tmp_path / "tiny.json", document)


def test_everything_is_placed(unplaced: Path, tmp_path: Path) -> None:
    ran = callboard("plan", unplaced, "--from-scratch", "--time-limit", "0.3", "--json", "-o", tmp_path / "out.json")
    told = ran.json
    assert (ran.status, told["status"], told["placed"], told["unplaced"]) == (0, "complete", 3, [])
    assert (told["moved"], told["violations"]) == (3, [])
    assert told["objective"] >= told["bound"] >= 0
    assert told["objective"] == sum(told["costs"].values())
    assert 0 < told["seconds"] < 20
    assert len(placed(tmp_path / "out.json")) == 3


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    document = programme()
    del document["sessions"][1]["room"], document["sessions"][1]["start"]
    file = write(tmp_path / "tiny.json", document)
    before = read_document(file.read_bytes(), "").schedule
    ran = callboard("plan", file, "--time-limit", "0.2", "--json", "-o", tmp_path / "out.json")
    assert (ran.status, ran.json["moved"]) == (0, 1)
    after = placed(tmp_path / "out.json")
    assert after.items() >= before.items()


def test_too_little_room_is_proved(tmp_path: Path) -> None:
    document = programme()
    for session in document["sessions"]:
        session["minutes"] = 600
    file = write(tmp_path / "full.json", document)
    ran = callboard("plan", file, "--from-scratch", "--json", "--time-limit", "5", "-o", tmp_path / "out.json")
    assert (ran.status, ran.json["status"]) == (1, "infeasible")
    assert ran.json["reasons"]
    assert not (tmp_path / "out.json").exists()


def test_what_cannot_be_placed_in_time_is_named(tmp_path: Path) -> None:
    document = programme()
    document["conference"]["days"] = [{"date": "2025-02-01", "start": "10:00", "end": "12:00"}]
    del document["rooms"][1]
    for session in document["sessions"]:
        session.pop("room")
        session.pop("start")
        session["minutes"] = 35
    document["rooms"][0]["turnover_minutes"] = 10
    file = write(tmp_path / "narrow.json", document)
    ran = callboard("plan", file, "--json", "--time-limit", "0.2")
    assert (ran.status, ran.json["status"], ran.json["placed"]) == (3, "partial", 2)
    assert len(ran.json["unplaced"]) == 1


def test_for_people(unplaced: Path) -> None:
    ran = callboard("plan", unplaced, "--time-limit", "0.1")
    assert ran.status == 0
    assert "all 3 sessions placed" in ran.out


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    document = programme()
    document["sessions"][0]["minuets"] = 5
    assert "minuets" in refusal("plan", write(tmp_path / "bad.json", document))
    assert "number of seconds" in refusal("plan", write(tmp_path / "good.json", programme()), "--time-limit", "nan")
