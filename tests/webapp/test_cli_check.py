"""`callboard check`, and what all commands that read files share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.webapp.command import callboard, refusal, write

DAY = {"date": "2025-02-01", "start": "09:00", "end": "18:00"}


def programme() -> dict[str, Any]:
    """Two sessions in one room, one after the other, and one in another room."""
    return {
        "callboard": 1,
        "conference": {"name": "Tiny", "timezone": "Europe/Brussels", "days": [DAY]},
        "rooms": [{"id": "a", "name": "Hall A"}, {"id": "b", "name": "Hall B"}],
        "people": [{"id": "p", "name": "Ada"}],
        "sessions": [
            {"id": "s1", "title": "One", "minutes": 60, "room": "a", "start": "2025-02-01T10:00", "speakers": ["p"]},
            {"id": "s2", "title": "Two", "minutes": 60, "room": "a", "start": "2025-02-01T11:00"},
            {"id": "s3", "title": "Three", "minutes": 30, "room": "b", "start": "2025-02-01T13:01", "speakers": ["p"]},
        ],
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny.json", programme())


@pytest.fixture
def edits(tmp_path: Path) -> Path:
    return write(tmp_path / "edits.json", {"edits": [{"op": "move", "session": "s2", "start": "2025-02-01T10:30"}]})


def test_a_clean_schedule(file: Path) -> None:
    ran = callboard("check", file)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[:2] == ["Tiny: 3 sessions, 2 rooms, 1 day", "✓ no violations"]
    assert "off_grid" in ran.out


def test_the_answer_in_json(file: Path) -> None:
    ran = callboard("check", file, "--json")
    assert ran.status == 0
    told = ran.json
    assert list(told) == ["sessions", "rooms", "violations", "notes", "warnings", "seconds"]
    assert (told["sessions"], told["rooms"], told["violations"], told["warnings"]) == (3, 2, [], [])
    (note,) = told["notes"]
    assert (note["rule"], note["sessions"], note["from"]) == ("off_grid", ["s3"], "2025-02-01T13:01")
    assert isinstance(told["seconds"], float)


def test_edits_are_checked_as_if_they_were_made(file: Path, edits: Path) -> None:
    ran = callboard("check", file, "--edits", edits, "--json")
    assert ran.status == 1
    (violation,) = ran.json["violations"]
    assert set(violation) == {"rule", "sessions", "room", "from", "to", "message"}
    assert (violation["rule"], violation["sessions"], violation["room"]) == ("room_overlap", ["s1", "s2"], "a")
    assert (violation["from"], violation["to"]) == ("2025-02-01T10:30", "2025-02-01T11:00")
    human = callboard("check", file, "--edits", edits)
    assert human.status == 1
    assert "✗ 1 violation\n" in human.out
    assert violation["message"] in human.out


def test_standard_input(file: Path, edits: Path) -> None:
    assert callboard("check", "-", stdin=file.read_bytes()).status == 0
    assert callboard("check", file, "--edits", "-", stdin=edits.read_bytes()).status == 1


def test_a_real_schedule_has_exactly_its_one_overlap(shared_data: Path) -> None:
    ran = callboard("check", shared_data / "fosdem" / "fosdem-2025-20241222.xml", "--json")
    assert ran.status == 1
    told = ran.json
    assert (told["sessions"], told["rooms"], told["notes"], told["warnings"]) == (904, 40, [], [])
    (violation,) = told["violations"]
    assert (violation["rule"], violation["sessions"]) == ("speaker_overlap", ["5680", "5379"])


def test_what_is_odd_about_a_feed_is_told(shared_data: Path) -> None:
    file = shared_data / "fosdem" / "fosdem-2012-no-room-elements.xml"
    assert callboard("check", file, "--json").json["warnings"] == ["the file names no time zone: UTC is taken"]
    assert callboard("check", file).err == f"{file}: the file names no time zone: UTC is taken\n"


# --- bad input ------------------------------------------------------------------------------------------------------


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert refusal("check", missing) == f"{missing}: it cannot be read: no such file or directory"
    assert refusal("check", tmp_path) == f"{tmp_path}: it cannot be read: is a directory"
    assert refusal("check", "a\0b") == "a\\x00b: it cannot be read: embedded null byte"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "standard input: the file is empty"),
        (b"hello", "standard input: line 1, column 1: this is not JSON: expecting value"),
        (b"\xff\xfe\x00", "standard input: line 1: the text is not UTF-8"),
        (b"<schedule><day>", "standard input: line 1: the XML breaks off before its end"),
        (b"[" * 100_000, "standard input: the JSON is nested deeper than 60 levels"),
        (b'{"edits": []}', "standard input: this is neither a Callboard file nor a schedule.json: it holds edits"),
        (
            json.dumps(programme() | {"sesions": []}).encode(),
            "standard input: sesions: there is no such key here",
        ),
    ],
)
def test_bad_files_end_in_one_line(data: bytes, sentence: str) -> None:
    assert refusal("check", "-", stdin=data).startswith(sentence)
    assert refusal("check", "-", "--json", stdin=data).startswith(sentence)
    assert refusal("repair", "-", "--json", stdin=data).startswith(sentence)
    assert refusal("import", "-", stdin=data).startswith(sentence)


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ({"edits": [{"op": "pin", "session": "6001"}]}, "edits[0].session: there is no session '6001'"),
        ({"edits": [{"op": "swap", "sessions": ["s1", "s1"]}]}, "edits[0]: session 's1' cannot be swapped with itself"),
        ({"edits": [{"op": "resize", "session": "s1", "minutes": 0}]}, "edits[0].minutes: 0 is less than 1"),
        (programme(), 'callboard: there is no such key here: a file of edits is {"edits": […]}'),
    ],
)
def test_bad_edits_end_in_one_line(file: Path, tmp_path: Path, tree: object, sentence: str) -> None:
    edits = write(tmp_path / "edits.json", tree)
    assert refusal("check", file, "--edits", edits) == f"{edits}: {sentence}"
    assert refusal("repair", file, "--edits", edits) == f"{edits}: {sentence}"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chek"], "No such command 'chek'."),
        (["check"], "Missing argument 'FILE'."),
        (["check", "a", "b"], "Got unexpected extra argument (b)"),
        (["check", "a", "--fast"], "No such option '--fast'."),
        (["repair", "a", "--engine", "magic"], "Invalid value for '--engine': 'magic' is not one of 'auto', 'cp_sat'."),
        (["repair", "a", "--scope", "none"], "Invalid value for '--scope': 'none' is not one of 'all', 'edit'."),
        (
            ["repair", "a", "--alternatives", "0"],
            "Invalid value for '--alternatives': 0 is not in the range 1<=x<=100.",
        ),
        (
            ["repair", "a", "--alternatives", "x"],
            "Invalid value for '--alternatives': 'x' is not a valid integer range.",
        ),
        (["repair", "a", "--time-limit", "nan"], "Invalid value for '--time-limit': it must be a number of seconds"),
        (["repair", "a", "--time-limit", "inf"], "Invalid value for '--time-limit': it must be a number of seconds"),
        (["repair", "a", "--time-limit", "-1"], "Invalid value for '--time-limit': -1.0 is not in the range x>=0."),
        (["export", "a", "--format", "pdf"], "Invalid value for '--format': 'pdf' is not one of 'callboard'"),
        (["token", "create", "--role", "king"], "Invalid value for '--role': 'king' is not one of 'viewer'"),
        (["serve", "--port", "70000"], "Invalid value for '--port': 70000 is not in the range 0<=x<=65535."),
    ],
)
def test_bad_arguments_end_in_one_line(arguments: list[str], sentence: str) -> None:
    assert refusal(*arguments).startswith(sentence)
