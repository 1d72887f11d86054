"""Changing a schedule: check, repair, review, save, publish."""

from __future__ import annotations

from typing import cast

from apiflask import APIBlueprint
from flask import Response, current_app, request, url_for

from webapp import auth, problems
from webapp.api import answers, requests, streams
from webapp.api.common import PRIVATE, answer, at_version, store, takes_json
from webapp.auth.rates import limits
from webapp.services import checking, cost_mapping, delays, publishing, refreshing, repairing, reviewing, saving
from webapp.services.errors import Invalid

bp = APIBlueprint("changes", __name__, tag="Changes")


@bp.post("/schedules/<reference>/checks")
@auth.requires("editor", scope="solve")
@limits("solve")
@takes_json
@bp.input(requests.Check, arg_name="body")
@bp.output(answers.Checked)
def check(reference: str, body: requests.Check) -> Response:
    """What the draft would break with these edits made.  Changes nothing."""
    return answer(checking.check(store(), reference, body.edits))


@bp.post("/schedules/<reference>/repairs")
@auth.requires("editor", scope="solve")
@limits("solve")
@takes_json
@at_version
@bp.input(requests.Repair, arg_name="body")
@bp.output(answers.Repaired)
def repair(reference: str, body: requests.Repair) -> Response:
    """Minimal repairs for these edits, with what is proved about them."""
    request = repairing.RepairRequest(
        expected_version=body.expected_version,
        edits=body.edits,
        alternatives=body.alternatives,
        time_limit=body.time_limit,
        scope=body.scope,
        place=body.place,
        engine=body.engine,
    )
    if streams.wanted(streams.JSON, streams.LINES) == streams.LINES:
        return streams.streamed(repairing.repair_as_it_improves(store(), solver(), reference, request))
    return answer(repairing.repair(store(), solver(), reference, request))


@bp.post("/schedules/<reference>/cost-map")
@auth.requires("editor", scope="solve")
@limits("solve")
@takes_json
@at_version
@bp.input(requests.CostMap, arg_name="body")
@bp.output(answers.CostMap)
def cost_map(reference: str, body: requests.CostMap) -> Response:
    """What every place would cost the others if one session were put there, the best first.  Changes nothing."""
    request = cost_mapping.CostMapRequest(
        session=body.session,
        expected_version=body.expected_version,
        edits=body.edits,
        depth=body.depth,
        rooms=body.rooms,
        day=body.day,
        time_limit=body.time_limit,
    )
    lines = cost_mapping.cost_map(store(), solver(), reference, request)
    if streams.wanted(streams.LINES, streams.JSON) == streams.LINES:
        return streams.streamed(lines)
    return answer(cost_mapping.whole(lines))


@bp.post("/schedules/<reference>/repairs/validate")
@auth.requires("editor", scope="solve")
@limits("solve")
@takes_json
@bp.input(requests.Review, arg_name="body")
@bp.output(answers.Reviewed)
def validate(reference: str, body: requests.Review) -> Response:
    """What an earlier repair, or a part of it, is worth now, with the changes to save.  Changes nothing."""
    request = reviewing.ReviewRequest(
        base_version=body.base_version, edits=body.edits, moves=body.moves, chosen=body.chosen, scope=body.scope
    )
    return answer(reviewing.validate(store(), reference, request))


@bp.post("/schedules/<reference>/saves")
@auth.requires("editor")
@limits("save")
@takes_json
@at_version
@bp.input(requests.Save, arg_name="body")
@bp.output(answers.SaveAttempt)
def save(reference: str, body: requests.Save) -> Response:
    """Save changes; `result` and the status say what became of them."""
    if body.publish:
        auth.require_scope("publish")
    request = saving.SaveRequest(
        attempt_id=body.save_attempt_id,
        expected_version=body.expected_version,
        changes=body.changes,
        override=body.override,
        publish=body.publish,
        cancel=body.cancel,
    )
    saved = saving.save(store(), reference, request, editor_id=str(auth.current().editor_id))
    kind = problems.SAVE_RESULTS.get(saved.result)
    if kind is not None:
        return problems.response(kind, saved.detail, saved.attempt)
    return answer(saved.attempt, headers={**PRIVATE, "ETag": f'"v{saved.attempt["version"]}"'})


@bp.post("/schedules/<reference>/delays")
@auth.requires("editor")
@limits("solve")
@takes_json
@at_version
@bp.input(requests.Delay, arg_name="body")
@bp.output(answers.Delayed)
def delay(reference: str, body: requests.Delay) -> Response:
    """A room or a person is late: what has not begun makes room, in one save, published if `publish` says so.

    What cannot be settled at once becomes a job (202).
    """
    if body.publish:
        auth.require_scope("publish")
    told = {"room": body.room, "person": body.person, "minutes": body.minutes, "at": body.at}
    request = delays.DelayRequest(
        expected_version=body.expected_version,
        parameters={key: value for key, value in told.items() if value is not None},
        save_attempt_id=body.save_attempt_id,
        publish=body.publish,
        dry_run=body.dry_run,
        time_limit=body.time_limit,
    )
    came = delays.run(store(), solver(), reference, request, editor_id=str(auth.current().editor_id))
    if came.saved is not None and came.saved.result in problems.SAVE_RESULTS:
        kind = problems.SAVE_RESULTS[came.saved.result]
        return problems.response(kind, came.saved.detail, {**came.saved.attempt, "changes": came.proposal["changes"]})
    said = {**came.proposal, "save": None if came.saved is None else came.saved.attempt, "job": came.job}
    if came.job is None:
        return answer(said)
    return answer(said, 202, {**PRIVATE, "Location": url_for("jobs.show", job=came.job["jobId"])})


@bp.post("/schedules/<reference>/publish")
@auth.requires("editor", scope="publish")
@limits("save")
@takes_json
@at_version
@bp.input(requests.Publish, arg_name="body")
@bp.output(answers.ScheduleHead)
def publish(reference: str, body: requests.Publish) -> Response:
    """Make the draft what attendees see."""
    head = publishing.publish(
        store(), reference, expected_version=body.expected_version, editor_id=auth.current().editor_id
    )
    return answer(head)


def solver() -> repairing.Solver:
    """Where repairs are computed."""
    return cast(repairing.Solver, current_app.extensions["callboard.solver"])


@bp.post("/schedules/<reference>/refresh")
@auth.requires("editor", scope="publish")
@limits("save")
@bp.input(requests.Refresh, location="query", arg_name="query")
@bp.output(answers.Refreshed)
def refresh(reference: str, query: requests.Refresh) -> Response:
    """Ask every screen that follows the schedule to read it afresh, spread over some seconds."""
    body = request.get_json(silent=True)
    if isinstance(body, dict) and "spreadSeconds" in body:
        raise Invalid("say it in the address: ?spreadSeconds=10", place="spreadSeconds")
    told = refreshing.refresh(
        store(), reference, spread_seconds=query.spread_seconds, editor_id=auth.current().editor_id
    )
    return answer(told)
