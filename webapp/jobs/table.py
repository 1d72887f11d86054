"""The job table as workers see it: claims, heartbeats, takeover, results.

A worker may write to a job only while the row still says that it is this worker's, at this attempt; so a worker that
was frozen and thaws after somebody else took over changes nothing.  Whether another worker lives is told by whether its
beat goes on, on the observer's own clock: machines need not agree about the time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from webapp.events import log
from webapp.events.types import Event
from webapp.schemas import callboard_json
from webapp.services import jobs
from webapp.services.clock import now_utc
from webapp.store import Store
from webapp.store.rows import JobRow, ScheduleRow

MOST_CRASHES = 3
"""A job whose solver ends so often without an answer has failed."""
MOST_ATTEMPTS = 20
"""The same for workers that end in the middle of it, which is seldom the job's fault."""
HISTORY = 400
"""So many points of the chart are kept; beyond, every second one goes."""


@dataclass(frozen=True)
class Claim:
    """A job that this worker works on."""

    job_id: str
    attempt: int
    question: Mapping[str, Any]
    """What the solver's child is sent."""
    time_limit: float
    """Seconds that are left of the job's limit."""


def claim(store: Store, worker: str) -> Claim | None:
    """Begin the job whose turn it is: of the schedule that was served longest ago, the oldest; None if none waits."""

    def waiting(session: Session) -> list[str]:
        other = aliased(JobRow)
        busy = select(other.schedule_id).where(other.state == "running")
        served = (
            select(func.max(other.started_at)).where(other.schedule_id == JobRow.schedule_id).correlate(JobRow)
        ).scalar_subquery()
        query = (
            select(JobRow.id)
            .where(JobRow.state == "requested", JobRow.schedule_id.not_in(busy))
            .order_by(served.is_not(None), served, JobRow.created_at, JobRow.id)
            .limit(5)
        )
        return list(session.scalars(query))

    for job_id in store.read(waiting):
        try:
            claimed = store.write(lambda session, one=job_id: _begin(store, session, one, worker))  # type: ignore[misc]
        except IntegrityError:
            continue  # another worker has begun another job of this schedule
        if claimed is not None:
            return claimed
    return None


def _begin(store: Store, session: Session, job_id: str, worker: str) -> Claim | None:
    job, row = jobs.locked(session, job_id)
    if job.state != "requested":
        return None
    now = now_utc()
    if row.version != job.base_version:
        jobs.finish(session, row, job, "stale", now=now, error=jobs.overtaken(row, job))
        return None
    if job.attempt >= MOST_ATTEMPTS:
        _fail(session, row, job)
        return None
    job.state, job.worker, job.attempt, job.beat = "running", worker, job.attempt + 1, job.beat + 1
    job.started_at, job.heartbeat_at = job.started_at or now, now
    session.flush()
    facts = store.facts(session, row)
    spent = float(job.progress.get("seconds") or 0)
    question = {
        "facts": callboard_json(facts.conference, facts.schedule),
        "kind": job.kind,
        "parameters": job.parameters,
        "seed": job.seed,
        "weights": row.settings.get("preferences", {}),
        "best": job.best,
        "spent": spent,
        "time_limit": max(job.time_limit - spent, 1.0),
    }
    return Claim(job.id, job.attempt, question, question["time_limit"])


def _fail(session: Session, row: ScheduleRow, job: JobRow) -> None:
    if job.best is not None:
        job.changes = job.best["changes"]
    error = job.error or f"workers ended {job.attempt} times in the middle of it"
    jobs.finish(session, row, job, "failed", now=now_utc(), error=error)


def mine(store: Store, worker: str) -> set[tuple[str, int]]:
    """The jobs, with their attempts, that are still this worker's."""

    def work(session: Session) -> set[tuple[str, int]]:
        query = select(JobRow.id, JobRow.attempt).where(JobRow.worker == worker, JobRow.state == "running")
        return {(job_id, attempt) for job_id, attempt in session.execute(query)}

    return store.read(work)


def beat(store: Store, worker: str, claims: Collection[Claim]) -> None:
    """Say that the worker lives."""

    def work(session: Session) -> None:
        session.execute(
            update(JobRow)
            .where(JobRow.id.in_([one.job_id for one in claims]), JobRow.worker == worker, JobRow.state == "running")
            .values(beat=JobRow.beat + 1, heartbeat_at=now_utc())
            .execution_options(synchronize_session=False)
        )

    if claims:
        store.write(work)


