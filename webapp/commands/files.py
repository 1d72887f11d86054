"""`callboard import` and `callboard export`: files into the store and out of it."""

from __future__ import annotations

import click

from webapp.commands.common import (
    STDIN,
    complaints,
    read_conference,
    say_left_out,
    say_warnings,
    settings,
    stored_data,
    write_output,
)
from webapp.commands.stores import opened

FORMATS = ("callboard", "schedule-xml", "schedule-json", "ics", "csv", "xlsx")


@click.command("import")
@click.argument("file")
@click.option("--slug", metavar="NAME", help="The schedule's short name in addresses.  [default: made of its name]")
@stored_data
def import_file(file: str, slug: str | None, data: str | None, database: str | None) -> int:
    """Make a schedule of FILE and print its id."""
    from webapp.services.importing import import_document

    imported = read_conference(file)
    say_warnings(imported, file)
    with opened(settings(data, database), create=True) as store:
        schedule_id = import_document(store, imported, slug=slug, editor_id=None)
    click.echo(schedule_id)
    return 0


@click.command("export")
@click.argument("schedule")
@click.option("--format", "format", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("-o", "--output", metavar="FILE", default=STDIN, help="Where to write.  [default: standard output]")
@stored_data
def export_file(schedule: str, format: str, output: str, data: str | None, database: str | None) -> int:
    """Write the draft of SCHEDULE, an id or a short name, as a file."""
    from webapp.services.exporting import export_draft
    from webapp.services.reading import draft_facts

    with opened(settings(data, database)) as store, complaints():
        written = export_draft(store, schedule, format)
        _, facts = store.read(lambda session: draft_facts(store, session, schedule))
    write_output(output, written)
    say_left_out(format, facts.conference, facts.schedule)
    return 0


COMMANDS = {"import": import_file, "export": export_file}
