"""Backups: the whole database in one SQLite file, whichever database it comes from, and back into either.

So a backup of an SQLite database is also the way to PostgreSQL, and the reverse.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import JSON, Connection, DateTime, MetaData, Table, delete, insert, select
from sqlalchemy.engine import make_url

from webapp.store import migrating
from webapp.store.databases import connect, drop_everything, others_connected

ROWS_AT_ONCE = 1000
GOODBYE_SECONDS = 2.0


class BackupError(Exception):
    """A backup that cannot be made or used; the message is one sentence."""


def back_up(url: str, file: Path) -> None:
    """Write a backup of the database as it is at one moment; `file` is written whole or not at all."""
    with _written_whole(file) as unfinished:
        source = sqlite_file(url)
        if source is not None:
            _copy_sqlite(source, unfinished)
        else:
            _copy_rows_out(url, unfinished)
        with closing(sqlite3.connect(unfinished)) as connection:
            # One file without companions, which can be read where nothing can be written.
            connection.execute("PRAGMA journal_mode = DELETE")


def restore(file: Path, url: str) -> None:
    """Put the backup in the place of all that the database holds, and bring its tables up to date; all or nothing.

    Nobody else may be using the database.  Raises `BackupError` for a file that is no backup of ours.
    """
    look(file)
    target = sqlite_file(url)
    if target is not None:
        with _restored_copy(file) as restored:
            _copy_sqlite(restored, target)
    else:
        _copy_rows_in(file, url)


def look(file: Path) -> None:
    """Refuse what is no backup, is damaged, or comes from a newer Callboard."""
    if not file.is_file():
        raise BackupError(f"{file}: there is no such file")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            [(state,)] = connection.execute("PRAGMA integrity_check(1)").fetchall()
            revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except (sqlite3.Error, ValueError):
        raise BackupError(f"{file}: it is not a backup of Callboard") from None
    if state != "ok":
        raise BackupError(f"{file}: it is damaged: {state}")
    for (revision,) in revisions:
        if not migrating.is_known(revision):
            raise BackupError(f"{file}: it was made by a newer version of Callboard")


def has_tables(url: str) -> bool:
    """Whether there is anything of Callboard's in the database."""
    database = connect(url)
    try:
        with database.reader.connect() as connection:
            return migrating.revision(connection) is not None
    finally:
        database.dispose()


def safety_copy(url: str, folder: Path, occasion: str) -> Path:
    """A backup under a name that says when and why it was made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{_moment()}-before-{occasion}.sqlite"
    back_up(url, file)
    return file


def set_aside(file: Path, folder: Path) -> Path:
    """Move a damaged SQLite database, which cannot be backed up, out of the way; where it is then."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = folder / f"{_moment()}-damaged.sqlite"
    for suffix in ("", "-wal", "-shm"):
        companion = Path(f"{file}{suffix}")
        if companion.exists():
            companion.replace(f"{aside}{suffix}")
    return aside


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database."""
    address = make_url(url)
    return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None


def _moment() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


# --- SQLite to SQLite ------------------------------------------------------------------------------------------------


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy page by page, in one transaction of the target, also while others use the source."""
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reader,
            closing(sqlite3.connect(target)) as writer,
        ):
            writer.execute("PRAGMA synchronous = FULL")
            reader.backup(writer)
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied to {target}: {error}") from None


@contextmanager
def _restored_copy(file: Path) -> Iterator[Path]:
    """A copy of the backup with its tables brought up to date."""
    with tempfile.TemporaryDirectory(prefix="callboard-restore-") as folder:
        copy = Path(folder) / "restored.sqlite"
        _copy_sqlite(file, copy)
        database = connect(f"sqlite:///{copy}")
        try:
            with database.writer.begin() as connection:
                migrating.run(connection)
        finally:
            database.dispose()
        yield copy


# --- row by row ------------------------------------------------------------------------------------------------------


def _copy_rows_out(url: str, file: Path) -> None:
    """From a server database into a new SQLite file whose tables are of the same revision."""
    source, target = connect(url), connect(f"sqlite:///{file}")
    try:
        with source.reader.connect() as reader, target.writer.begin() as writer:
            revision = migrating.revision(reader)
            if revision is None:
                raise BackupError("the database holds nothing of Callboard's")
            command.upgrade(migrating.config(writer), revision)
            _copy_rows(reader, writer)
    finally:
        source.dispose()
        target.dispose()


def _copy_rows_in(file: Path, url: str) -> None:
    source, target = connect(f"sqlite:///{file}"), connect(url)
    try:
        with source.reader.connect() as reader, target.writer.begin() as writer:
            _refuse_while_in_use(writer)
            drop_everything(writer)
            command.upgrade(migrating.config(writer), migrating.revision(reader) or "head")
            _copy_rows(reader, writer)
            migrating.run(writer)
    finally:
        source.dispose()
        target.dispose()


def _refuse_while_in_use(connection: Connection) -> None:
    """A connection that was closed just now may still be counted for a moment."""
    deadline = time.monotonic() + GOODBYE_SECONDS
    while others := others_connected(connection):
        if time.monotonic() > deadline:
            raise BackupError(f"the database is in use by other programs ({others} connections): end them first")
        time.sleep(0.1)


def _copy_rows(reader: Connection, writer: Connection) -> None:
    """Every row of every table that both have, those first that others refer to."""
    here, there = MetaData(), MetaData()
    here.reflect(reader)
    there.reflect(writer)
    for table in there.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = bool(column.nullable)
        if table.name in here.tables and table.name != "alembic_version":
            if writer.execute(select(table).limit(1)).first() is not None:
                writer.execute(delete(table))  # what the migrations put there
            rows = reader.execute(select(here.tables[table.name])).mappings()
            for page in rows.partitions(ROWS_AT_ONCE):
                writer.execute(insert(table), [_converted(table, dict(row)) for row in page])


def _converted(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with its times in UTC: one database keeps the offset, the other does not."""
    for name, value in row.items():
        if isinstance(table.c[name].type, DateTime) and isinstance(value, datetime):
            row[name] = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return row


@contextmanager
def _written_whole(file: Path) -> Iterator[Path]:
    """A name to write to that becomes `file` in the end."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name[:40]}.", suffix=".sqlite", dir=file.parent)
    except OSError as error:
        raise BackupError(f"{file}: it cannot be written: {str(error.strerror).lower()}") from None
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        with open(unfinished, "rb") as written:
            os.fsync(written.fileno())
        os.replace(unfinished, file)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(name + suffix).unlink(missing_ok=True)
