"""`callboard import`, `export`, `token` and `db`: stored data from the command line."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from tests.webapp.command import callboard, refusal, write
from tests.webapp.files_formats import faults
from tests.webapp.test_cli_check import programme
from webapp import schemas
from webapp.commands import files
from webapp.schemas import read_document


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny.json", programme())


def test_what_is_imported_comes_out_again(file: Path, data: Path) -> None:
    ran = callboard("import", file, "--slug", "tiny", "--data", data)
    assert (ran.status, ran.err) == (0, "")
    schedule = ran.out.strip()
    assert str(UUID(schedule)) == schedule
    for reference in (schedule, "tiny"):
        exported = callboard("export", reference, "--format", "callboard", "--data", data)
        again = read_document(exported.out.encode(), "exported")
        before = read_document(file.read_bytes(), "imported")
        assert (again.conference, again.schedule) == (before.conference, before.schedule)


def test_what_a_feed_carries_survives_the_store(shared_data: Path, data: Path, tmp_path: Path) -> None:
    feed = shared_data / "fosdem" / "fosdem-2025-20241222.xml"
    assert callboard("import", feed, "--slug", "fosdem", "--data", data).status == 0
    out = tmp_path / "out.xml"
    ran = callboard("export", "fosdem", "--format", "schedule-xml", "-o", out, "--data", data)
    assert (ran.status, ran.out) == (0, "")
    assert faults("schedule-xml", out.read_bytes(), shared_data) == []
    before, after = read_document(feed.read_bytes(), "before"), read_document(out.read_bytes(), "after")
    assert after.carried["sessions"] == before.carried["sessions"]
    assert after.schedule == before.schedule
    assert after.conference.session == before.conference.session


@pytest.mark.parametrize("format", ["schedule-json", "ics", "csv", "xlsx"])
def test_every_format_is_exported(file: Path, data: Path, tmp_path: Path, format: str) -> None:
    callboard("import", file, "--slug", "tiny", "--data", data)
    out = tmp_path / "out"
    assert callboard("export", "tiny", "--format", format, "-o", out, "--data", data).status == 0
    assert out.stat().st_size > 200


def test_the_formats_offered_are_those_that_can_be_written() -> None:
    assert files.FORMATS == schemas.FORMATS


def test_unplaced_sessions_that_a_format_leaves_out_are_told(data: Path, tmp_path: Path) -> None:
    tree = programme()
    tree["sessions"].append({"id": "new", "minutes": 30})
    callboard("import", write(tmp_path / "new.json", tree), "--slug", "new", "--data", data)
    feed = callboard("export", "new", "--format", "schedule-xml", "--data", data)
    assert feed.err == "1 unplaced session left out: schedule-xml has no place for them\n"
    assert callboard("export", "new", "--format", "csv", "--data", data).err == ""


def test_the_data_directory_comes_from_the_environment(file: Path, data: Path) -> None:
    assert callboard("import", file, env={"CALLBOARD_DATA": str(data)}).status == 0
    assert (data / "callboard.sqlite").is_file()


def test_a_database_by_its_address(file: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'own.sqlite'}"
    schedule = callboard("import", file, "--database", url).out.strip()
    assert callboard("export", schedule, "--format", "csv", "--database", url).status == 0


def test_a_token_is_printed_alone_and_stored_as_a_hash(data: Path) -> None:
    ran = callboard("token", "create", "--role", "editor", "--data", data)
    assert (ran.status, ran.err) == (0, "")
    token = ran.out.strip()
    assert ran.out == f"{token}\n"
    assert len(token) > 30
    stored = b"".join(path.read_bytes() for path in data.iterdir() if path.is_file())
    assert token.encode() not in stored


def test_upgrading_twice_is_no_harm(data: Path) -> None:
    for _ in range(2):
        assert callboard("db", "upgrade", "--data", data).status == 0
    engine = create_engine(f"sqlite:///{data / 'callboard.sqlite'}")
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from schedule")).scalar() == 0
    engine.dispose()


def test_bad_input_stores_nothing(data: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.json", programme() | {"rooms": []})
    assert "there is no room 'a'" in refusal("import", bad, "--data", data)
    assert not data.exists()


def test_refusals_of_the_store_end_in_one_line(file: Path, data: Path, tmp_path: Path) -> None:
    missing = refusal("export", "tiny", "--format", "csv", "--data", data)
    assert missing == f"{data / 'callboard.sqlite'}: there is no such database"
    callboard("import", file, "--slug", "tiny", "--data", data)
    assert refusal("export", "other", "--format", "csv", "--data", data) == "there is no schedule 'other'"
    assert refusal("import", file, "--slug", "tiny", "--data", data) == "another schedule is called 'tiny' already"
    assert "cannot be a schedule's short name" in refusal("import", file, "--slug", "Not Good", "--data", data)
    assert "data directory cannot be used" in refusal("import", file, "--data", file)
    assert refusal("import", file, "--database", "x:y") == "--database: it is not the URL of a database"
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "callboard.sqlite").write_bytes(b"this is no database at all" * 100)
    assert "the database cannot be used" in refusal("export", "x", "--format", "csv", "--data", tmp_path / "broken")
