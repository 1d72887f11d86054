"""Batch jobs: asked for, looked at, cancelled.  A proposal is applied by an ordinary save under the job's id."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, url_for

from webapp import auth
from webapp.api import answers, requests
from webapp.api.common import PRIVATE, answer, at_version, paged, store, takes_json
from webapp.auth.rates import limits
from webapp.services import jobs

bp = APIBlueprint("jobs", __name__, tag="Jobs")


@bp.post("/schedules/<reference>/jobs")
@auth.requires("editor", scope="solve")
@limits("solve")
@takes_json
@at_version
@bp.input(requests.Job, arg_name="body")
@bp.output(answers.Job, status_code=202)
def ask(reference: str, body: requests.Job) -> Response:
    """Ask for a batch job; `Location` says where to look for it."""
    request = jobs.JobRequest(
        kind=body.kind,
        expected_version=body.expected_version,
        parameters=body.parameters,
        time_limit=body.time_limit,
        seed=body.seed,
    )
    told = jobs.request(store(), reference, request, editor_id=auth.current().editor_id)
    place = url_for("jobs.show", job=told["jobId"])
    return answer(told, 202, headers={**PRIVATE, "Location": place})


@bp.get("/schedules/<reference>/jobs")
@auth.requires("editor")
@bp.input(requests.Page, location="query", arg_name="page")
@bp.output(answers.JobList)
def list_jobs(reference: str, page: requests.Page) -> Response:
    """The jobs of a schedule with their parameters, seeds and versions, the newest first."""
    return paged(jobs.listed(store(), reference, after=page.after, limit=page.limit + 1), page.limit, "jobId")


@bp.get("/jobs/<job>")
@auth.requires("editor")
@bp.output(answers.Job)
def show(job: str) -> Response:
    """A job: its progress, what the chart shows, and its changes once there are any."""
    return answer(jobs.show(store(), job))


@bp.delete("/jobs/<job>")
@auth.requires("editor", scope="solve")
@bp.output(answers.Job)
def cancel(job: str) -> Response:
    """End a job; the best so far stays in `changes`.  One that has ended stays as it is."""
    return answer(jobs.cancel(store(), job))
