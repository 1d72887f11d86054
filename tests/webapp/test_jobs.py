"""Batch jobs: asked for, solved by workers that may die, reviewed, and applied by an ordinary save."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from fixtures.generate import conference as generated
from tests.webapp.small import Caller, move
from webapp.events.shapes import HOLDS
from webapp.interop.document import Imported
from webapp.jobs import table, worker
from webapp.jobs.worker import Worker
from webapp.schemas import callboard_json, read_document
from webapp.services import importing, jobs
from webapp.store import Store
from webapp.store.rows import JobRow

pytestmark = pytest.mark.slow


@pytest.fixture
def crew(store: Store) -> Any:
    """Makes workers, and sends them home."""
    made: list[Worker] = []

    def make(**more: Any) -> Worker:
        made.append(Worker(store, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(one: Worker, done: Callable[[], bool], seconds: float = 30) -> None:
    """Let the worker work until that is so."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it does not come to that"
        one.turn()


def ask(caller: Caller, kind: str, parameters: Any = None, **more: Any) -> dict[str, Any]:
    body = {"kind": kind, "expectedVersion": caller.version(), "parameters": parameters or {}, "timeLimit": 2, **more}
    answer = caller.post("/jobs", body)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/jobs/{told['jobId']}"
    return told


def look(caller: Caller, job: dict[str, Any]) -> dict[str, Any]:
    answer = caller.client.get(f"/api/v1/jobs/{job['jobId']}", headers=caller.headers)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.get_json()
    return told


