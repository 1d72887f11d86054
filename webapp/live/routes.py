"""The two WebSocket routes: who may follow is settled before the upgrade, and the hub does the rest."""

from __future__ import annotations

import binascii
import re
import time
from base64 import b64decode
from itertools import product
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import simple_websocket
from flask import Blueprint, Response, current_app, g, request
from flask_sock import Sock
from werkzeug.exceptions import BadRequest, MethodNotAllowed
from wsproto.utilities import ProtocolError

from webapp import auth, problems
from webapp.live import resuming
from webapp.live.feed import EDITORS, PUBLIC
from webapp.live.handoff import handed, let_go
from webapp.services import reading
from webapp.services.errors import Denied, NotFound, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from webapp.live.collab import Collab
    from webapp.live.hub import Hub
    from webapp.store import Store
    from webapp.store.recent import Recent

MESSAGE_BYTES = {PUBLIC: resuming.MESSAGE_BYTES, EDITORS: 64 * 1024}
"""The longest message that a client of a channel may send."""
KNOWN_SECONDS = 10
"""How long it is remembered that a schedule is published: a door that opens lets thousands in at once."""
_SEQ = re.compile(r"\d{1,18}", re.ASCII)
_asking = tuple(Lock() for _ in range(16))
"""By the reference, so that whoever asks for what is not there holds up few others."""

bp = Blueprint("live", __name__)
sock = Sock()


def follow(server: simple_websocket.Server, reference: str, channel: str) -> None:
    """Hand the socket to the hub: `/live` is what is published, `/collab` every event of the draft."""
    client = handed(request.environ)
    if client is not None:
        hub: Hub = current_app.extensions["callboard.hub"]
        limit = MESSAGE_BYTES[channel]
        descriptor = client.detach()
        let_go(server)
        connection = hub.adopt(descriptor, g.schedule_id, channel, after=g.after, limit=limit)
        if channel == EDITORS:
            collab: Collab = current_app.extensions["callboard.collab"]
            collab.admit(connection, g.schedule_id, auth.current(), auth.asks_again())


for channel, prefix in product((PUBLIC, EDITORS), ("", "/api/v1")):
    sock.route(
        f"{prefix}/{channel}/<reference>",
        bp=bp,
        endpoint=f"{channel}{prefix.replace('/', '_')}",
        defaults={"channel": channel},
    )(follow)


@bp.before_request
def admit() -> Response | None:
    """Refuse, while plain HTTP can still say why, whoever may not follow the schedule."""
    if not current_app.extensions["callboard.settings"].live:
        raise NotFound("live feeds are turned off here: read the schedule and its events instead")
    refusal = _check_handshake()
    if refusal is not None:
        return refusal
    g.after = _after()
    place = request.view_args or {}
    editors = place["channel"] == EDITORS
    _check_origin()
    identity = auth.current()
    if editors and identity.role == "anonymous":
        raise Unauthenticated("sign in, or send a token")
    if editors and "Origin" not in request.headers and "Authorization" not in request.headers:
        # A cookie alone could come from any site; a browser that opens a socket always says which.
        raise Denied("this request does not come from Callboard's own pages")
    if editors and not identity.sees_drafts:
        raise Denied("the editors' channel is for those who may see the draft")
    g.schedule_id = _schedule_id(str(place["reference"]), published=not editors)
    if handed(request.environ) is None:
        raise Unavailable("live feeds need gunicorn's gevent worker: start Callboard with `callboard serve`")
    return None


@bp.errorhandler(ProtocolError)
@bp.errorhandler(simple_websocket.ConnectionError)
def misspoken(_error: Exception) -> Response:
    """A handshake that only the WebSocket library found fault with."""
    return problems.response(problems.STATUSES[400], "this is not a WebSocket handshake by RFC 6455")


def _check_handshake() -> Response | None:
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    if request.headers.get("Sec-WebSocket-Version") != "13":
        answer = problems.response(problems.UPGRADE, "this is a WebSocket of version 13")
        answer.headers["Sec-WebSocket-Version"] = "13"
        answer.headers["Upgrade"] = "websocket"
        return answer
    try:
        key = b64decode(request.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16 or "Host" not in request.headers:
        raise BadRequest("this is not a WebSocket handshake by RFC 6455")
    return None


def _after() -> int | None:
    text = request.args.get("after")
    if text is None:
        return None
    if not _SEQ.fullmatch(text):
        raise BadRequest("`after` is the seq of the last event you saw, a whole number")
    return int(text)


def _check_origin() -> None:
    """Browsers say which site opens the socket, and let any site do so: we look."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise Denied("this request does not come from Callboard's own pages")


def _schedule_id(reference: str, *, published: bool) -> str:
    """The schedule that is meant, if it may be followed; for attendees it is looked up every few seconds only."""
    if not published:
        return _look_up(reference, published=False)
    known: Recent[str] = current_app.extensions["callboard.followed"]
    key = reference, int(time.monotonic() // KNOWN_SECONDS)
    found = known.get(*key)
    if found is None:
        # One asks the database, whoever came meanwhile waits for its answer: else hundreds would ask at once.
        with _asking[hash(reference) % len(_asking)]:
            found = known.get(*key)
            if found is None:
                found = _look_up(reference, published=True)
                known.remember(*key, found)
    return found


def _look_up(reference: str, *, published: bool) -> str:
    store: Store = current_app.extensions["callboard.store"]

    def work(session: Session) -> tuple[str, int | None]:
        row = reading.find(session, reference)
        return row.id, row.published_version

    schedule_id, version = store.read(work)
    if published and version is None:
        raise NotFound(f"there is no schedule '{reference}'")
    return schedule_id
