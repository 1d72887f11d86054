"""`callboard verify`: looking after what is stored."""

from __future__ import annotations

from dataclasses import asdict
from time import perf_counter

import click

from webapp.commands.common import counted, json_line, settings, stored_data
from webapp.commands.stores import opened


@click.command()
@click.argument("schedule", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@stored_data
def verify(schedule: str | None, as_json: bool, data: str | None, database: str | None) -> int:
    """Replay the audit of SCHEDULE, or of all, and name whatever is not as it says."""
    from webapp.interop.document import one_line
    from webapp.services import verifying

    began = perf_counter()
    with opened(settings(data, database)) as store:
        verified = verifying.verify(store, schedule)
    if as_json:
        json_line({**asdict(verified), "seconds": round(perf_counter() - began, 6)})
    else:
        for one in verified.findings:
            click.echo(one_line(f"✗ {one.schedule}: {one.place}: {one.message}"))
        looked_at = f"{counted(verified.schedules, 'schedule')}, {verified.entries} audit entries"
        click.echo(f"{looked_at}: {counted(len(verified.findings), 'finding') if verified.findings else '✓ verified'}")
    return 1 if verified.findings else 0


COMMANDS = {"verify": verify}
