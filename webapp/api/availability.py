"""When rooms and people are free, and what follows if they are not."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from webapp import auth
from webapp.api import answers, requests
from webapp.api.changes import solver
from webapp.api.common import answer, at_version, paged, store, takes_json
from webapp.auth.rates import limits
from webapp.services import availability, consequences

bp = APIBlueprint("availability", __name__, tag="Availability")


@bp.get("/schedules/<reference>/availability")
@auth.requires("editor")
@bp.input(requests.AvailabilityPage, location="query", arg_name="page")
@bp.output(answers.FreeTimeList)
def list_availability(reference: str, page: requests.AvailabilityPage) -> Response:
    """The free windows of people and rooms: hours without absences, closures, sessions and the gaps beside them."""
    found = availability.availability(
        store(), reference, kind=page.kind, identifier=page.id, after=page.after, limit=page.limit + 1
    )
    return paged(found["items"], page.limit, "key", version=found["version"])


@bp.post("/schedules/<reference>/availability")
@auth.requires("editor", scope="solve")
@limits("solve")
@takes_json
@at_version
@bp.input(requests.Consequences, arg_name="body")
@bp.output(answers.Foreseen)
def foresee(reference: str, body: requests.Consequences) -> Response:
    """The sessions that a change of availability would break, and ranked repairs.  Changes nothing."""
    request = consequences.ConsequencesRequest(
        edits=body.edits,
        hours=body.hours,
        expected_version=body.expected_version,
        alternatives=body.alternatives,
        time_limit=body.time_limit,
    )
    return answer(consequences.foresee(store(), solver(), reference, request))
