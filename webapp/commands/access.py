"""`callboard user` and `callboard token`: the people and the programs that may act."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from webapp.commands.common import BadInput, console, json_line, settings, stored_data
from webapp.commands.stores import opened

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.auth.people import Person

ROLE = click.Choice(["viewer", "editor", "admin"])
SCOPE = click.Choice(["read", "solve", "save", "publish", "admin"])
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=3650)


# --- people -----------------------------------------------------------------------------------------------------------


@click.group()
def user() -> None:
    """People who sign in."""


def new_password(from_stdin: bool) -> str:
    """A password from the first line of standard input, or asked for twice where somebody sits at a terminal."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not at_terminal():
        raise BadInput("a password is asked for at a terminal only: use --password-stdin")
    given: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return given


def at_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


PASSWORD_STDIN = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@user.command("create")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What they may do.")
@click.option("--link", is_flag=True, help="Set no password, but print a one-time sign-in link.")
@PASSWORD_STDIN
@stored_data
def create_user(name: str, role: str, link: bool, password_stdin: bool, data: str | None, database: str | None) -> int:
    """Let somebody called NAME sign in, by a password or first by a link."""
    from webapp.auth import links, people

    if link and password_stdin:
        raise BadInput("--link and --password-stdin: one or the other")
    chosen = settings(data, database)
    password = None if link else new_password(password_stdin)
    with opened(chosen, create=True) as store:
        people.create(store, name, role, password)
        if link:
            click.echo(_link_path(links.create_for(store, name)))
    return 0


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@stored_data
def list_users(as_json: bool, data: str | None, database: str | None) -> int:
    """Everybody who may sign in; whoever came by a link and has no name yet is called by an id."""
    from webapp.auth import people

    with opened(settings(data, database)) as store:
        found = people.listing(store)
    if as_json:
        told = [
            {
                "editor_id": one.editor_id,
                "name": one.name if one.sign_in_name else None,
                "role": one.role,
                "password": one.has_password,
                "created_at": _instant(one.created_at),
            }
            for one in found
        ]
        json_line({"users": told})
    else:
        rows = [(one.called, one.role, _way_in(one)) for one in found]
        _print_table(("name", "role", "signs in by"), rows)
    return 0


@user.command("password")
@click.argument("name")
@PASSWORD_STDIN
@stored_data
def set_password(name: str, password_stdin: bool, data: str | None, database: str | None) -> int:
    """Give NAME another password, and sign them out everywhere."""
    from webapp.auth import people

    chosen = settings(data, database)
    password = new_password(password_stdin)
    with opened(chosen) as store:
        people.set_password(store, name, password)
    return 0


@user.command("link")
@click.argument("name")
@stored_data
def create_link(name: str, data: str | None, database: str | None) -> int:
    """Print a link by which NAME can sign in once, such as to choose a new password.

    It is the part of the address after the host: /sign-in?token=…
    """
    from webapp.auth import links

    with opened(settings(data, database)) as store:
        click.echo(_link_path(links.create_for(store, name)))
    return 0


@user.command("role")
@click.argument("name")
@click.argument("role", type=ROLE)
@stored_data
def set_role(name: str, role: str, data: str | None, database: str | None) -> int:
    """Give NAME another ROLE, from their next request on."""
    from webapp.auth import people

    with opened(settings(data, database)) as store:
        people.set_role(store, name, role)
    return 0


@user.command("remove")
@click.argument("name")
@stored_data
def remove_user(name: str, data: str | None, database: str | None) -> int:
    """End all that NAME may do, at once; what they did stays on record."""
    from webapp.auth import people

    with opened(settings(data, database)) as store:
        people.remove(store, name)
    return 0


# --- programs ---------------------------------------------------------------------------------------------------------


@click.group()
def token() -> None:
    """Tokens for programs that act."""


@token.command("create")
@click.option("--role", type=ROLE, required=True, help="What it may do.")
@click.option("--name", default="token", metavar="NAME", help="What it is for; the audit says it.  [default: token]")
@click.option("--scope", "scopes", type=SCOPE, multiple=True, help="Confine it to this; may be given several times.")
@click.option("--expires", metavar="TIME", help="When it ends: 90m, 12h, 30d or 8w from now.  [default: never]")
@stored_data
def create_token(
    role: str,
    name: str,
    scopes: tuple[str, ...],
    expires: str | None,
    data: str | None,
    database: str | None,
) -> int:
    """Print a new token; it is shown this once."""
    from webapp.auth import tokens
    from webapp.services.clock import now_utc

    ends = None if expires is None else now_utc() + lifetime(expires)
    with opened(settings(data, database), create=True) as store:
        try:
            made = tokens.create(store, role, name=name, scopes=scopes or None, expires_at=ends)
        except ValueError as error:
            raise BadInput(f"--scope: {error}") from None
        click.echo(made)
    return 0


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@stored_data
def list_tokens(as_json: bool, data: str | None, database: str | None) -> int:
    """Every token, by the id to revoke it with; never the token itself."""
    from webapp.auth import tokens

    with opened(settings(data, database)) as store:
        found = tokens.listing(store)
    if as_json:
        told = [
            {
                "id": one.id,
                "name": one.name,
                "role": one.role,
                "scopes": None if one.scopes is None else list(one.scopes),
                "created_at": _instant(one.created_at),
                "expires_at": _instant(one.expires_at),
                "valid": one.is_valid,
            }
            for one in found
        ]
        json_line({"tokens": told})
    else:
        rows = [
            (one.id, one.name, one.role, " ".join(one.scopes or ("all",)), _end(one.expires_at, one.is_valid))
            for one in found
        ]
        _print_table(("id", "name", "role", "scopes", "ends"), rows)
    return 0


@token.command("revoke")
@click.argument("identifier", metavar="ID")
@stored_data
def revoke_token(identifier: str, data: str | None, database: str | None) -> int:
    """End the token with this ID, or one that begins so, at once."""
    from webapp.auth import tokens

    with opened(settings(data, database)) as store:
        tokens.revoke(store, identifier)
    return 0


def lifetime(text: str) -> timedelta:
    """A time from now such as `30d`."""
    found = re.fullmatch(r"([1-9][0-9]{0,6})([mhdw])", text, re.ASCII)
    span = int(found[1]) * UNITS[found[2]] if found else None
    if span is None or span > LONGEST:
        raise BadInput(f"--expires: '{text}' is not a time such as 90m, 12h, 30d or 8w, of ten years at most")
    return span


def _way_in(person: Person) -> str:
    if person.sign_in_name is None:
        return "came by a link, no name yet"
    return "password" if person.has_password else "no password yet"


def _link_path(secret: str) -> str:
    return f"/sign-in?token={secret}"


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _end(moment: datetime | None, valid: bool) -> str:
    if moment is None:
        return "never"
    return f"{moment:%Y-%m-%d %H:%M} UTC{'' if valid else ', over'}"


def _print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


COMMANDS = {"user": user, "token": token}
