"""`callboard job` and `callboard delay`: long solves of stored schedules, and one that is at once."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.common import (
    BadInput,
    complaints,
    console,
    counted,
    json_line,
    read_bytes,
    settings,
    spoken,
    stored_data,
)
from webapp.commands.stores import opened

if TYPE_CHECKING:
    from webapp.store import Store

KINDS = ("shift", "close", "delay", "rehours", "place", "rebuild", "improve", "import")
STATUS = {"proposed": 0, "applied": 0, "stale": 3, "cancelled": 3, "failed": 1}
"""Exit statuses of `job wait`."""
POLL_SECONDS = 0.3
DELAY_SECONDS = 10.0
BLOCKED = 1

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def job() -> None:
    """Batch jobs: shift, close, delay, rehours, place, rebuild, improve."""


@job.command("start")
@click.argument("schedule")
@click.option("--kind", type=click.Choice(KINDS), help="What to do.")
@click.option("--parameters", metavar="JSON", default="{}", help="What the kind is told, as a JSON object.")
@click.option("--feed", metavar="FILE", help="For import: the new feed, in any format that can be read.")
@click.option("--confirm", is_flag=True, help="For import: what is missing from the feed is cancelled, however much.")
@click.option("--time-limit", type=click.FloatRange(0, 86_400, min_open=True), default=60.0, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Search in this order.  [default: any]")
@click.option("--again", metavar="JOB", help="Ask the same as this job did, of the schedule as it is now.")
@click.option("--wait", "waits", is_flag=True, help="Wait for its end, as `job wait` does.")
@stored_data
def start(
    schedule: str,
    kind: str | None,
    parameters: str,
    feed: str | None,
    confirm: bool,
    time_limit: float,
    seed: int | None,
    again: str | None,
    waits: bool,
    data: str | None,
    database: str | None,
) -> int:
    """Ask for a job on SCHEDULE and print its id; a worker (`serve` has one) solves it."""
    from webapp.schemas import parse_json
    from webapp.services import jobs
    from webapp.services.delays import COMMAND_LINE

    if (kind is None) == (again is None):
        raise BadInput("say what to do, by --kind or by --again")
    with opened(settings(data, database)) as store, complaints():
        if again is not None:
            earlier = jobs.show(store, again)
            if earlier["kind"] == "import":
                raise BadInput("an import is asked for again with its feed: --kind import --feed FILE")
            asked = jobs.JobRequest(
                kind=earlier["kind"],
                expected_version=None,
                parameters=earlier["parameters"],
                time_limit=earlier["timeLimit"],
                seed=earlier["seed"] if seed is None else seed,
            )
        else:
            told = parse_json(parameters.encode(), "--parameters")
            if feed is not None:
                data = b64encode(read_bytes(feed)).decode()
                told = {"feed": data, "encoding": "base64", "name": spoken(feed), "confirm": confirm}
            asked = jobs.JobRequest(
                kind=str(kind), expected_version=None, parameters=told, time_limit=time_limit, seed=seed
            )
        begun = jobs.request(store, schedule, asked, editor_id=COMMAND_LINE)
        click.echo(begun["jobId"])
        return _wait(store, begun["jobId"], as_json=False) if waits else 0


@job.command("list")
@click.argument("schedule")
@as_json_option
@stored_data
def show_list(schedule: str, as_json: bool, data: str | None, database: str | None) -> int:
    """List the jobs of SCHEDULE, the newest first."""
    from webapp.services import jobs

    with opened(settings(data, database)) as store:
        found = jobs.listed(store, schedule, after="", limit=100)
    if as_json:
        json_line({"items": found})
    for one in [] if as_json else found:
        click.echo(f"{one['jobId']}  {one['createdAt'][:16]}  {one['kind']:8} {one['state']:9} {_said(one)}")
    return 0


@job.command("show")
@click.argument("job_id", metavar="JOB")
@stored_data
def show_one(job_id: str, data: str | None, database: str | None) -> int:
    """Print all that is known of JOB as one JSON object."""
    from webapp.services import jobs

    with opened(settings(data, database)) as store:
        json_line(jobs.show(store, job_id))
    return 0


@job.command("cancel")
@click.argument("job_id", metavar="JOB")
@stored_data
def cancel(job_id: str, data: str | None, database: str | None) -> int:
    """End JOB; the best so far is kept."""
    from webapp.services import jobs

    with opened(settings(data, database)) as store:
        click.echo(jobs.cancel(store, job_id)["state"])
    return 0


@job.command("apply")
@click.argument("job_id", metavar="JOB")
@click.option("--publish", is_flag=True, help="Publish it in the same step.")
@stored_data
def apply(job_id: str, publish: bool, data: str | None, database: str | None) -> int:
    """Save what JOB proposes.  Exit status 0: saved; 1: conflicts block it; 3: the schedule has changed since."""
    from webapp.services import delays, jobs

    with opened(settings(data, database)) as store, complaints():
        found = jobs.show(store, job_id)
        if not found.get("changes"):
            raise BadInput(f"the job proposes nothing: it is {found['state']}")
        saved = delays.apply(
            store,
            found["scheduleId"],
            found["baseVersion"],
            found["changes"],
            publish=publish,
            attempt_id=job_id,
        )
    if saved.result == "saved":
        click.echo(f"saved as version {saved.attempt['version']}")
        return 0
    console(err=True).print(f"not saved: {saved.detail}")
    return STATUS["stale"] if saved.result == "stale_blocked" else BLOCKED


@job.command("wait")
@click.argument("job_id", metavar="JOB")
@as_json_option
@stored_data
def wait(job_id: str, as_json: bool, data: str | None, database: str | None) -> int:
    """Wait for the end of JOB with a bar.  Exit status 0: proposed or applied; 1: failed; 3: stale or cancelled."""
    with opened(settings(data, database)) as store:
        return _wait(store, job_id, as_json=as_json)


@click.command()
@click.argument("schedule")
@click.option("--room", metavar="ROOM", help="The room that is late, by id or name.")
@click.option("--person", metavar="PERSON", help="The person who is late, by id or name.")
@click.option("--minutes", type=click.IntRange(1, 1440), required=True, help="How late.")
@click.option("--at", metavar="TIME", help="As seen at this time, such as 2027-02-06T14:07.  [default: now]")
@click.option("--publish", is_flag=True, help="Publish it in the same step.")
@click.option("--dry-run", is_flag=True, help="Show what would move, and save nothing.")
@as_json_option
@stored_data
def delay(
    schedule: str,
    room: str | None,
    person: str | None,
    minutes: int,
    at: str | None,
    publish: bool,
    dry_run: bool,
    as_json: bool,
    data: str | None,
    database: str | None,
) -> int:
    """A room or a person of SCHEDULE runs late: what has not begun makes room, as little and as early as can be.

    Exit status 0: saved; 1: it cannot be, or conflicts block it; 3: what is best was not proved, or not found in time.
    """
    from solver.countdown import countdown
    from webapp.jobs.solving import Solving
    from webapp.jobs.tasks import task
    from webapp.schemas.jobs import read_parameters
    from webapp.services import delays
    from webapp.services.clock import now_utc
    from webapp.services.reading import draft_facts

    with opened(settings(data, database)) as store, complaints():
        _, facts = store.read(lambda session: draft_facts(store, session, schedule))
        conference = facts.conference
        told: dict[str, Any] = {"minutes": minutes}
        if room is not None:
            told["room"] = _called(room, {one.id: one.label for one in conference.rooms})
        if person is not None:
            told["person"] = _called(person, {one.id: one.label for one in conference.people})
        if at is not None:
            told["at"] = at
        now = int(now_utc().timestamp() // 60)
        parameters = read_parameters("delay", told, conference, facts.schedule, now)
        question = task("delay", parameters, conference, facts.schedule)
        found = Solving(question, countdown(DELAY_SECONDS), lambda progress, best: None).answer()
        attempt = None
        if found["changes"] and not dry_run:
            saved = delays.apply(store, schedule, facts.version, found["changes"], publish=publish)
            attempt = saved.attempt
            if saved.result != "saved":
                console(err=True).print(f"not saved: {saved.detail}")
    return _report_delay(found, attempt, as_json=as_json)


def _report_delay(found: Mapping[str, Any], attempt: Mapping[str, Any] | None, *, as_json: bool) -> int:
    if as_json:
        json_line({**found, "save": attempt})
    else:
        for change in found["changes"]:
            where = f" in {change['room']}" if "room" in change else ""
            click.echo(f"{change.get('session', change['op'])}: {change.get('start', '')[:16]}{where}")
        if attempt is not None and attempt["result"] == "saved":
            click.echo(f"saved as version {attempt['version']}")
        for reason in found["reasons"]:
            click.echo(reason, err=True)
    if attempt is not None and attempt["result"] != "saved":
        return BLOCKED
    if found["status"] == "infeasible":
        return BLOCKED
    return 0 if found["status"] in ("proved_minimal", "nothing_to_repair", "complete") else 3


def _called(name: str, labels: Mapping[str, str]) -> str:
    """The id of what people call by its id or its name."""
    if name in labels:
        return name
    found = [one for one, label in labels.items() if label.casefold() == name.casefold()]
    if len(found) != 1:
        raise BadInput(f"'{name}' is the name of {counted(len(found), 'thing') if found else 'nothing'} here")
    return found[0]


def _wait(store: Store, job_id: str, *, as_json: bool) -> int:
    """Follow a job to its end, with a bar on a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from webapp.services import jobs

    out = console(err=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bars:
        found = jobs.show(store, job_id)
        bar = bars.add_task(found["state"], total=found["timeLimit"])
        while found["state"] in ("requested", "running"):
            bars.update(bar, completed=found["progress"]["seconds"], description=f"{found['state']}: {_said(found)}")
            time.sleep(POLL_SECONDS)
            found = jobs.show(store, job_id)
    if as_json:
        json_line(found)
    else:
        click.echo(f"{found['state']}: {_said(found)}")
        if found["error"]:
            click.echo(found["error"], err=True)
    return STATUS[found["state"]]


def _said(found: Mapping[str, Any]) -> str:
    """How far a job is, in a few words."""
    result, progress = found["result"], found["progress"]
    if result is not None:
        unplaced = f", {len(result['unplaced'])} unplaced" if result["unplaced"] else ""
        return f"{result['status']}, {counted(result['moved'] or 0, 'move')}{unplaced}"
    if progress["objective"] is None:
        return json.dumps(found["parameters"], ensure_ascii=False) if found["state"] == "requested" else "nothing yet"
    return f"{progress['objective']}, at least {progress['bound']}, {counted(progress['moved'] or 0, 'move')}"


COMMANDS = {"job": job, "delay": delay}
