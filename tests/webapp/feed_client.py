"""A WebSocket client for the tests, on another implementation of the protocol than ours."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections import deque
from types import TracebackType
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

PATIENCE = 15.0
Headers = dict[str, str]


class Refused(Exception):
    """The server answered the handshake with plain HTTP."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body.decode()}")
        self.status = status
        self.problem: dict[str, Any] = json.loads(body) if body.startswith(b"{") else {}


class Closed(Exception):
    """The server closed the connection; `code` is None where it did not say goodbye."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class FeedClient:
    """Follows a feed; `receive` gives its messages, parsed."""

    def __init__(
        self,
        port: int,
        path: str,
        headers: Headers | None = None,
        *,
        buffer: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(PATIENCE)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        self.compressed = False
        self.now: list[dict[str, Any]] = []
        """What the server said is on now and next, each time; it is no event."""
        self._events: deque[Event] = deque()
        self._text = ""
        named = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        asked = Request(host=f"127.0.0.1:{port}", target=path, extra_headers=named, extensions=[PerMessageDeflate()])
        try:
            self.socket.connect(("127.0.0.1", port))
            if tls is not None:
                self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")
            self.socket.sendall(self.protocol.send(asked))
            self._shake_hands()
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> FeedClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def receive(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next message; `TimeoutError` if none comes, `Closed` at the end."""
        deadline = time.monotonic() + timeout
        while True:
            match self._next(deadline):
                case TextMessage(data=data, message_finished=finished):
                    self._text += data
                    if finished:
                        text, self._text = self._text, ""
                        message: dict[str, Any] = json.loads(text)
                        if message["type"] != "feed.now":
                            return message
                        self.now.append(message)
                case Ping() as ping:
                    self.socket.sendall(self.protocol.send(ping.response()))
                case CloseConnection(code=code, reason=reason) as close:
                    self.socket.sendall(self.protocol.send(close.response()))
                    raise Closed(int(code), reason or "")

    def take(self, count: int) -> list[dict[str, Any]]:
        """The next `count` messages, but for the signs of life that come every so often."""
        told: list[dict[str, Any]] = []
        while len(told) < count:
            message = self.receive()
            if message["type"] != "feed.alive":
                told.append(message)
        return told

    def is_quiet(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while, besides the sign of life that comes every so often."""
        try:
            return self.receive(seconds)["type"] == "feed.alive" and self.is_quiet(seconds)
        except TimeoutError:
            return True

    def say(self, data: str | bytes) -> None:
        message = TextMessage(data=data) if isinstance(data, str) else BytesMessage(data=data)
        self.socket.sendall(self.protocol.send(message))

    def leave(self, code: int = 1000) -> Closed:
        """Close politely, and wait for the answer."""
        self.socket.sendall(self.protocol.send(CloseConnection(code=code)))
        while True:
            event = self._next(time.monotonic() + PATIENCE)
            if isinstance(event, CloseConnection):
                return Closed(int(event.code), event.reason or "")

    def _next(self, deadline: float) -> Event:
        while not self._events:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            data = self.socket.recv(1 << 16)
            if not data:
                raise Closed(None)
            self.protocol.receive_data(data)
            self._events.extend(self.protocol.events())
        return self._events.popleft()

    def _shake_hands(self) -> None:
        match self._next(time.monotonic() + PATIENCE):
            case AcceptConnection(extensions=extensions):
                self.compressed = bool(extensions)
            case RejectConnection(status_code=status):
                body = b""
                while isinstance(part := self._next(time.monotonic() + PATIENCE), RejectData):
                    body += part.data
                    if part.body_finished:
                        break
                raise Refused(status, body)
