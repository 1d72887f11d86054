"""`callboard job`: asked for, listed, shown, cancelled, waited for; a worker in the same process solves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.generate import conference as generated
from tests.webapp.command import callboard
from webapp.jobs.worker import Worker
from webapp.schemas import callboard_json
from webapp.settings import Settings
from webapp.store import open_store


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    """The options of a directory with a conference of twenty sessions."""
    file, options = tmp_path / "harbour.json", ("--data", str(tmp_path / "data"))
    file.write_text(json.dumps(callboard_json(*generated(seed=7, sessions=20))))
    assert callboard("import", file, "--slug", "harbour", *options).status == 0
    return options


def solve(data: tuple[str, str], job: str) -> None:
    """Do what a worker does, until the job has ended."""
    store = open_store(Settings(data=Path(data[1])).database)
    worker = Worker(store)
    while callboard("job", "show", job, *data).json["state"] in ("requested", "running"):
        worker.turn()
    worker.close()
    store.close()


def test_a_job_is_asked_for_listed_shown_and_cancelled(data: tuple[str, str]) -> None:
    begun = callboard("job", "start", "harbour", "--kind", "improve", "--parameters", '{"budget": 2}', *data)
    job = begun.out.strip()
    listed = callboard("job", "list", "harbour", *data).out
    assert job in listed
    assert "requested" in listed
    assert callboard("job", "show", job, *data).json["parameters"] == {"budget": 2}
    assert callboard("job", "cancel", job, *data).out == "cancelled\n"
    waited = callboard("job", "wait", job, "--json", *data)
    assert (waited.status, waited.json["state"]) == (3, "cancelled")
    again = callboard("job", "start", "harbour", "--again", job, *data).out.strip()
    assert callboard("job", "show", again, *data).json["seed"] == waited.json["seed"]


@pytest.mark.slow
def test_a_job_that_was_solved_is_told_with_its_status(data: tuple[str, str]) -> None:
    job = callboard("job", "start", "harbour", "--kind", "place", *data).out.strip()
    solve(data, job)
    waited = callboard("job", "wait", job, *data)
    assert (waited.status, waited.out) == (0, "proposed: nothing_to_repair, 0 moves\n")
    assert "proposes nothing" in callboard("job", "apply", job, *data).err


@pytest.mark.slow
def test_what_a_job_proposes_is_saved_and_published_by_a_command(data: tuple[str, str]) -> None:
    job = callboard("job", "start", "harbour", "--kind", "rebuild", "--time-limit", "1", *data).out.strip()
    solve(data, job)
    for _ in range(2):
        applied = callboard("job", "apply", job, "--publish", *data)
        assert (applied.status, applied.out) == (0, "saved as version 2\n")
    assert callboard("job", "show", job, *data).json["state"] == "applied"


def test_bad_input_is_one_line(data: tuple[str, str]) -> None:
    for arguments, told in (
        (("start", "harbour"), "--kind or by --again"),
        (("start", "harbour", "--kind", "close"), "say when"),
        (("start", "harbour", "--kind", "improve", "--parameters", "{"), "--parameters"),
        (("start", "nowhere", "--kind", "place"), "there is no schedule 'nowhere'"),
        (("show", "nothing"), "there is no job 'nothing'"),
    ):
        ran = callboard("job", *arguments, *data)
        assert (ran.status, told in ran.err, ran.err.count("\n")) == (2, True, 1), ran.err
