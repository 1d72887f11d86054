"""What the commands share: reading and writing files, options for stored data, and how bad input ends."""

from __future__ import annotations

import math
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from solver.conference import Conference, Schedule
    from solver.edits import Edit
    from webapp.schemas import Imported
    from webapp.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])
STDIN = "-"
SUFFIXES = {".xml": "schedule-xml", ".ics": "ics", ".csv": "csv", ".xlsx": "xlsx"}
PLACED_ONLY = frozenset({"schedule-xml", "schedule-json", "ics"})
"""Formats that tell where and when sessions are, and nothing of those that are unplaced."""


class BadInput(click.ClickException):
    """Input that cannot be used: its one line goes to standard error, the exit status is 2."""

    exit_code = 2


@contextmanager
def complaints() -> Iterator[None]:
    """Turn what documents are refused for into `BadInput`."""
    from webapp.schemas import DocumentError

    try:
        yield
    except DocumentError as error:
        raise BadInput(str(error)) from None


def read_conference(path: str) -> Imported:
    """The conference in a file of any format."""
    from webapp.schemas import read_document

    with complaints():
        return read_document(read_bytes(path), spoken(path))


def read_edit_file(path: str, conference: Conference, schedule: Schedule) -> list[Edit]:
    """The edits in a file, for this conference; what bulk edits mean depends on the schedule."""
    from webapp.schemas import expand_edits, parse_json, read_edits

    with complaints():
        name = spoken(path)
        plain = expand_edits(parse_json(read_bytes(path), name), conference, schedule, name)
        return read_edits(plain, conference, name)


def read_bytes(path: str) -> bytes:
    """A file's contents, or standard input's for `-`; not much more than a document may have."""
    from webapp.interop.document import MAX_BYTES

    try:
        if path == STDIN:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"{spoken(path)}: it cannot be read: {_reason(error)}") from None


def write_bytes(path: str, data: bytes) -> None:
    """Write a file whole or not at all; what is no ordinary file is written to as it is."""
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise BadInput(f"{spoken(path)}: it cannot be written: {_reason(error)}") from None


def write_output(output: str, data: bytes) -> None:
    """Write to a file or, for `-`, to standard output."""
    if output == STDIN:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_bytes(output, data)


def output_format(output: str, given: str) -> str:
    """What the suffix says, else the input's format; of the two formats in JSON the input's, else Callboard's."""
    suffix = Path(output).suffix.lower()
    if suffix != ".json":
        return SUFFIXES.get(suffix, given)
    if given in ("callboard", "schedule-json"):
        return given
    return "schedule-json" if Path(output).name.lower().endswith("schedule.json") else "callboard"


def time_limit(says: str) -> Callable[[Function], Function]:
    """The option of a search's time limit."""
    return click.option(
        "--time-limit",
        default=30.0,
        type=click.FloatRange(0),
        callback=_finite,
        metavar="SECONDS",
        help=f"{says}  [default: 30]",
    )


def _finite(ctx: click.Context, param: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter("it must be a number of seconds")
    return value


def say_left_out(format: str, conference: Conference, schedule: Schedule) -> None:
    """Say on standard error what the format has no place for."""
    unplaced = len(conference.sessions) - len(schedule)
    if unplaced and format in PLACED_ONLY:
        click.echo(f"{counted(unplaced, 'unplaced session')} left out: {format} has no place for them", err=True)


def counted(number: int, noun: str) -> str:
    """`1 session`, `2 sessions`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def spoken(path: str) -> str:
    """A file as messages name it."""
    return "standard input" if path == STDIN else path


def say_warnings(imported: Imported, path: str) -> None:
    """What was odd about a file, on standard error."""
    from webapp.interop.document import one_line

    for warning in imported.warnings:
        click.echo(one_line(f"{spoken(path)}: {warning}"), err=True)


def console(*, err: bool = False) -> Console:
    """A place for pretty output, plain where it is not a terminal."""
    from rich.console import Console

    class Pretty(Console):
        """A console that leaves a reader who went away to the command's end."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Pretty(stderr=err, highlight=False, markup=False, emoji=False, soft_wrap=True)


def json_line(told: dict[str, Any]) -> None:
    """The one JSON object that `--json` promises."""
    import json

    click.echo(json.dumps(told, ensure_ascii=True))


def stored_data(command: Function) -> Function:
    """The options of every command that touches stored data."""
    command = click.option(
        "--database", metavar="URL", help="The database, instead of an SQLite file in the data directory."
    )(command)
    return click.option(
        "--data", metavar="DIR", help="The data directory.  [default: $CALLBOARD_DATA, else ./callboard-data]"
    )(command)


def settings(data: str | None, database: str | None, redis: str | None = None, workers: int | None = None) -> Settings:
    """Settings from the options and the environment."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from webapp.settings import Settings

    try:
        chosen = Settings.from_environment(data=data, database=database, redis=redis, workers=workers)
        make_url(chosen.database)
    except ArgumentError:
        given = "--database" if database else "CALLBOARD_DATABASE"
        raise BadInput(f"{given}: it is not the URL of a database") from None
    except ValueError as error:
        raise BadInput(str(error)) from None
    return chosen


def _replace(target: Path, data: bytes) -> None:
    """Put a finished file in the target's place, with the target's permissions or those of a new file."""
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
