"""flask-sock as it comes, on gunicorn's gevent worker: a greenlet and a reader for each client."""

from __future__ import annotations

from flask import Flask
from flask_sock import Sock
from simple_websocket import Server

from benchmarks.live.servers.event import text

app = Flask(__name__)
sock = Sock(app)
clients: set[Server] = set()
seq = 0


@sock.route("/feed")
def handle(client: Server) -> None:
    """Send the next event to everybody whenever this client says anything."""
    global seq
    clients.add(client)
    try:
        while True:
            client.receive()
            seq += 1
            told = text(seq)
            for one in tuple(clients):
                one.send(told)
    finally:
        clients.discard(client)
