"""A server's frames as the load client reads them: as little as tells what came, in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.live import frames

_SEQ = re.compile(rb'"seq":(\d+)')
_PREVIOUS = re.compile(rb'"previousSeq":(\d+)')
_VERSION = re.compile(rb'"publishedVersion":(\d+)')
_KEPT = 512


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, as far as the load client looks."""

    seq: int
    previous: int
    """The `seq` that must have come before."""
    version: int
    """What was published; 0 where nothing was."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a piece of the stream holds."""

    events: tuple[Heard, ...]
    notices: int
    """Messages that are none."""
    reloads: int
    """How many of those are `feed.reload`."""
    pings: tuple[bytes, ...]
    """What each ping said, and its pong must say."""
    close: int | None
    """The code of a close frame."""
    tail: bytes
    """The beginning of a frame that is still to come."""


class Parser:
    """Reads pieces of server streams.  Most clients get the same bytes: what was read once is remembered."""

    def __init__(self) -> None:
        self._known: dict[bytes, Piece] = {}

    def read(self, data: bytes) -> Piece:
        """What is in `data`, which begins with the head of a frame."""
        piece = self._known.get(data)
        if piece is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            piece = self._known[data] = _read(data)
        return piece


def masked(opcode: int, payload: bytes) -> bytes:
    """A short frame as a client sends it; the mask is zero."""
    assert len(payload) < 126
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload


def handshake(port: int, path: str) -> bytes:
    """The request that opens a WebSocket, without any extension."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


def _read(data: bytes) -> Piece:
    events: list[Heard] = []
    pings: list[bytes] = []
    notices = reloads = at = 0
    close = None
    while (found := _frame(data, at)) is not None:
        opcode, payload, at = found
        if opcode == frames.TEXT:
            seq = _SEQ.search(payload)
            if seq is None:
                notices += 1
                reloads += b'"feed.reload"' in payload
            else:
                previous, version = _PREVIOUS.search(payload), _VERSION.search(payload)
                before = int(previous[1]) if previous else int(seq[1]) - 1
                events.append(Heard(int(seq[1]), before, int(version[1]) if version else 0))
        elif opcode == frames.PING:
            pings.append(payload)
        elif opcode == frames.CLOSE:
            close = int.from_bytes(payload[:2]) if payload else frames.NO_STATUS
    return Piece(tuple(events), notices, reloads, tuple(pings), close, data[at:])


def _frame(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Opcode, payload and end of the frame at `at`; None if it is not whole."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1], at + 2
    if size > 125:
        width = 2 if size == 126 else 8
        size, start = int.from_bytes(data[start : start + width]), start + width
    if len(data) < start + size:
        return None
    return data[at] & 0x0F, data[start : start + size], start + size
