"""Getting a socket out of gunicorn: flask-sock does the handshake, then the descriptor is ours.

This works on gunicorn's gevent worker, which closes its own descriptor and leaves the connection alone;
the threaded worker shuts the connection down, so it is refused.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import simple_websocket
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SEND_BUFFER_BYTES = 128 * 1024
"""The kernel's share of what waits for a slow client; left alone it grows to megabytes for each."""
_SOCKET = "gunicorn.socket"


class HandedSocket:
    """What flask-sock takes for the client's socket; after `detach` it refuses."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner: socket.socket | None = inner

    def send(self, data: bytes) -> int:
        """Send all of `data`: simple-websocket does not look at how much was sent."""
        self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        if self._inner is None:
            raise BrokenPipeError("the socket has been handed over")
        self._inner.sendall(data)

    def detach(self) -> int:
        """A non-blocking descriptor of the same connection, now the caller's to close."""
        if self._inner is None:
            raise BrokenPipeError("the socket has been handed over")
        inner, self._inner = self._inner, None
        inner.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        descriptor = os.dup(inner.fileno())
        os.set_blocking(descriptor, False)
        return descriptor

    def close(self) -> None:
        """Gunicorn closes the socket that it opened."""


Resume = Callable[["WSGIEnvironment", HandedSocket], bool]


class NoReader:
    """Stands in for the thread that would read the socket: the hub reads it."""

    name = ""

    def __init__(self, target: Callable[[], None]) -> None:
        """Forget `target`: it belongs to whom we belong to, and a circle is freed late."""

    def start(self) -> None:
        """Nothing to run."""


class Gateway:
    """The WSGI layer that hands sockets over, and offers no compression: it costs a zlib for each client.

    `resume` may take a client over before the application sees it.
    """

    def __init__(self, inner: WSGIApplication, resume: Resume = lambda environ, client: False) -> None:
        self._inner = inner
        self._resume = resume

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
            client = environ.get(_SOCKET)
            if client is not None and _is_gevent(client):
                environ[_SOCKET] = HandedSocket(client)
                if self._resume(environ, environ[_SOCKET]):
                    # Gunicorn's own word for a connection that is no longer its business.
                    raise StopIteration
        return self._inner(environ, start_response)


def handed(environ: WSGIEnvironment) -> HandedSocket | None:
    """The socket that may be taken over, or None on a server that this cannot work on."""
    client: Any = environ.get(_SOCKET)
    return client if isinstance(client, HandedSocket) else None


def let_go(server: simple_websocket.Server) -> None:
    """Free what the handshake needed: flask-sock's answer would keep it until the next full garbage collection."""
    server.connected = False
    server.environ = server.sock = server.ws = None


def _is_gevent(client: object) -> bool:
    module = sys.modules.get("gevent.socket")
    return module is not None and isinstance(client, module.socket)
