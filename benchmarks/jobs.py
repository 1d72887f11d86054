"""Batch jobs: how many a worker gets through, and how soon another takes over from one that died, or a cancel works.

Usage: python -m benchmarks.jobs [--database URL] [--jobs 20] [--rounds 10].  An empty SQLite file unless told.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import click
from rich.table import Table

from benchmarks.measuring import console, percentile
from fixtures.generate import conference
from webapp.interop.document import Imported
from webapp.services import importing, jobs
from webapp.serving.programs import module_path
from webapp.settings import Settings
from webapp.store import Store, open_store, upgrade

LOOK_SECONDS = 0.01
PATIENCE = 120.0
TAKEOVER_SECONDS, CANCEL_SECONDS = 10.0, 1.0
"""What is asked."""


@dataclass
class Crew:
    """Worker processes on one database."""

    settings: Settings
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def hire(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            **module_path(),
            "CALLBOARD_DATA": str(self.settings.data),
            "CALLBOARD_DATABASE": self.settings.database,
        }
        self.workers.append(subprocess.Popen([sys.executable, "-P", "-m", "webapp.jobs.worker"], env=environment))
        return self.workers[-1]

    def dismiss(self) -> None:
        for one in self.workers:
            one.kill()
            one.wait()
        self.workers.clear()


@contextmanager
def opened(database: str | None) -> Iterator[tuple[Store, Crew]]:
    """A store, and a crew for it that is sent home in the end."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), database=database or "")
        upgrade(settings.database)
        store, crew = open_store(settings.database), Crew(settings)
        try:
            yield store, crew
        finally:
            crew.dismiss()
            store.close()


def put(store: Store, count: int, sessions: int) -> list[str]:
    """So many generated conferences; their ids."""
    found = []
    for seed in range(count):
        imported = Imported(*conference(seed=seed, sessions=sessions), "callboard")
        found.append(importing.import_document(store, imported, slug=f"bench-{uuid4()}", editor_id=None))
    return found


def ask(store: Store, schedule: str, kind: str, seconds: float) -> str:
    """A job that is asked for; its id."""
    wanted = jobs.JobRequest(kind=kind, expected_version=None, parameters={}, time_limit=seconds)
    return str(jobs.request(store, schedule, wanted, editor_id="benchmark")["jobId"])


def until(done: Callable[[], bool]) -> float:
    """Wait until that is so; seconds that it took.  Raises `TimeoutError`."""
    began = time.perf_counter()
    while not done():
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError("a job does not come to its end")
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - began


def throughput(store: Store, crew: Crew, count: int, workers: int) -> float:
    """Jobs a minute: each has hardly anything to solve, so that what is measured is all the rest."""
    schedules = put(store, count, 20)
    for _ in range(workers):
        crew.hire()
    warm = ask(store, schedules[0], "place", 5)
    until(lambda: jobs.show(store, warm)["state"] == "proposed")
    asked = [ask(store, schedule, "place", 5) for schedule in schedules]
    seconds = until(lambda: all(jobs.show(store, one)["state"] == "proposed" for one in asked))
    crew.dismiss()
    return 60 * count / seconds


def takeovers(store: Store, crew: Crew, rounds: int, number: int) -> list[float]:
    """Seconds from a signal to a worker in mid-solve until another one works on its job."""
    schedules = put(store, 2, 60)
    times = []
    for _ in range(rounds):
        crew.hire()
        crew.hire()
        # Both have started once each has a job.
        asked = [ask(store, schedule, "rebuild", 60) for schedule in schedules]
        until(lambda: all(jobs.show(store, job)["history"] for job in asked))  # noqa: B023
        jobs.cancel(store, asked[1])
        until(lambda: sum(bool(children(one.pid)) for one in crew.workers) == 1)
        [busy] = [one for one in crew.workers if children(one.pid)]
        busy.send_signal(number)
        times.append(until(lambda: jobs.show(store, asked[0])["attempt"] == 2))  # noqa: B023
        busy.send_signal(signal.SIGCONT)
        jobs.cancel(store, asked[0])
        crew.dismiss()
    return times


def cancels(store: Store, crew: Crew, rounds: int, *, early: bool) -> list[float]:
    """Seconds from a cancel until the solver's process has ended; `early` is before its first solution."""
    [schedule] = put(store, 1, 60)
    worker, times = crew.hire(), []
    for _ in range(rounds):
        job = ask(store, schedule, "rebuild", 60)
        until(lambda: bool(children(worker.pid)))
        if not early:
            until(lambda: bool(jobs.show(store, job)["history"]))  # noqa: B023
        began = time.perf_counter()
        jobs.cancel(store, job)
        until(lambda: not children(worker.pid))
        times.append(time.perf_counter() - began)
    crew.dismiss()
    return times


def children(pid: int) -> list[str]:
    """The processes that a process has started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@click.command()
@click.option("--database", metavar="URL", help="An empty PostgreSQL database.")
@click.option("--jobs", "count", default=20, show_default=True, help="For the throughput.")
@click.option("--rounds", default=10, show_default=True, help="Kills of each kind, and cancels of each kind.")
def main(database: str | None, count: int, rounds: int) -> None:
    """Measure the workers of batch jobs."""
    out, missed = console(), False
    with opened(database) as (store, crew):
        for workers in (1, 2):
            per_minute = throughput(store, crew, count, workers)
            out.print(
                f"{workers} worker{'s' * (workers > 1)}: {per_minute:.0f} jobs a minute that have nothing to solve"
            )
        table = Table(title="seconds")
        for head in ("", "rounds", "p50", "p99", "max", "asked", ""):
            table.add_column(head, justify="right")
        for name, times, asked in (
            (
                "taken over from a worker that was killed",
                takeovers(store, crew, rounds, signal.SIGKILL),
                TAKEOVER_SECONDS,
            ),
            (
                "taken over from a worker that is frozen",
                takeovers(store, crew, rounds, signal.SIGSTOP),
                TAKEOVER_SECONDS,
            ),
            ("cancelled before a first solution", cancels(store, crew, rounds, early=True), CANCEL_SECONDS),
            ("cancelled in mid-solve", cancels(store, crew, rounds, early=False), CANCEL_SECONDS),
        ):
            met = percentile(times, 99) <= asked
            missed = missed or not met
            figures = [f"{percentile(times, percent):.2f}" for percent in (50, 99, 100)]
            table.add_row(name, str(rounds), *figures, f"{asked:.0f}", "met" if met else "missed")
    out.print(table)
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
