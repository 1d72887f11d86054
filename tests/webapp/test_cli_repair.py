"""`callboard repair`: statuses, answers and the files it writes."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.webapp.command import Ran, callboard, refusal, write
from tests.webapp.files_formats import faults
from tests.webapp.test_cli_check import programme
from webapp.schemas import read_document


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny.json", programme())


@pytest.fixture
def overlap(tmp_path: Path) -> Path:
    """Edits that put one session onto another."""
    return write(tmp_path / "edits.json", {"edits": [{"op": "move", "session": "s2", "start": "2025-02-01T10:30"}]})


@pytest.fixture
def impossible(tmp_path: Path) -> Path:
    """Edits that put two sessions at one place for good."""
    move = {"op": "move", "room": "a", "start": "2025-02-01T10:00"}
    return write(tmp_path / "edits.json", {"edits": [move | {"session": "s1"}, move | {"session": "s2"}]})


def repaired(*arguments: str | Path) -> Any:
    ran = callboard("repair", *arguments, "--json")
    assert ran.status == 0
    return ran.json


def test_a_minimal_repair_with_proof(file: Path, overlap: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    told = repaired(file, "--edits", overlap, "-o", out)
    assert list(told) == [
        *("status", "moved", "moved_lower_bound", "price", "price_lower_bound"),
        *("violations_before", "repairs", "reasons", "relaxations", "certificate", "seconds"),
    ]
    assert told["status"] == "proved_minimal"
    by_chains = {"by": "chains", "confirmed": None}
    assert told["certificate"] == {"moved": by_chains, "price": by_chains, "infeasible": None}
    assert (told["moved"], told["moved_lower_bound"]) == (1, 1)
    assert (told["price"], told["price_lower_bound"]) == (15, 15)
    assert (told["violations_before"], told["reasons"], told["relaxations"]) == (1, [], [])
    (repair,) = told["repairs"]
    assert repair == {
        "moves": [
            {
                "session": "s1",
                "from": {"room": "a", "start": "2025-02-01T10:00"},
                "to": {"room": "b", "start": "2025-02-01T10:00"},
            }
        ],
        "moved": 1,
        "price": 15,
        "proved": "moved+price",
    }
    written = json.loads(out.read_text(encoding="utf-8"))
    places = {one["id"]: (one["room"], one["start"][-5:]) for one in written["sessions"]}
    assert places == {"s1": ("b", "10:00"), "s2": ("a", "10:30"), "s3": ("b", "13:01")}
    assert callboard("check", out).status == 0


def test_the_same_for_people(file: Path, overlap: Path) -> None:
    ran = callboard("repair", file, "--edits", overlap, "--alternatives", "2")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("1 violation before (")
    assert lines[1] == "Repair 1: 1 move, price 15 (proved: no repair is better)"
    assert lines[2] == "  “One” (s1): Sat 10:00 Hall A → Sat 10:00 Hall B"
    assert lines[3].startswith("Repair 2: 1 move, price ")


def test_nothing_to_repair_writes_the_schedule_as_edited(file: Path, tmp_path: Path) -> None:
    edits = write(tmp_path / "edits.json", {"edits": [{"op": "resize", "session": "s2", "minutes": 90}]})
    out = tmp_path / "out.json"
    told = repaired(file, "--edits", edits, "-o", out)
    assert (told["status"], told["moved"], told["price"], told["repairs"]) == ("nothing_to_repair", 0, 0, [])
    assert {one["id"]: one["minutes"] for one in json.loads(out.read_text())["sessions"]}["s2"] == 90


def test_infeasible_is_status_1_and_writes_nothing(file: Path, impossible: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    ran = callboard("repair", file, "--edits", impossible, "--json", "-o", out)
    assert ran.status == 1
    told = ran.json
    assert told["status"] == "infeasible"
    assert (told["moved"], told["moved_lower_bound"], told["price"], told["price_lower_bound"]) == (None,) * 4
    assert told["reasons"]
    assert told["relaxations"]
    for one in told["relaxations"]:
        assert sorted(one) == ["edits", "message", "moved", "price"]
        assert f"This would help: {one['message']}" in told["reasons"]
    assert not out.exists()
    human = callboard("repair", file, "--edits", impossible)
    assert human.status == 1
    assert told["reasons"][0] in human.out


def test_no_time_is_status_3(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xml"
    file = shared_data / "fosdem" / "fosdem-2020.xml"
    ran = callboard("repair", file, "--time-limit", "0", "--engine", "cp_sat", "--json", "-o", out)
    assert ran.status == 3
    told = ran.json
    assert told["status"] in ("unknown", "best_found", "proved_moved")
    assert told["violations_before"] == 3
    assert isinstance(told["moved_lower_bound"], int)
    assert out.exists() == bool(told["repairs"])


def test_unplaced_sessions_are_placed_on_request(tmp_path: Path) -> None:
    tree = programme()
    tree["sessions"].append({"id": "new", "minutes": 30})
    file = write(tmp_path / "new.json", tree)
    assert repaired(file)["status"] == "nothing_to_repair"
    told = repaired(file, "--place")
    (move,) = told["repairs"][0]["moves"]
    assert (move["session"], move["from"]) == ("new", None)


def test_scope_edit_leaves_old_violations_alone(tmp_path: Path) -> None:
    tree = programme()
    tree["sessions"].append({"id": "old", "minutes": 60, "room": "b", "start": "2025-02-01T13:00"})
    file = write(tmp_path / "old.json", tree)
    edits = write(tmp_path / "pin.json", {"edits": [{"op": "pin", "session": "s1"}]})
    assert repaired(file, "--edits", edits, "--scope", "edit")["status"] == "nothing_to_repair"
    assert repaired(file, "--edits", edits, "--scope", "all")["moved"] == 1


@pytest.mark.parametrize("engine", ["auto", "cp_sat"])
def test_a_real_schedule_is_repaired_with_one_move(shared_data: Path, tmp_path: Path, engine: str) -> None:
    out = tmp_path / "out.xml"
    told = repaired(shared_data / "fosdem" / "fosdem-2025-20241222.xml", "-o", out, "--engine", engine)
    assert (told["status"], told["moved"], told["violations_before"]) == ("proved_minimal", 1, 1)
    assert told["repairs"][0]["moves"][0]["session"] in ("5680", "5379")
    assert engine == "cp_sat" or told["seconds"] < 1
    assert faults("schedule-xml", out.read_bytes(), shared_data) == []
    check = callboard("check", out, "--json")
    assert (check.status, check.json["violations"]) == (0, [])


# --- what is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "format"),
    [
        (".json", "callboard"),
        (".xml", "schedule-xml"),
        (".XML", "schedule-xml"),
        (".out", "callboard"),
        ("", "callboard"),
    ],
)
def test_the_suffix_says_the_format_else_the_input(file: Path, tmp_path: Path, suffix: str, format: str) -> None:
    out = tmp_path / f"out{suffix}"
    assert callboard("repair", file, "-o", out).status == 0
    assert read_document(out.read_bytes(), "out").format == format


@pytest.mark.parametrize(
    ("name", "format"),
    [("out.json", "callboard"), ("schedule.json", "schedule-json"), ("out", "schedule-xml"), ("a.xml", "schedule-xml")],
)
def test_formats_from_a_feed(shared_data: Path, tmp_path: Path, name: str, format: str) -> None:
    out = tmp_path / name
    assert callboard("repair", shared_data / "fosdem" / "fosdem-2024.xml", "-o", out).status == 0
    assert read_document(out.read_bytes(), "out").format == format


@pytest.mark.parametrize(
    ("name", "start"), [("t.ics", b"BEGIN:VCALENDAR"), ("t.csv", b"\xef\xbb\xbfid,"), ("t.xlsx", b"PK")]
)
def test_tables_and_calendars(file: Path, tmp_path: Path, name: str, start: bytes) -> None:
    assert callboard("repair", file, "-o", tmp_path / name).status == 0
    assert (tmp_path / name).read_bytes().startswith(start)


def test_a_file_is_replaced_whole_and_keeps_its_permissions(file: Path) -> None:
    file.chmod(0o640)
    assert callboard("repair", file, "-o", file).status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(file.parent) == [file.name]
    assert callboard("check", file).status == 0


def test_a_link_is_followed(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(file)
    assert callboard("repair", file, "-o", link).status == 0
    assert link.is_symlink()


def test_what_a_format_leaves_out_is_told(tmp_path: Path) -> None:
    tree = programme()
    tree["sessions"].append({"id": "new", "minutes": 30})
    file = write(tmp_path / "new.json", tree)
    ran = callboard("repair", file, "-o", tmp_path / "out.xml")
    assert "1 unplaced session left out: schedule-xml has no place for them" in ran.err
    assert "left out" not in callboard("repair", file, "-o", tmp_path / "out.csv").err


def test_standard_output(file: Path) -> None:
    ran = callboard("repair", file, "-o", "-")
    assert ran.status == 0
    assert json.loads(ran.out)["callboard"] == 1


def test_what_cannot_be_written_ends_in_one_line(file: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "no" / "out.json"
    assert refusal("repair", file, "-o", nowhere) == f"{nowhere}: it cannot be written: no such file or directory"
    assert refusal("repair", file, "-o", tmp_path) == f"{tmp_path}: it cannot be written: is a directory"
    assert "it cannot take both" in refusal("repair", file, "--json", "-o", "-")
    assert "it cannot be both" in refusal("repair", "-", "--edits", "-", stdin=b"{}")
    edits = write(tmp_path / "edits.json", {"edits": [{"op": "resize", "session": "s1", "minutes": 100}]})
    assert sorted(os.listdir(tmp_path)) == ["edits.json", "tiny.json"], edits


def test_a_repair_that_the_format_cannot_hold_is_not_written(tmp_path: Path) -> None:
    tree = programme()
    tree["conference"]["days"] = [{"date": "2025-02-01", "start": "09:00", "end": "2025-02-09T09:00"}]
    tree["sessions"][2]["minutes"] = 6000
    out = tmp_path / "out.xml"
    sentence = refusal("repair", write(tmp_path / "long.json", tree), "-o", out)
    assert sentence == "schedule.xml: session 's3': it lasts 6000 minutes, and the format can hold 5999"
    assert not out.exists()


def test_warnings_do_not_spoil_the_json(shared_data: Path) -> None:
    ran: Ran = callboard("repair", shared_data / "fosdem" / "fosdem-2020.xml", "--json")
    assert "the file names no time zone" in ran.err
    assert ran.json["status"] == "proved_minimal"
