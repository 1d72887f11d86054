"""`callboard audit`, `verify`, `backup` and `restore`: looking after what is stored."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from webapp.commands.common import STDIN, BadInput, counted, json_line, settings, stored_data, write_output
from webapp.commands.stores import opened, store_complaints

if TYPE_CHECKING:
    from webapp.settings import Settings


@click.command()
@click.argument("schedule")
@click.option("--format", "format", type=click.Choice(["csv", "jsonl", "xlsx"]), required=True, help="What to write.")
@click.option("--session", metavar="ID", help="Only what happened to this session.")
@click.option("-o", "--output", metavar="FILE", default=STDIN, help="Where to write.  [default: standard output]")
@stored_data
def audit(schedule: str, format: str, session: str | None, output: str, data: str | None, database: str | None) -> int:
    """Write who changed what in SCHEDULE, when, and what was before."""
    from webapp.services.exporting import export_audit

    with opened(settings(data, database)) as store:
        written = export_audit(store, schedule, format, of_session=session)
    write_output(output, written)
    return 0


@click.command()
@click.argument("schedule", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@stored_data
def verify(schedule: str | None, as_json: bool, data: str | None, database: str | None) -> int:
    """Replay the audit of SCHEDULE, or of all, and name whatever is not as it says.

    Without SCHEDULE, who may act is held against the record of access as well.
    """
    from webapp.interop.document import one_line
    from webapp.services import verifying

    began = perf_counter()
    with opened(settings(data, database)) as store:
        verified = verifying.verify(store, schedule)
    if as_json:
        json_line({**asdict(verified), "seconds": round(perf_counter() - began, 6)})
    else:
        for one in verified.findings:
            where = f"{one.schedule}: {one.place}" if one.schedule is not None else one.place
            click.echo(one_line(f"✗ {where}: {one.message}"))
        looked_at = f"{counted(verified.schedules, 'schedule')}, {verified.entries} audit entries"
        click.echo(f"{looked_at}: {counted(len(verified.findings), 'finding') if verified.findings else '✓ verified'}")
    return 1 if verified.findings else 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@stored_data
def backup(file: Path, data: str | None, database: str | None) -> int:
    """Write all that is stored to FILE, as it is at one moment, also while `serve` runs."""
    from webapp.store.backups import back_up

    chosen = settings(data, database)
    with store_complaints(chosen):
        if chosen.sqlite_file is not None and not chosen.sqlite_file.exists():
            raise BadInput(f"{chosen.sqlite_file}: there is no such database")
        back_up(chosen.database, file)
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@stored_data
def restore(file: Path, data: str | None, database: str | None) -> int:
    """Put the backup FILE in the place of all that is stored; what was there is backed up first.

    A backup of an SQLite database can be restored to PostgreSQL, and the reverse.
    """
    from webapp.serving.locks import AlreadyServedError, lock_sqlite
    from webapp.store import backups

    chosen = settings(data, database)
    with store_complaints(chosen), ExitStack() as stack:
        backups.look(file)
        if chosen.sqlite_file is not None:
            chosen.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                lock_sqlite(stack, chosen.data, chosen.sqlite_file)
            except AlreadyServedError as error:
                raise BadInput(str(error)) from None
        kept = _keep_what_is_there(chosen)
        backups.restore(file, chosen.database)
    if kept is not None:
        click.echo(f"what was there before is in {kept}", err=True)
    return 0


def _keep_what_is_there(settings: Settings) -> Path | None:
    """A backup of the present database, or the thing itself where it is damaged; None where there is none."""
    from webapp.store import backups

    file = settings.sqlite_file
    if file is None:
        present = backups.has_tables(settings.database)
        return backups.safety_copy(settings.database, settings.backups, "restore") if present else None
    if not file.exists():
        return None
    try:
        backups.look(file)
        return backups.safety_copy(settings.database, settings.backups, "restore")
    except backups.BackupError:
        return backups.set_aside(file, settings.backups)


COMMANDS = {"audit": audit, "verify": verify, "backup": backup, "restore": restore}
