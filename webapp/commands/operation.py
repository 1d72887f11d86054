"""`callboard db`: the state of the database."""

from __future__ import annotations

import click

from webapp.commands.common import settings, stored_data
from webapp.commands.stores import bring_up_to_date, store_complaints


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@stored_data
def upgrade_database(data: str | None, database: str | None) -> int:
    """Bring the database's tables up to date, creating them if need be."""
    chosen = settings(data, database)
    with store_complaints(chosen):
        bring_up_to_date(chosen, create=True)
    return 0


COMMANDS = {"db": db}
