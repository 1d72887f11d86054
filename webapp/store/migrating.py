"""Bringing a database's tables up to date with Alembic; the migrations travel inside the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from webapp.store.databases import connect, lock_for_migration


class NewerDatabaseError(Exception):
    """The tables are those of a newer version of Callboard; the message is one sentence."""


def upgrade(url: str, *, backups: Path | None = None) -> None:
    """Run the migrations that `url` lacks, all in one transaction: half a migration is none.

    What is there is first backed up into the folder `backups`, which for an SQLite file is beside it unless told.
    Processes that come at once take turns, and the later ones find nothing left to do.
    """
    from webapp.store.backups import safety_copy, sqlite_file

    database = connect(url)
    try:
        with database.writer.begin() as connection:
            lock_for_migration(connection)
            before = revision(connection)
            if before is not None and not is_known(before):
                raise NewerDatabaseError("the database is one of a newer version of Callboard")
            if is_current(connection):
                return
            file = sqlite_file(url)
            folder = backups or (file.parent / "backups" if file is not None else None)
            if before is not None and folder is not None:
                safety_copy(url, folder, f"upgrade-from-{before}")
            run(connection)
    finally:
        database.dispose()


def run(connection: Connection) -> None:
    """Run the migrations that are lacking, in the connection's transaction."""
    command.upgrade(config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the database has every migration of this version of Callboard."""
    return revision(connection) == _script().get_current_head()


def revision(connection: Connection) -> str | None:
    """The last migration that the database has; None if it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this version of Callboard has that migration."""
    return revision in {script.revision for script in _script().walk_revisions()}


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(config(None))


def config(connection: Connection | None) -> Config:
    """Where Alembic finds the migrations, and the connection to run them on."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found.set_main_option("path_separator", "os")
    found.attributes["connection"] = connection
    return found
