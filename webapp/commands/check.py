"""`callboard check`: every violation, named."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import click

from webapp.commands.common import (
    complaints,
    console,
    counted,
    json_line,
    read_conference,
    read_edit_file,
    say_warnings,
    spoken,
)

if TYPE_CHECKING:
    from rich.console import Console

    from solver.conference import Conference
    from solver.rules import Violation
    from webapp.schemas import Imported


@click.command()
@click.argument("file")
@click.option("--edits", "edits_file", metavar="EDITS", help="Check as if these edits were made.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(file: str, edits_file: str | None, as_json: bool) -> int:
    """Name every violation in FILE."""
    from solver.check import notes, violations
    from webapp.schemas import apply_edits, violation_json

    began = perf_counter()
    imported = read_conference(file)
    conference, schedule = imported.conference, imported.schedule
    if edits_file is not None:
        edits = read_edit_file(edits_file, conference, schedule)
        with complaints():
            edited = apply_edits(conference, schedule, edits, name=spoken(edits_file))
        conference, schedule = edited.conference, dict(edited.schedule)
    found, noted = violations(conference, schedule), notes(conference, schedule)
    if as_json:
        json_line(
            {
                "sessions": len(conference.sessions),
                "rooms": len(conference.rooms),
                "violations": [violation_json(conference, one, camel=False, offset=False) for one in found],
                "notes": [violation_json(conference, one, camel=False, offset=False) for one in noted],
                "warnings": list(imported.warnings),
                "seconds": round(perf_counter() - began, 6),
            }
        )
    else:
        say_warnings(imported, file)
        _print(imported, conference, found, noted, file)
    return 1 if found else 0


def _print(
    imported: Imported, conference: Conference, found: Sequence[Violation], noted: Sequence[Violation], file: str
) -> None:
    out = console()
    unplaced = len(conference.sessions) - len(imported.schedule)
    out.print(
        f"{conference.name or spoken(file)}: {counted(len(conference.sessions), 'session')}"
        f"{f' ({unplaced} unplaced)' if unplaced else ''}, {counted(len(conference.rooms), 'room')}, "
        f"{counted(len(conference.days), 'day')}",
        style="bold",
    )
    if found:
        out.print(f"✗ {counted(len(found), 'violation')}", style="red")
    else:
        out.print("✓ no violations", style="green")
    _print_list(out, found, "red")
    if noted:
        out.print(counted(len(noted), "note"), style="yellow")
    _print_list(out, noted, "yellow")


def _print_list(out: Console, entries: Sequence[Violation], style: str) -> None:
    from rich.text import Text

    width = max((len(entry.rule) for entry in entries), default=0)
    for entry in entries:
        out.print(Text.assemble("  ", (entry.rule.ljust(width), style), "  ", entry.message))


COMMANDS = {"check": check}
