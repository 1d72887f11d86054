"""`callboard verify`, `backup` and `restore`: what an operator looks after."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.webapp.command import callboard, refusal, write
from tests.webapp.small import SMALL
from webapp.auth import journal
from webapp.serving.locks import lock_sqlite
from webapp.settings import Settings
from webapp.store import migrating, open_store, upgrade
from webapp.store.databases import connect
from webapp.store.rows import AccessRow


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


def test_a_forged_record_of_access_is_named_though_it_cannot_be_read(data: Path) -> None:
    assert callboard("user", "create", "Ada", "--role", "editor", "--link", "--data", data).status == 0
    with (
        closing(open_store(f"sqlite:///{data / 'callboard.sqlite'}")) as store,
        store.database.writer.begin() as forging,
    ):
        forging.execute(text("DROP TRIGGER access_entry_no_update"))
        with Session(forging) as session:
            entry = session.scalars(select(AccessRow).order_by(AccessRow.number.desc()).limit(1)).one()
            entry.details = "no JSON"
            entry.hash = journal.hash_of(entry)
            session.flush()
    ran = callboard("verify", "--data", data)
    assert ran.status == 1
    assert ran.out.splitlines()[0] == "✗ access head: it is not the last entry of the record of access"


def test_there_must_be_something_to_verify(data: Path, tmp_path: Path) -> None:
    assert refusal("verify", "nobody", "--data", data) == "there is no schedule 'nobody'"
    assert refusal("verify", "--data", tmp_path / "none").endswith("there is no such database")


# --- backup and restore ----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path, each_database: str) -> list[str | Path]:
    """The options that name a database with a schedule and a token in it."""
    options: list[str | Path] = ["--data", tmp_path / "kept"]
    if each_database:
        options += ["--database", each_database]
    file = write(tmp_path / "small.json", SMALL)
    assert callboard("import", file, "--slug", "mill", *options).status == 0
    assert callboard("token", "create", "--role", "editor", *options).status == 0
    return options


def exported(*options: str | Path) -> str:
    ran = callboard("export", "mill", "--format", "callboard", *options)
    return ran.out if ran.status == 0 else ran.err


def test_a_backup_brings_back_what_was_there(kept: list[str | Path], tmp_path: Path) -> None:
    before, backup = exported(*kept), tmp_path / "backup.sqlite"
    assert callboard("backup", backup, *kept) == callboard("db", "upgrade", *kept)
    with closing(sqlite3.connect(f"{backup.as_uri()}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert not list(tmp_path.glob("*backup.sqlite-*"))
    callboard("import", write(tmp_path / "later.json", SMALL), "--slug", "later", *kept)
    ran = callboard("restore", backup, *kept)
    assert (ran.status, ran.out) == (0, "")
    assert (exported(*kept), callboard("verify", *kept).out) == (before, "1 schedule, 1 audit entries: ✓ verified\n")
    # What was there until then is not lost, either.
    [copy] = (tmp_path / "kept" / "backups").glob("*-before-restore.sqlite")
    assert str(copy) in ran.err
    assert callboard("restore", copy, *kept).status == 0
    assert callboard("verify", *kept).out == "2 schedules, 2 audit entries: ✓ verified\n"


def test_a_backup_goes_to_the_other_database_and_back(
    kept: list[str | Path], each_database: str, postgres_url: str, tmp_path: Path
) -> None:
    before, first, second = exported(*kept), tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    assert callboard("backup", first, *kept).status == 0
    other: list[str | Path] = ["--data", tmp_path / "other"]
    if not each_database:
        other += ["--database", postgres_url]
    assert callboard("restore", first, *other).status == 0
    assert exported(*other) == before
    assert callboard("verify", *other).status == 0
    assert callboard("backup", second, *other).status == 0
    assert callboard("restore", second, *kept).status == 0
    assert exported(*kept) == before
    assert callboard("verify", *kept).status == 0
    assert dumped(second) == dumped(first)


def dumped(file: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def test_what_is_restored_takes_no_tampering_either(kept: list[str | Path], each_database: str, tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite"
    callboard("backup", backup, *kept)
    assert callboard("restore", backup, *kept).status == 0
    database = connect(
        Settings.from_environment({}, data=kept[1], database=str(kept[3]) if kept[3:] else None).database
    )
    with pytest.raises(DBAPIError, match="immutable"), database.writer.begin() as connection:
        connection.execute(text("DELETE FROM audit_entry"))
    database.dispose()


def test_a_damaged_database_is_set_aside_by_a_restore(data: Path, tmp_path: Path) -> None:
    before, backup = exported("--data", data), tmp_path / "backup.sqlite"
    callboard("backup", backup, "--data", data)
    (data / "callboard.sqlite").write_bytes(b"water in the machine room" * 1000)
    assert "cannot be used" in refusal("verify", "--data", data)
    ran = callboard("restore", backup, "--data", data)
    assert (ran.status, exported("--data", data)) == (0, before)
    [aside] = (data / "backups").glob("*-damaged.sqlite")
    assert aside.read_bytes().startswith(b"water")


def test_what_is_no_backup_is_refused_and_changes_nothing(data: Path, tmp_path: Path) -> None:
    before = exported("--data", data)
    nothing, other = tmp_path / "nothing.sqlite", tmp_path / "other.sqlite"
    nothing.write_text("not a database at all")
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    for file in (nothing, other):
        assert refusal("restore", file, "--data", data) == f"{file}: it is not a backup of Callboard"
    assert refusal("restore", tmp_path / "gone", "--data", data) == f"{tmp_path / 'gone'}: there is no such file"
    newer = tmp_path / "newer.sqlite"
    callboard("backup", newer, "--data", data)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert refusal("restore", newer, "--data", data) == f"{newer}: it was made by a newer version of Callboard"
    assert (exported("--data", data), (data / "backups").exists()) == (before, False)
    assert refusal("backup", tmp_path / "b", "--data", tmp_path / "none").endswith("there is no such database")
    nowhere = tmp_path / "none" / "b"
    assert refusal("backup", nowhere, "--data", data) == f"{nowhere}: it cannot be written: no such file or directory"


def test_a_database_in_use_is_not_restored_over(data: Path, tmp_path: Path, postgres_url: str) -> None:
    backup = tmp_path / "backup.sqlite"
    callboard("backup", backup, "--data", data)
    with ExitStack() as stack:
        lock_sqlite(stack, data, data / "callboard.sqlite")
        assert "is served already by process" in refusal("restore", backup, "--data", data)
    database = connect(postgres_url)
    with database.reader.connect():
        told = refusal("restore", backup, "--data", tmp_path / "other", "--database", postgres_url)
    database.dispose()
    assert "in use by other programs (1 connections)" in told


# --- before a migration ----------------------------------------------------------------------------------------------


def test_a_migration_is_preceded_by_a_backup(tmp_path: Path, each_database: str) -> None:
    chosen = Settings(data=tmp_path, database=each_database)
    old = connect(chosen.database)
    with old.writer.begin() as connection:
        command.upgrade(migrating.config(connection), "0001")
        connection.execute(text("INSERT INTO editor VALUES ('e', 'Ada', 'admin', '2027-01-01 00:00:00')"))
    old.dispose()
    options = ["--data", str(tmp_path), *(["--database", each_database] if each_database else [])]
    assert callboard("db", "upgrade", *options).status == 0
    [copy] = chosen.backups.iterdir()
    assert copy.name.endswith("-before-upgrade-from-0001.sqlite")
    tables = dumped(copy)
    assert (tables["alembic_version"], tables["editor"][0][1], len(tables["editor"][0])) == ([("0001",)], "Ada", 4)
    assert callboard("db", "upgrade", *options).status == 0
    assert len(list(chosen.backups.iterdir())) == 1
    assert callboard("restore", copy, *options).status == 0
    assert callboard("verify", *options).status == 0


def test_the_tables_of_a_newer_version_are_left_alone(data: Path) -> None:
    change(data, "UPDATE alembic_version SET version_num = '9999'")
    told = refusal("verify", "--data", data)
    assert told.endswith("callboard.sqlite: the database is one of a newer version of Callboard")
    assert not (data / "backups").exists()


def test_processes_that_migrate_at_once_take_turns(tmp_path: Path, each_database: str) -> None:
    url = Settings(data=tmp_path, database=each_database).database
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(upgrade, url) for _ in range(4)]:
            done.result()
    database = connect(url)
    try:
        with database.writer.begin() as connection:
            assert migrating.is_current(connection)
    finally:
        database.dispose()
