"""`callboard events`: what handlers are at, the events that they failed on, and how long events are kept."""

from __future__ import annotations

import json
from datetime import timedelta

import click

from webapp.commands.common import settings, stored_data
from webapp.commands.stores import opened


@click.group()
def events() -> None:
    """The handlers of events, and the log."""


@events.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@stored_data
def show_status(as_json: bool, data: str | None, database: str | None) -> int:
    """Show how far each handler has come, and the events that it failed on; status 1 if any is parked."""
    from webapp.events import troubles
    from webapp.events.handlers import EVERY

    with opened(settings(data, database)) as store:
        handlers = troubles.standing(store, EVERY)
        failed = troubles.listed(store, limit=500)
    if as_json:
        click.echo(json.dumps({"handlers": handlers, "troubles": failed}, ensure_ascii=False))
    else:
        for one in handlers:
            counts = ", ".join(f"{one[key]} {key}" for key in ("behind", "retrying", "parked"))
            click.echo(f"{one['name']}: {counts}")
        for trouble in failed:
            click.echo(
                f"{trouble['troubleId']}  {trouble['state']}  {trouble['handler']} on event {trouble['seq']} "
                f"({trouble['eventType']}) of {trouble['slug']}: {trouble['error']}"
            )
    return int(any(one["parked"] for one in handlers))


@events.command("retry")
@click.argument("trouble", nargs=-1)
@stored_data
def retry(trouble: tuple[str, ...], data: str | None, database: str | None) -> int:
    """Try events again that handlers failed on: those named, or all that are parked."""
    from webapp.events import troubles

    with opened(settings(data, database)) as store:
        listed = troubles.listed(store, limit=10_000)
        parked = [one["troubleId"] for one in listed if one["state"] == troubles.PARKED]
        for identifier in trouble or parked:
            troubles.retry(store, identifier)
    return 0


@events.command("discard")
@click.argument("trouble", nargs=-1, required=True)
@stored_data
def discard(trouble: tuple[str, ...], data: str | None, database: str | None) -> int:
    """Let go of events that handlers failed on: they will not be handled."""
    from webapp.events import troubles

    with opened(settings(data, database)) as store:
        for identifier in trouble:
            troubles.discard(store, identifier)
    return 0


@events.command("trim")
@click.option("--days", type=click.IntRange(min=0), required=True, help="Delete events that are older.")
@stored_data
def trim(days: int, data: str | None, database: str | None) -> int:
    """Delete old events from the log; the audit stays whole.  Prints how many."""
    from webapp.events import retention
    from webapp.services.clock import now_utc

    with opened(settings(data, database)) as store:
        click.echo(retention.trim(store, before=now_utc() - timedelta(days=days)))
    return 0


COMMANDS = {"events": events}
