"""Callboard's hub as the web process runs it, above a log in memory."""

from __future__ import annotations

from flask import Flask, request
from flask_sock import Sock
from simple_websocket import Server

from benchmarks.live.servers.event import event
from webapp.live.connection import Connection
from webapp.live.feed import PUBLIC, Audience, Event, Head
from webapp.live.frames import Message
from webapp.live.handoff import Gateway, NoReader, handed, let_go
from webapp.live.hub import Hub


class ListLog:
    """Events in memory, all of them public."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def head(self, schedule_id: str) -> Head:
        return Head(len(self.events), len(self.events))

    def read(self, schedule_id: str, after: int, limit: int) -> list[Event]:
        return self.events[after : after + limit]

    def now(self, schedule_id: str) -> None:
        """Nothing is on."""

    def public_view(self, told: Event) -> Event:
        return told


app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoReader}
log = ListLog()
app.extensions["callboard.hub"] = hub = Hub(log)
sock = Sock(app)
app.wsgi_app = Gateway(app.wsgi_app)  # type: ignore[method-assign]


@sock.route("/feed")
def follow(server: Server) -> None:
    """Hand the socket to the hub."""
    client = handed(request.environ)
    assert client is not None
    let_go(server)
    hub.adopt(client.detach(), "measured", PUBLIC, after=request.args.get("after", type=int), limit=4096)


def emit(_audience: Audience, _client: Connection, _message: Message) -> None:
    """Append the next event, and ring, whenever a client says anything."""
    log.events.append(event(len(log.events) + 1))
    hub.ring("measured", len(log.events))


Audience.heard = emit  # type: ignore[method-assign]
