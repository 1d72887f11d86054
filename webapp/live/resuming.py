"""The short way in for a client that comes back with a ticket: no look-up, no framework, one answer."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webapp.live.feed import PUBLIC

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from webapp.live.handoff import HandedSocket
    from webapp.live.hub import Hub
    from webapp.live.tickets import Tickets

MESSAGE_BYTES = 4 * 1024
"""The longest message that an attendee's client may send."""
_PATH = re.compile(r"(?:/api/v1)?/live/([0-9a-f-]{36})", re.ASCII)
_QUERY = re.compile(r"after=(\d{1,18})&ticket=([0-9a-f]{1,16}-[0-9a-f]{32})", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==", re.ASCII)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Resuming:
    """Lets those back in who hold a ticket; everybody else goes the usual way, where every refusal has its reason."""

    def __init__(self, hub: Hub, tickets: Tickets) -> None:
        self._hub = hub
        self._tickets = tickets

    def __call__(self, environ: WSGIEnvironment, client: HandedSocket) -> bool:
        """Whether the client was let in."""
        path = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        query = _QUERY.fullmatch(environ.get("QUERY_STRING", ""))
        if path is None or query is None or not _is_plain_handshake(environ):
            return False
        if not self._tickets.holds(query[2], path[1]):
            return False
        client.sendall(_answer(environ["HTTP_SEC_WEBSOCKET_KEY"]))
        self._hub.adopt(client.detach(), path[1], PUBLIC, after=int(query[1]), limit=MESSAGE_BYTES)
        return True


def _is_plain_handshake(environ: WSGIEnvironment) -> bool:
    """Whether nothing about the handshake needs a second look."""
    origin = environ.get("HTTP_ORIGIN")
    host = environ.get("HTTP_HOST", "")
    return (
        environ.get("REQUEST_METHOD") == "GET"
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and "upgrade" in environ.get("HTTP_CONNECTION", "").lower()
        and bool(_KEY.fullmatch(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")))
        and bool(host)
        and (origin is None or urlsplit(origin).netloc.lower() == host.lower())
        and "HTTP_AUTHORIZATION" not in environ
        and "HTTP_SEC_WEBSOCKET_PROTOCOL" not in environ
    )


def _answer(key: str) -> bytes:
    accept = b64encode(sha1(key.encode() + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )
