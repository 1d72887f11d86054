"""Batch jobs as people see them: asked for, looked at, cancelled, applied by an ordinary save.

What a worker does with a job is in `webapp.jobs`.  Both change a job only while they hold its schedule's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from secrets import randbelow
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from webapp.events import log
from webapp.events.types import Event
from webapp.interop.document import Imported
from webapp.schemas.jobs import read_feed, read_parameters
from webapp.services import feeds
from webapp.services.clock import now_utc
from webapp.services.errors import NotFound, Stale, TooMany
from webapp.services.history import changed_since
from webapp.services.reading import find
from webapp.services.views import instant
from webapp.store import Store
from webapp.store.rows import JobRow, ScheduleRow

WAITING_AT_MOST = 20
"""So many jobs of one schedule may wait or run."""
UNFINISHED = ("requested", "running")
SOLVED_WITH = ("callboard", "ortools", "numba", "numpy")


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """What somebody asks for."""

    kind: str
    expected_version: int | None
    parameters: Any
    time_limit: float
    seed: int | None = None


def request(store: Store, reference: str, asked: JobRequest, *, editor_id: str | None) -> dict[str, Any]:
    """Ask for a job; it waits until a worker begins it.

    Raises `Stale` if the draft is at another version, `DocumentError` for parameters that make no sense.
    """

    feed = _feed(store, reference, asked)

    def work(session: Session) -> dict[str, Any]:
        row = find(session, reference, lock=True)
        _expect(session, row, asked.expected_version)
        facts = store.facts(session, row)
        now = int(now_utc().timestamp() // 60)
        parameters = read_parameters(asked.kind, asked.parameters, facts.conference, facts.schedule, now, feed=feed)
        return _add(session, row, asked, parameters, editor_id)

    return store.write(work)


def confirm(store: Store, job_id: str, *, editor_id: str | None) -> dict[str, Any]:
    """Take over a feed that was questioned: the same import again, in which what is missing is cancelled.

    Raises `NotFound`, or `Stale` where the draft has moved on: the feed has to be read anew.
    """

    def work(session: Session) -> dict[str, Any]:
        job, row = locked(session, job_id)
        if job.kind != "import":
            raise NotFound(f"the job '{job_id}' is no import")
        _expect(session, row, job.base_version)
        parameters = {**job.parameters, "confirm": True}
        asked = JobRequest(
            kind=job.kind, expected_version=None, parameters=parameters, time_limit=job.time_limit, seed=job.seed
        )
        if job.state == "proposed":
            finish(session, row, job, "cancelled", now=now_utc())
        return _add(session, row, asked, parameters, editor_id)

    return store.write(work)


def _expect(session: Session, row: ScheduleRow, expected: int | None) -> None:
    if expected is not None and row.version != expected:
        raise Stale(
            f"the schedule is at version {row.version}, not {expected}",
            version=row.version,
            changedSince=changed_since(session, row, expected),
        )


def _add(
    session: Session, row: ScheduleRow, asked: JobRequest, parameters: dict[str, Any], editor_id: str | None
) -> dict[str, Any]:
    waiting = session.scalar(select(func.count()).where(JobRow.schedule_id == row.id, JobRow.state.in_(UNFINISHED)))
    if waiting is not None and waiting >= WAITING_AT_MOST:
        raise TooMany(f"{waiting} jobs of this schedule are waiting; cancel some", retryAfter=60)
    job = JobRow(
        id=str(uuid4()),
        schedule_id=row.id,
        kind=asked.kind,
        parameters=parameters,
        base_version=row.version,
        time_limit=asked.time_limit,
        seed=randbelow(2**31) if asked.seed is None else asked.seed,
        versions={name: version(name) for name in SOLVED_WITH},
        editor_id=editor_id,
        state="requested",
        created_at=now_utc(),
        attempt=0,
        crashes=0,
        beat=0,
        progress={"objective": None, "bound": None, "moved": None, "seconds": 0},
        history=[],
        error="",
    )
    session.add(job)
    session.flush()
    return job_json(job, row)


def _feed(store: Store, reference: str, asked: JobRequest) -> Imported | None:
    """The feed of an import, read before anybody has to wait for the schedule's row."""
    if asked.kind != "import":
        return None
    shape = read_feed(asked.parameters)
    timezone = store.read(lambda session: find(session, reference).timezone)
    return feeds.read(store, shape.data(), shape.name, timezone)


def show(store: Store, job_id: str) -> dict[str, Any]:
    """A job, whole.  Raises `NotFound`."""

    def work(session: Session) -> dict[str, Any]:
        job = session.get(JobRow, job_id)
        if job is None:
            raise NotFound(f"there is no job '{job_id}'")
        return job_json(job, session.get_one(ScheduleRow, job.schedule_id))

    return store.read(work)