def cancel(caller: Caller, job: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = caller.client.delete(f"/api/v1/jobs/{job['jobId']}", headers=caller.headers).get_json()
    return told


def large(store: Store, slug: str, sessions: int = 300) -> str:
    """A generated conference, imported."""
    conference, schedule = generated(seed=3, sessions=sessions)
    imported = Imported(conference, schedule, "callboard")
    return importing.import_document(store, imported, slug=slug, editor_id=None)


def of(caller: Caller, schedule_id: str) -> Caller:
    other = Caller(caller.client, None, schedule_id)
    other.headers = caller.headers
    return other


def test_a_proposal_is_reviewed_and_applied_by_a_save_under_the_jobs_id(editor: Caller, crew: Any) -> None:
    job = ask(editor, "close", {"room": "hall", "from": "2027-02-06T11:30", "to": "2027-02-06T13:00"}, timeLimit=20)
    assert (job["state"], job["attempt"]) == ("requested", 0)
    until(crew(), lambda: look(editor, job)["state"] == "proposed")
    told = look(editor, job)
    assert told["result"]["status"] == "proved_minimal"
    assert (told["result"]["moved"], told["result"]["movedLowerBound"]) == (1, 1)
    assert told["progress"]["objective"] == told["progress"]["bound"] == 1
    assert [one["op"] for one in told["changes"]] == ["close_room", "move"]
    assert editor.version() == 1

    body = {"saveAttemptId": job["jobId"], "expectedVersion": 1, "changes": told["changes"]}
    first, second = editor.post("/saves", body), editor.post("/saves", body)
    assert first.get_json() == second.get_json()
    assert (first.status_code, editor.version()) == (200, 2)
    assert look(editor, job)["state"] == "applied"
    kinds = [event["type"] for event in editor.events() if event["type"].startswith("job.")]
    assert list(dict.fromkeys(kinds)) == ["job.progressed", "job.proposed", "job.finished"]
    told_of = [event for event in editor.events() if event["type"].startswith("job.")]
    assert all(set(HOLDS[event["type"]]) <= event.keys() for event in told_of)
    assert [one["seq"] for one in editor.events()] == list(range(1, len(editor.events()) + 1))


def test_a_result_that_others_overtook_is_stale_and_says_how_to_ask_again(editor: Caller, crew: Any) -> None:
    job = ask(editor, "place")
    until(crew(), lambda: look(editor, job)["state"] == "proposed")
    editor.save(move("knots", "12:00"))
    told = look(editor, job)
    assert told["state"] == "stale"
    assert "version 2" in told["error"]
    refused = editor.post("/saves", {"saveAttemptId": job["jobId"], "expectedVersion": 1, "changes": told["changes"]})
    assert refused.status_code == 412
    assert editor.events()[-1]["type"] == "job.finished"
    again = editor.post("/jobs", told["again"])
    assert again.status_code == 202
    early = again.get_json()
    editor.save(move("knots", "12:15"))
    until(crew(), lambda: look(editor, early)["state"] == "stale")
    assert look(editor, early)["attempt"] == 0


def test_what_makes_no_sense_is_refused_at_once(editor: Caller, caller: Callable[[str], Caller]) -> None:
    def refused(kind: str, parameters: Any, **more: Any) -> tuple[int, str]:
        body = {"kind": kind, "expectedVersion": 1, "parameters": parameters, **more}
        answer = editor.post("/jobs", body)
        return answer.status_code, answer.get_json()["detail"]

    assert refused("close", {"room": "cellar", "day": "2027-02-06"}) == (
        422,
        "parameters.room: there is no room 'cellar'",
    )
    assert refused("shift", {"select": {"room": "hall"}, "minuets": 5})[0] == 422
    assert refused("delay", {"minutes": 10})[0] == 422
    assert refused("improve", {"budget": -1})[0] == 422
    assert refused("improve", {}, timeLimit=0)[0] == 422
    assert refused("improve", {}, expectedVersion=7)[0] == 412
    body = {"kind": "improve", "expectedVersion": 1}
    assert caller("viewer").post("/jobs", body).status_code == 403
    assert caller("anonymous").post("/jobs", body).status_code == 401
    assert editor.client.get("/api/v1/jobs/nowhere", headers=editor.headers).status_code == 404
    assert editor.items("/jobs") == []


def test_a_job_that_waits_or_runs_is_cancelled_at_once_and_keeps_its_best(
    editor: Caller, store: Store, crew: Any
) -> None:
    there = of(editor, large(store, "large"))
    running, waiting = ask(there, "rebuild", timeLimit=60), ask(there, "improve", timeLimit=60)
    one = crew()
    until(one, lambda: bool(look(there, running)["history"]) and look(there, running)["progress"]["unplaced"] == 0)
    assert look(there, waiting)["state"] == "requested"
    assert cancel(there, waiting)["state"] == "cancelled"
    [work] = one._works
    began = time.monotonic()
    told = cancel(there, running)
    assert told["state"] == "cancelled"
    until(one, lambda: not one._works)
    assert time.monotonic() - began < 3
    with pytest.raises(ProcessLookupError):
        os.kill(work.child.pid, 0)
    told = look(there, running)
    moves = [change for change in told["changes"] if change["op"] == "move"]
    assert len(moves) > 200
    saved = there.post("/saves", {"saveAttemptId": "kept", "expectedVersion": 1, "changes": told["changes"]})
    assert saved.status_code == 200
    assert cancel(there, running)["state"] == "cancelled"


def test_one_job_of_a_schedule_runs_and_schedules_take_turns(editor: Caller, store: Store) -> None:
    other = of(editor, large(store, "other", 40))
    first, second, third = ask(editor, "improve"), ask(editor, "improve"), ask(other, "improve")
    begun = [table.claim(store, "w1"), table.claim(store, "w2"), table.claim(store, "w3")]
    assert [one and one.job_id for one in begun] == [first["jobId"], third["jobId"], None]
    fourth = ask(other, "improve")
    for one in begun[:2]:
        assert one is not None
        table.propose(store, "w1", one, ANSWER)
        table.propose(store, "w2", one, ANSWER)
    order = [table.claim(store, "w1"), table.claim(store, "w1")]
    assert [one and one.job_id for one in order] == [second["jobId"], fourth["jobId"]]


ANSWER = {"status": "complete", "moved": 0, "unplaced": [], "reasons": [], "changes": []}


def test_another_worker_takes_over_and_the_first_one_changes_nothing_when_it_thaws(
    editor: Caller, store: Store, crew: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "DEAD_SECONDS", 0.4)
    there = of(editor, large(store, "large"))
    job = ask(there, "rebuild", timeLimit=3)
    frozen, second = crew(), crew()
    until(frozen, lambda: look(there, job)["history"] != [] and stored(store, job).best is not None)
    best = stored(store, job).best
    [work] = frozen._works
    os.kill(work.child.pid, signal.SIGSTOP)
    until(second, lambda: look(there, job)["attempt"] == 2)
    assert second._works[0].claim.question["best"] == best
    table.propose(store, frozen.id, work.claim, ANSWER)
    table.keep(store, frozen.id, work.claim, {"seconds": 99, "objective": 1, "bound": 1}, {"places": {}, "changes": []})
    assert look(there, job)["state"] == "running"
    assert stored(store, job).best == best
    until(second, lambda: look(there, job)["state"] == "proposed")
    until(frozen, lambda: not frozen._works)
    assert look(there, job)["result"]["status"] == "complete"


def stored(store: Store, job: dict[str, Any]) -> JobRow:
    def work(session: Session) -> JobRow:
        row = session.get_one(JobRow, job["jobId"])
        session.expunge(row)
        return row

    return store.read(work)


def test_a_solver_that_is_killed_is_started_again_and_at_last_the_job_fails(editor: Caller, crew: Any) -> None:
    job, one = ask(editor, "improve", timeLimit=60), crew()
    for attempt in (1, 2, 3):
        until(one, lambda number=attempt: bool(one._works) and one._works[0].claim.attempt == number)  # type: ignore[misc]
        os.kill(one._works[0].child.pid, signal.SIGKILL)
    until(one, lambda: look(editor, job)["state"] == "failed")
    assert "signal 9" in look(editor, job)["error"]
    assert editor.events()[-1]["state"] == "failed"


def test_a_job_that_eats_memory_dies_alone(editor: Caller, crew: Any) -> None:
    job, one = ask(editor, "improve"), crew(memory_mb=60)
    until(one, lambda: look(editor, job)["state"] == "failed")
    assert look(editor, job)["error"]
    fine, other = ask(editor, "place"), crew()
    until(other, lambda: look(editor, fine)["state"] == "proposed")


def test_a_solver_that_does_not_end_in_time_is_ended(
    editor: Caller, crew: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MOST_CRASHES", 1)
    job, one = ask(editor, "improve", timeLimit=60), crew()
    until(one, lambda: bool(one._works))
    [work] = one._works
    os.kill(work.child.pid, signal.SIGSTOP)
    work.child.deadline = time.monotonic()
    until(one, lambda: look(editor, job)["state"] == "failed")
    assert look(editor, job)["error"] == "its solver did not end in time"
    with pytest.raises(ProcessLookupError):
        os.kill(work.child.pid, 0)


def test_a_worker_that_ends_gives_its_jobs_back(editor: Caller, store: Store) -> None:
    job, one = ask(editor, "improve", timeLimit=60), Worker(store)
    until(one, lambda: look(editor, job)["state"] == "running")
    one.close()
    told = look(editor, job)
    assert (told["state"], told["attempt"]) == ("requested", 1)
    assert stored(store, job).crashes == 0


def test_jobs_are_listed_with_what_is_needed_to_run_them_again(editor: Caller) -> None:
    asked = [ask(editor, "improve", {"budget": number}, seed=number) for number in (1, 2, 3)]
    listed = editor.items("/jobs")
    assert [one["jobId"] for one in listed] == [one["jobId"] for one in reversed(asked)]
    assert [(one["parameters"], one["seed"]) for one in listed] == [({"budget": n}, n) for n in (3, 2, 1)]
    assert listed[0]["versions"].keys() == set(jobs.SOLVED_WITH)
    page = editor.get("/jobs?limit=2").get_json()
    rest = editor.get(f"/jobs?limit=2&after={page['next']}").get_json()
    assert [one["jobId"] for one in (*page["items"], *rest["items"])] == [one["jobId"] for one in listed]


def test_a_server_drops_a_worker_that_is_frozen_in_a_transaction() -> None:
    url = worker.database_of_a_worker("postgresql+psycopg://ada:secret@db/callboard?options=-c%20x%3D1")
    assert "ada:secret@db/callboard" in url
    assert "-c+x%3D1+-c+idle_in_transaction_session_timeout%3D2000" in url
    assert worker.database_of_a_worker("sqlite:///some.sqlite") == "sqlite:///some.sqlite"


def test_too_many_that_wait_are_refused(editor: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "WAITING_AT_MOST", 2)
    ask(editor, "improve")
    ask(editor, "improve")
    refused = editor.post("/jobs", {"kind": "improve", "expectedVersion": 1})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")


def test_where_nothing_may_move_nothing_is_proposed(store: Store, editor: Caller, crew: Any) -> None:
    conference, schedule = generated(seed=1, sessions=20)
    pinned = replace(conference, sessions=tuple(replace(one, pinned=True) for one in conference.sessions))
    document = read_document(json.dumps(callboard_json(pinned, schedule)).encode(), "pinned")
    there = of(editor, importing.import_document(store, document, slug="pinned", editor_id=None))
    job = ask(there, "improve")
    until(crew(), lambda: look(there, job)["state"] == "proposed")
    assert look(there, job)["changes"] == []
