"""`callboard token` and `callboard db`: who may act, and the state of the database."""

from __future__ import annotations

import click

from webapp.commands.common import settings, stored_data
from webapp.commands.stores import bring_up_to_date, opened, store_complaints


@click.group()
def token() -> None:
    """Tokens for programs that act."""


@token.command("create")
@click.option("--role", type=click.Choice(["viewer", "editor", "admin"]), required=True, help="What it may do.")
@stored_data
def create_token(role: str, data: str | None, database: str | None) -> int:
    """Print a new token; it is shown this once."""
    from webapp.auth import tokens

    with opened(settings(data, database), create=True) as store:
        click.echo(tokens.create(store, role))
    return 0


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


COMMANDS = {"token": token, "db": db}
