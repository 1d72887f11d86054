"""A small app for the tests of the hub: its log is a list that a request appends to."""

from __future__ import annotations

import os
import resource
import tempfile
from collections import defaultdict
from pathlib import Path

from flask import Flask, request
from flask_sock import Sock
from simple_websocket import Server

from webapp.live import hub as hub_module
from webapp.live.feed import Event, Head
from webapp.live.handoff import Gateway, NoReader, handed, let_go
from webapp.live.hub import Hub
from webapp.live.resuming import Resuming
from webapp.live.tickets import Tickets


class ListLog:
    """Events in memory; those of type `note.private` are not public."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = defaultdict(list)
        self.dropped = 0
        self.on = ""

    def head(self, schedule_id: str) -> Head:
        events = self.events[schedule_id]
        public = [one["seq"] for one in events if self.public_view(one)]
        return Head(len(events), max(public, default=0))

    def read(self, schedule_id: str, after: int, limit: int) -> list[Event]:
        kept = self.events[schedule_id][self.dropped :]
        return [one for one in kept if one["seq"] > after][:limit]

    def now(self, schedule_id: str) -> Event | None:
        return {"at": None, "rooms": [{"roomId": "r", "now": self.on, "next": None}]} if self.on else None

    def public_view(self, event: Event) -> Event | None:
        if event["type"] == "note.private":
            return None
        return {key: value for key, value in event.items() if key != "editorId"}


hub_module.PING_SECONDS = int(os.environ.get("LIVE_APP_PING_SECONDS", "25"))
app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoReader}
log = ListLog()
tickets = Tickets(Path(tempfile.mkdtemp()) / "key")
hub = Hub(log, tickets)
looked_up = 0
sock = Sock(app)
app.wsgi_app = Gateway(app.wsgi_app, Resuming(hub, tickets))  # type: ignore[method-assign]


@sock.route("/<channel>/<schedule>")
def follow(server: Server, channel: str, schedule: str) -> None:
    global looked_up
    looked_up += 1
    client = handed(request.environ)
    assert client is not None
    after = request.args.get("after", type=int)
    let_go(server)
    hub.adopt(client.detach(), schedule, channel, after=after, limit=1024)


@app.post("/emit/<schedule>")
def emit(schedule: str) -> dict[str, int]:
    """Append `count` events with `size` bytes of text each; every third is private if `private` is given."""
    events = log.events[schedule]
    size, private = request.args.get("size", 10, type=int), "private" in request.args
    for _ in range(request.args.get("count", 1, type=int)):
        seq = len(events) + 1
        kind = "note.private" if private and seq % 3 == 0 else "note.public"
        events.append({"seq": seq, "type": kind, "scheduleId": schedule, "editorId": "eve", "text": "x" * size})
    if "silent" not in request.args:
        hub.ring(schedule, len(events))
    return {"seq": len(events)}


@app.post("/forget/<int:count>")
def forget(count: int) -> dict[str, int]:
    """Drop the oldest events of every log, as a retention would."""
    log.dropped = count
    return {"dropped": count}


@app.post("/on/", defaults={"session": ""})
@app.post("/on/<session>")
def on(session: str) -> dict[str, str]:
    """Have this session be on now, from the next look at the clock on."""
    log.on = session
    return {"on": session}


@app.get("/state")
def state() -> dict[str, int]:
    files = len(os.listdir("/proc/self/fd"))
    return {
        "clients": len(hub),
        "files": files,
        "looked_up": looked_up,
        "drops": hub.drops,
        "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


@app.post("/shut")
def shut() -> dict[str, int]:
    hub.shut()
    return {"clients": len(hub)}
