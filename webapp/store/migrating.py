"""Bringing a database's tables up to date with Alembic; the migrations travel inside the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from webapp.store.databases import connect


def upgrade(url: str) -> None:
    """Run the migrations that `url` lacks, all in one transaction: half a migration is none."""
    database = connect(url)
    try:
        with database.writer.begin() as connection:
            if not is_current(connection):
                command.upgrade(config(connection), "head")
    finally:
        database.dispose()


def is_current(connection: Connection) -> bool:
    """Whether the database has every migration of this version of Callboard."""
    script = ScriptDirectory.from_config(config(connection))
    return MigrationContext.configure(connection).get_current_heads() == tuple(script.get_heads())


def config(connection: Connection) -> Config:
    """Where Alembic finds the migrations, and the connection to run them on."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found.set_main_option("path_separator", "os")
    found.attributes["connection"] = connection
    return found
