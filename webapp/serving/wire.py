"""JSON over a stream socket: four bytes of length, then the object."""

from __future__ import annotations

import json
import socket
from typing import Any

LONGEST = 64 * 1024 * 1024
_HEAD = 4


class WireError(ConnectionError):
    """The other side broke off, or does not speak this protocol."""


def packed(message: dict[str, Any]) -> bytes:
    """One message, ready to send."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return len(body).to_bytes(_HEAD) + body


class Unpacker:
    """Puts messages together from pieces of any size."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that `data` completes."""
        self._data += data
        messages: list[dict[str, Any]] = []
        while len(self._data) >= _HEAD:
            end = _HEAD + int.from_bytes(self._data[:_HEAD])
            if end > _HEAD + LONGEST:
                raise WireError("a message is too long")
            if len(self._data) < end:
                break
            messages.append(_object(bytes(self._data[_HEAD:end])))
            del self._data[:end]
        return messages


def receive(connection: socket.socket) -> dict[str, Any]:
    """The next message of a blocking socket."""
    size = int.from_bytes(_exactly(connection, _HEAD))
    if size > LONGEST:
        raise WireError("a message is too long")
    return _object(_exactly(connection, size))


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = connection.recv(min(size - len(data), 1 << 18))
        if not piece:
            raise WireError("the connection ended in the middle of a message")
        data += piece
    return bytes(data)


def _object(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except ValueError:
        raise WireError("a message is not JSON") from None
    if not isinstance(message, dict):
        raise WireError("a message is not a JSON object")
    return message
