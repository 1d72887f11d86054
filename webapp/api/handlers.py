"""What follows events, for those who run Callboard: the handlers, and the events that they failed on."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, current_app

from webapp import auth
from webapp.api import answers, requests
from webapp.api.common import answer, paged, store
from webapp.events import troubles
from webapp.events.handlers import EVERY

bp = APIBlueprint("handlers", __name__, tag="Operation")


@bp.get("/handlers")
@auth.requires("admin")
@bp.output(answers.HandlerList)
def list_handlers() -> Response:
    """The handlers of events, and how far each has come."""
    return answer({"items": troubles.standing(store(), EVERY), "next": None})


@bp.get("/handlers/troubles")
@auth.requires("admin")
@bp.input(requests.Page, location="query", arg_name="page")
@bp.output(answers.TroubleList)
def list_troubles(page: requests.Page) -> Response:
    """The events that handlers failed on: those that are tried again, and those that are parked."""
    items = troubles.listed(store(), after=page.after, limit=page.limit + 1)
    return paged(items, page.limit, "troubleId")


@bp.post("/handlers/troubles/<trouble>/retry")
@auth.requires("admin")
@bp.output(answers.Trouble)
def retry(trouble: str) -> Response:
    """Try a parked event again."""
    told = troubles.retry(store(), trouble)
    for relay in current_app.extensions["callboard.relays"]:
        relay.ring(told["scheduleId"], told["seq"])
    return answer(told)


@bp.delete("/handlers/troubles/<trouble>")
@auth.requires("admin")
@bp.output({}, status_code=204)
def discard(trouble: str) -> Response:
    """Let go of a parked event: it will not be handled."""
    troubles.discard(store(), trouble)
    return Response(status=204)
