"""A room or a person that is late, on the day: solved at once, saved, and published if that is wished.

What the solver cannot settle at once becomes a job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from webapp.auth.journal import Journal
from webapp.jobs.tasks import SAYS_BEST, Task, task
from webapp.schemas import apply_edits, callboard_json, read_edits
from webapp.schemas.jobs import read_parameters
from webapp.sealing import digest
from webapp.services import jobs, saving
from webapp.services.clock import now_utc
from webapp.services.folding import fold
from webapp.services.repairing import Solver, facts_at, targets
from webapp.store import Facts, Store
from webapp.store.rows import EditorRow

JOB_SECONDS = 60.0
"""How long a delay may be solved as a job."""

COMMAND_LINE = str(UUID(int=1))
"""Who changes schedules by commands on the machine itself."""


@dataclass(frozen=True, kw_only=True)
class DelayRequest:
    """Who is late, by how much, seen at which moment: the parameters of the job `delay`."""

    expected_version: int
    parameters: Mapping[str, Any]
    save_attempt_id: str
    publish: bool = False
    dry_run: bool = False
    time_limit: float = 2.0


@dataclass(frozen=True)
class Delay:
    """What came of it: the proposal, and either what became of saving it or the job that goes on with it."""

    proposal: dict[str, Any]
    saved: saving.SaveAnswer | None = None
    job: dict[str, Any] | None = None


def run(store: Store, solver: Solver, reference: str, request: DelayRequest, *, editor_id: str) -> Delay:
    """Make up for the delay: what began stays, the rest moves as little and as early as can be, in one save.

    Raises `Stale` if the draft is at another version, `DocumentError` for what makes no sense.
    """
    facts = facts_at(store, reference, request.expected_version)
    now = int(now_utc().timestamp() // 60)
    parameters = read_parameters("delay", dict(request.parameters), facts.conference, facts.schedule, now)
    proposal = _propose(solver, facts, parameters, request.time_limit)
    if request.dry_run:
        return Delay(proposal)
    if proposal["status"] not in SAYS_BEST:
        asked = jobs.JobRequest(
            kind="delay", expected_version=facts.version, parameters=parameters, time_limit=JOB_SECONDS
        )
        return Delay(proposal, job=jobs.request(store, reference, asked, editor_id=editor_id))
    if not proposal["changes"]:
        return Delay(proposal)
    wanted = saving.SaveRequest(
        attempt_id=request.save_attempt_id,
        expected_version=facts.version,
        changes=proposal["changes"],
        publish=request.publish,
    )
    return Delay(proposal, saving.save(store, reference, wanted, editor_id=editor_id))


def _propose(solver: Solver, facts: Facts, parameters: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """The answer of the repair engine to the question, or to the looser one where that has none."""
    one: Task | None = task("delay", parameters, facts.conference, facts.schedule)
    first: dict[str, Any] | None = None
    while one is not None:
        told = _solved(solver, facts, one, seconds)
        if told["status"] in SAYS_BEST:
            return told
        first, one = first or told, one.instead
    assert first is not None
    return first


def _solved(solver: Solver, facts: Facts, asked: Task, seconds: float) -> dict[str, Any]:
    given = [*asked.edits, *asked.imposed]
    document = callboard_json(asked.conference, asked.schedule)
    mark = digest((json.dumps(document, sort_keys=True),))[:16]
    answer = solver.repair(
        f"{facts.schedule_id}:{facts.version}:{mark}",
        lambda: document,
        given,
        alternatives=1,
        time_limit=seconds,
        scope=asked.scope,
        place=asked.place,
        engine="auto",
    )
    found = next(iter(answer["repairs"]), None)
    edits, imposed = (read_edits(told, asked.conference, "", bare=True) for told in (asked.edits, asked.imposed))
    edited = apply_edits(asked.conference, asked.schedule, [*edits, *imposed], name="")
    moves = {} if found is None else targets(edited.conference, found)
    solved = answer["status"] in SAYS_BEST
    return {
        "version": facts.version,
        "status": answer["status"],
        "moved": answer["moved"],
        "movedLowerBound": answer["moved_lower_bound"],
        "price": answer["price"],
        "priceLowerBound": answer["price_lower_bound"],
        "reasons": answer["reasons"],
        "changes": fold(asked.edits, edits, edited, moves) if solved else [],
        "seconds": answer["seconds"],
    }


def apply(
    store: Store,
    reference: str,
    version: int,
    changes: list[dict[str, Any]],
    *,
    publish: bool,
    attempt_id: str | None = None,
) -> saving.SaveAnswer:
    """Save changes as the command line, under a job's id if they are its; the answer of the save."""

    def be_somebody(session: Session) -> None:
        if session.get(EditorRow, COMMAND_LINE) is None:
            journal = Journal(session)
            journal.keep(EditorRow(id=COMMAND_LINE, name="command line", role="editor", created_at=now_utc()))
            journal.note("let-in", COMMAND_LINE, role="editor")

    store.write(be_somebody)
    request = saving.SaveRequest(
        attempt_id=attempt_id or str(uuid4()), expected_version=version, changes=changes, publish=publish
    )
    return saving.save(store, reference, request, editor_id=COMMAND_LINE)