def listed(store: Store, reference: str, *, after: str, limit: int) -> list[dict[str, Any]]:
    """The jobs of a schedule, the newest first, without their changes."""

    def work(session: Session) -> list[dict[str, Any]]:
        row = find(session, reference)
        query = (
            select(JobRow)
            .where(JobRow.schedule_id == row.id)
            .options(defer(JobRow.best), defer(JobRow.changes), defer(JobRow.history))
            .order_by(JobRow.created_at.desc(), JobRow.id.desc())
            .limit(limit)
        )
        last = session.get(JobRow, after) if after else None
        if last is not None:
            query = query.where(
                (JobRow.created_at < last.created_at) | ((JobRow.created_at == last.created_at) & (JobRow.id < last.id))
            )
        return [job_json(job, row, whole=False) for job in session.scalars(query)]

    return store.read(work)


def cancel(store: Store, job_id: str) -> dict[str, Any]:
    """End a job; the best that is stored becomes its changes.  One that has ended stays as it is."""

    def work(session: Session) -> dict[str, Any]:
        job, row = locked(session, job_id)
        if job.state in (*UNFINISHED, "proposed"):
            if job.changes is None and job.best is not None:
                job.changes = job.best["changes"]
            finish(session, row, job, "cancelled", now=now_utc())
        return job_json(job, row)

    return store.write(work)


def locked(session: Session, job_id: str) -> tuple[JobRow, ScheduleRow]:
    """A job and its schedule, both kept for the rest of the transaction.  Raises `NotFound`."""
    found = session.scalar(select(JobRow.schedule_id).where(JobRow.id == job_id))
    if found is None:
        raise NotFound(f"there is no job '{job_id}'")
    row = session.scalars(select(ScheduleRow).where(ScheduleRow.id == found).with_for_update()).one()
    job = session.scalars(
        select(JobRow).where(JobRow.id == job_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    return job, row


def finish(session: Session, row: ScheduleRow, job: JobRow, state: str, *, now: datetime, error: str = "") -> None:
    """Bring a job to a state that no worker works on any more, and tell editors; the caller holds both rows."""
    job.state, job.error = state, error
    job.finished_at = now
    told = {"jobId": job.id, "kind": job.kind, "state": state, "progress": job.progress, "editorId": job.editor_id}
    if error:
        told["error"] = error
    kind = "job.proposed" if state == "proposed" else "job.finished"
    log.append(session, row, [Event(kind, told)], now=now)


def settle(session: Session, row: ScheduleRow, attempt_id: str, result: str, *, now: datetime) -> None:
    """What a save attempt under a job's id makes of it: applied, or stale; the caller holds the schedule's row."""
    job = session.get(JobRow, attempt_id) if len(attempt_id) == 36 else None
    if job is None or job.schedule_id != row.id or job.state not in ("proposed", "cancelled", "stale"):
        return
    if result == "saved":
        finish(session, row, job, "applied", now=now)
    elif result == "stale_blocked" and job.state == "proposed":
        finish(session, row, job, "stale", now=now, error=overtaken(row, job))


def overtaken(row: ScheduleRow, job: JobRow) -> str:
    """Why a job's result is stale."""
    return f"the schedule is at version {row.version} by now; the job began from {job.base_version}"


def job_json(job: JobRow, row: ScheduleRow, *, whole: bool = True) -> dict[str, Any]:
    """A job as its callers get it; a proposal that others have overtaken is stale, and says how to ask again."""
    stale = job.state == "proposed" and job.base_version != row.version
    told: dict[str, Any] = {
        "jobId": job.id,
        "scheduleId": job.schedule_id,
        "kind": job.kind,
        "state": "stale" if stale else job.state,
        "parameters": job.parameters,
        "timeLimit": job.time_limit,
        "seed": job.seed,
        "baseVersion": job.base_version,
        "version": row.version,
        "versions": job.versions,
        "editorId": job.editor_id,
        "createdAt": instant(job.created_at),
        "startedAt": None if job.started_at is None else instant(job.started_at),
        "finishedAt": None if job.finished_at is None else instant(job.finished_at),
        "attempt": job.attempt,
        "progress": job.progress,
        "result": job.result,
        "error": overtaken(row, job) if stale else job.error or None,
    }
    if told["state"] in ("stale", "failed", "cancelled", "applied") and job.kind != "import":
        told["again"] = again(job, row.version)
    if whole:
        told["history"] = job.history
        if job.changes is not None:
            told["changes"] = job.changes
    return told


def again(job: JobRow, present: int) -> Mapping[str, Any]:
    """What to send to have the same solved from the present schedule."""
    return {
        "kind": job.kind,
        "expectedVersion": present,
        "parameters": job.parameters,
        "timeLimit": job.time_limit,
        "seed": job.seed,
    }
