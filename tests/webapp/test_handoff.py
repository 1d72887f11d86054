"""Handing a socket over: it works once, and nothing of the request stays behind."""

from __future__ import annotations

import gc
import os
import socket
import weakref
from collections.abc import Iterator

import pytest
from flask import Flask, request
from flask_sock import Sock
from simple_websocket import Server
from werkzeug.test import EnvironBuilder

from webapp.live.handoff import HandedSocket, NoReader, handed, let_go

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end of a connection, and the client's."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def test_what_was_handed_over_refuses_and_the_descriptor_works(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    client = HandedSocket(ours)
    assert client.send(b"before") == 6
    with socket.socket(fileno=client.detach()) as taken:
        assert not os.get_blocking(taken.fileno())
        ours.close()
        taken.send(b" and after")
        assert theirs.recv(6) + theirs.recv(10) == b"before and after"
    for use in (lambda: client.send(b"late"), client.detach):
        with pytest.raises(BrokenPipeError):
            use()


def test_the_request_is_freed_without_the_garbage_collector(pair: tuple[socket.socket, socket.socket]) -> None:
    """A storm of handshakes would leave tens of megabytes behind until the next full collection."""
    app = Flask(__name__)
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoReader}
    taken: list[socket.socket] = []

    @Sock(app).route("/feed")
    def follow(server: Server) -> None:
        client = handed(request.environ)
        assert client is not None
        taken.append(socket.socket(fileno=client.detach()))
        let_go(server)

    ours, theirs = pair
    gc.disable()
    try:
        assert left_of_a_handshake(app, ours) is None
    finally:
        gc.enable()
    with taken.pop() as fresh:
        fresh.send(b"!")
    answer = theirs.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert answer.endswith(b"!")


def left_of_a_handshake(app: Flask, ours: socket.socket) -> HandedSocket | None:
    """Answer a handshake as gunicorn does; what the request had, if it is still there."""
    environ = EnvironBuilder("/feed", headers=HANDSHAKE).get_environ()
    environ["gunicorn.socket"] = client = HandedSocket(ours)
    with pytest.raises(StopIteration):
        app(environ, lambda *_: None)
    found = weakref.ref(client)
    del environ, client
    return found()
