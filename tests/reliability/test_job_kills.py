"""Batch jobs while their workers are killed, frozen and thawed: none is lost, none is applied twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from fixtures.generate import conference as generated
from tests.reliability.soak import LONG, Figure, amount
from tests.webapp.processes import descendants, lives
from webapp.interop.document import Imported
from webapp.services import importing, jobs, saving, verifying
from webapp.serving.programs import module_path
from webapp.settings import Settings
from webapp.store import Store

WAYS = ("worker", "solver", "group", "frozen")
ROUNDS = amount(quick=1, long=25)
CANCELS = amount(quick=1, long=100)
PATIENCE = 120.0
TAKEOVER_SECONDS = 10.0
CANCEL_SECONDS = 1.0


@dataclass
class Crew:
    """Worker processes on one database, each in a process group of its own."""

    settings: Settings
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def hire(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            **module_path(),
            "CALLBOARD_DATA": str(self.settings.data),
            "CALLBOARD_DATABASE": self.settings.database,
        }
        command = [sys.executable, "-P", "-m", "webapp.jobs.worker"]
        self.workers.append(subprocess.Popen(command, env=environment, start_new_session=True))
        return self.workers[-1]

    def busy(self) -> list[subprocess.Popen[bytes]]:
        """Those that have a solver at work."""
        return [one for one in self.workers if one.poll() is None and descendants(one.pid)]

    def dismiss(self) -> None:
        for one in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait()


@pytest.fixture
def crew(settings: Settings) -> Iterator[Crew]:
    made = Crew(settings)
    yield made
    made.dismiss()


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for it; it must come about."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.05)


def conferences(store: Store, count: int) -> list[str]:
    found = []
    for number in range(count):
        built, schedule = generated(seed=number, sessions=60)
        found.append(
            importing.import_document(
                store, Imported(built, schedule, "callboard"), slug=f"hall-{number}", editor_id=None
            )
        )
    return found


def ask(store: Store, schedule: str, seconds: float) -> str:
    wanted = jobs.JobRequest(kind="rebuild", expected_version=None, parameters={}, time_limit=seconds)
    return str(jobs.request(store, schedule, wanted, editor_id="ada")["jobId"])


def apply(store: Store, job_id: str) -> None:
    """Save what a job proposes, and once more as somebody would who got no answer."""
    job = jobs.show(store, job_id)
    request = saving.SaveRequest(attempt_id=job_id, expected_version=job["baseVersion"], changes=job["changes"])
    first, second = (saving.save(store, job["scheduleId"], request, editor_id="ada") for _ in range(2))
    assert first.result == second.result == "saved", first.detail


def strike(way: str, one: subprocess.Popen[bytes]) -> None:
    """Kill a worker or what belongs to it, or freeze it."""
    match way:
        case "worker":
            one.kill()
        case "solver":
            for pid in descendants(one.pid):
                os.kill(pid, signal.SIGKILL)
        case "group":
            os.killpg(one.pid, signal.SIGKILL)
        case "frozen":
            one.send_signal(signal.SIGSTOP)


@pytest.mark.slow
def test_no_job_is_lost_and_none_is_applied_twice(settings: Settings, store: Store, crew: Crew, figure: Figure) -> None:
    chance = random.Random(settings.database)
    schedules = conferences(store, len(WAYS))
    for _ in WAYS:
        crew.hire()
    lost = late = struck = 0
    for _ in range(ROUNDS):
        asked = [ask(store, schedule, 2.5) for schedule in schedules]
        until(lambda: len(crew.busy()) == len(WAYS), "every worker has a job")
        time.sleep(chance.random() * 1.5)
        hit = dict(zip(WAYS, chance.sample(crew.busy(), len(crew.busy())), strict=False))
        began = time.monotonic()
        before = {job_id: jobs.show(store, job_id) for job_id in asked}
        for way, one in hit.items():
            strike(way, one)
            if way != "solver":
                crew.hire()
        struck += len(hit)
        running = [job_id for job_id in asked if before[job_id]["state"] == "running"]
        taken_over = partial(are_taken_over, store, {job_id: before[job_id] for job_id in running})
        until(taken_over, "jobs are taken over")
        late += time.monotonic() - began > TAKEOVER_SECONDS
        if "frozen" in hit:
            hit["frozen"].send_signal(signal.SIGCONT)
        until(lambda: all(jobs.show(store, one)["state"] == "proposed" for one in asked), "every job ends")  # noqa: B023
        for job_id in asked:
            lost += jobs.show(store, job_id)["result"]["status"] != "complete"
            apply(store, job_id)
            assert jobs.show(store, job_id)["state"] == "applied"
        crew.workers = [one for one in crew.workers if one.poll() is None]
        for one in crew.workers[: len(crew.workers) - len(WAYS)]:
            one.terminate()
        until(lambda: sum(one.poll() is None for one in crew.workers) == len(WAYS), "spare workers leave")
        crew.workers = [one for one in crew.workers if one.poll() is None]
    report = verifying.verify(store)
    assert report.findings == []
    for schedule in schedules:
        told = jobs.listed(store, schedule, after="", limit=1000)
        assert [one["version"] for one in told] == [ROUNDS + 1] * ROUNDS
    figure("jobs lost, or applied twice, in kills", lost, struck)
    figure("rounds of takeovers longer than 10 s", late, ROUNDS)
    assert lost == 0
    assert late == 0 or not LONG


def are_taken_over(store: Store, before: dict[str, dict[str, Any]]) -> bool:
    return all(is_taken_over(store, job_id, was) for job_id, was in before.items())


def is_taken_over(store: Store, job_id: str, before: dict[str, Any]) -> bool:
    """Whether somebody works on a job again, or it has ended; one that nobody disturbed ends."""
    now = jobs.show(store, job_id)
    return now["state"] not in ("requested", "running") or (
        now["state"] == "running" and now["attempt"] > before["attempt"]
    )


@pytest.mark.slow
def test_a_cancelled_job_ends_its_solver_at_once(settings: Settings, store: Store, crew: Crew, figure: Figure) -> None:
    chance = random.Random(1)
    [schedule] = conferences(store, 1)
    one, late = crew.hire(), 0
    for _ in range(CANCELS):
        job_id = ask(store, schedule, 60.0)
        until(lambda: bool(descendants(one.pid)), "it is begun")
        time.sleep(chance.random() * 2)
        pids = descendants(one.pid)
        began = time.monotonic()
        assert jobs.cancel(store, job_id)["state"] == "cancelled"
        until(lambda: not any(map(lives, pids)), "its solver has gone")  # noqa: B023
        late += time.monotonic() - began > CANCEL_SECONDS
        assert jobs.show(store, job_id)["state"] == "cancelled"
    figure("solvers that outlived a cancel by more than 1 s", late, CANCELS)
    assert late <= CANCELS // 100 or not LONG
