"""`callboard serve` and `callboard demo`: the running application."""

from __future__ import annotations

import click

from webapp.commands.common import settings, stored_data
from webapp.commands.stores import bring_up_to_date, store_complaints

PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--host", default="127.0.0.1", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", default=8000, type=PORT, help="The port; 0 picks a free one.  [default: 8000]")
@click.option("--redis", metavar="URL", help="A Redis server, by which several web processes work together.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="How many web processes; several need PostgreSQL.  [default: 1]"
)
@stored_data
def serve(host: str, port: int, redis: str | None, workers: int | None, data: str | None, database: str | None) -> int:
    """Serve schedules to editors and attendees."""
    from webapp.serving import supervisor

    look_at_the_rules()
    chosen = settings(data, database, redis, workers)
    with store_complaints(chosen):
        return supervisor.serve(chosen, host=host, port=port)


@click.command()
@click.option("--port", default=8000, type=PORT, help="The port; 0 picks a free one.  [default: 8000]")
@click.option(
    "--sessions",
    default=300,
    type=click.IntRange(1, 5000),
    help="How many sessions the conference has.  [default: 300]",
)
@click.option("--data", metavar="DIR", help="The data directory.  [default: $CALLBOARD_DATA, else ./callboard-data]")
def demo(port: int, sessions: int, data: str | None) -> int:
    """Serve a generated conference, to try everything on."""
    from webapp.serving import supervisor

    look_at_the_rules()
    chosen = settings(data, None)
    with store_complaints(chosen):
        return supervisor.demo(chosen, port=port, sessions=sessions)


@click.command()
@stored_data
def worker(data: str | None, database: str | None) -> int:
    """Work on batch jobs; `serve` starts one of these by itself, and any number may share a database."""
    from webapp.jobs import worker as jobs

    look_at_the_rules()
    chosen = settings(data, database)
    with store_complaints(chosen):
        bring_up_to_date(chosen, create=False)
        return jobs.main(chosen)


def look_at_the_rules() -> None:
    """Find the plugged-in rules now: one that cannot be used must not wait for the first schedule that is opened."""
    from solver.rules import RULES

    len(RULES)


COMMANDS = {"serve": serve, "demo": demo, "worker": worker}