def keep(
    store: Store, worker: str, one: Claim, progress: Mapping[str, Any] | None, best: Mapping[str, Any] | None
) -> None:
    """Store progress and the best so far, and tell editors; of a job just cancelled, the best only."""

    def work(session: Session) -> None:
        job, row = jobs.locked(session, one.job_id)
        if (job.worker, job.attempt) != (worker, one.attempt) or job.state not in ("running", "cancelled"):
            return
        if best is not None:
            job.best = dict(best)
            if job.state == "cancelled":
                job.changes = best["changes"]
        if progress is not None:
            job.progress = dict(progress)
            point = [progress["seconds"], progress["objective"], progress["bound"]]
            history = [*job.history, point]
            job.history = history if len(history) <= HISTORY else [*history[:-1:2], history[-1]]
        if job.state == "running":
            job.beat, job.heartbeat_at = job.beat + 1, now_utc()
            if progress is not None:
                told = {"jobId": job.id, "kind": job.kind, "progress": job.progress}
                log.append(session, row, [Event("job.progressed", told)], now=now_utc())

    store.write(work)


def propose(store: Store, worker: str, one: Claim, answer: Mapping[str, Any]) -> None:
    """Store the answer of a job, for people to review; nothing happens if it is not this worker's any more."""

    def work(session: Session) -> None:
        job, row = jobs.locked(session, one.job_id)
        if (job.worker, job.attempt, job.state) != (worker, one.attempt, "running"):
            return
        job.result = {key: value for key, value in answer.items() if key != "changes"}
        job.changes = list(answer["changes"])
        now = now_utc()
        if row.version != job.base_version:
            jobs.finish(session, row, job, "stale", now=now, error=jobs.overtaken(row, job))
        elif answer["status"] in ("infeasible", "unknown") and not job.changes:
            why = " ".join(answer["reasons"]) or "nothing was found in this time"
            jobs.finish(session, row, job, "failed", now=now, error=why)
        else:
            jobs.finish(session, row, job, "proposed", now=now)

    store.write(work)


def give_back(store: Store, worker: str, one: Claim, error: str, *, for_good: bool = False) -> None:
    """Let a job be begun again, by whichever worker, or fail if that has been tried often enough."""

    def work(session: Session) -> None:
        job, row = jobs.locked(session, one.job_id)
        if (job.worker, job.attempt, job.state) != (worker, one.attempt, "running"):
            return
        job.worker, job.error, job.crashes = None, error, job.crashes + 1
        if for_good or job.crashes >= MOST_CRASHES:
            _fail(session, row, job)
        else:
            job.state = "requested"

    store.write(work)


def let_go(store: Store, worker: str, one: Claim) -> None:
    """Give a job back that was not at fault: this worker ends in an orderly way, and the attempt does not count."""

    def work(session: Session) -> None:
        job, _ = jobs.locked(session, one.job_id)
        if (job.worker, job.attempt, job.state) == (worker, one.attempt, "running"):
            job.worker, job.state = None, "requested"

    store.write(work)


def running(store: Store) -> dict[str, tuple[str, int, int]]:
    """Every running job: its worker, attempt and beat."""

    def work(session: Session) -> dict[str, tuple[str, int, int]]:
        query = select(JobRow.id, JobRow.worker, JobRow.attempt, JobRow.beat).where(JobRow.state == "running")
        return {job_id: (str(worker), attempt, beat) for job_id, worker, attempt, beat in session.execute(query)}

    return store.read(work)


def take_over(store: Store, job_id: str, seen: tuple[str, int, int]) -> bool:
    """Let a job be begun again whose worker gives no sign of life; whether it still gave none."""

    def work(session: Session) -> bool:
        job, row = jobs.locked(session, job_id)
        if job.state != "running" or (job.worker, job.attempt, job.beat) != seen:
            return False
        job.worker = None
        if job.attempt >= MOST_ATTEMPTS:
            _fail(session, row, job)
        else:
            job.state = "requested"
        return True

    return store.write(work)
