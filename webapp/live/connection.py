"""One client's socket: send first, queue only the rest, and give up on those who do not read."""

from __future__ import annotations

import os
from collections import deque
from typing import Protocol

from webapp.live import frames
from webapp.live.frames import Message, Reader

BACKLOG_BYTES = 256 * 1024
"""What may wait for a client that reads slowly, before it is told to come back later."""
FLOOD_BYTES = 256 * 1024
"""What a client may send between two pings."""
_READ_BYTES = 16 * 1024
_EMPTY_PONG = bytes((0x80 | frames.PONG, 0x80))


class Owner(Protocol):
    """Who watches the socket and wants to know when it is gone."""

    def watch(self, connection: Connection, *, writable: bool) -> None: ...

    def overtaken(self, connection: Connection) -> None: ...

    def leaving(self, connection: Connection) -> None: ...

    def gone(self, connection: Connection) -> None: ...


class Member(Protocol):
    """The audience that a connection belongs to."""

    def leave(self, connection: Connection) -> None: ...

    def heard(self, connection: Connection, message: Message) -> None: ...


class Connection:
    """A WebSocket after its handshake, as a bare, non-blocking file descriptor.

    There may be ten thousand of these, idle: a connection holds no buffer and no reader unless it needs one.
    """

    # Python lays them out by name: what a broadcast looks at shares a line of the processor's cache with the head.
    __slots__ = (
        "_backlog",
        "_owner",
        "_reader",
        "_received",
        "_waiting",
        "at_once",
        "closing",
        "fd",
        "heard",
        "limit",
        "member",
    )

    def __init__(self, fd: int, owner: Owner, *, limit: int) -> None:
        self.fd = fd
        self.limit = limit
        self.heard = True
        """Whether anything was heard since the last ping."""
        self.at_once = fd
        """The descriptor while a frame may be written at once: it is open and nothing waits before it.  Else -1."""
        self.closing = False
        """Whether our close frame is on its way."""
        self.member: Member | None = None
        self._owner = owner
        self._reader: Reader | None = None
        self._backlog: deque[bytes | memoryview] | None = None
        self._waiting = 0
        self._received = 0

    def send(self, data: bytes) -> None:
        """Send whole frames, or queue what the socket does not take."""
        if self.at_once >= 0:
            self._write(data)
        elif self.closing or self.fd < 0:
            return
        elif self._waiting + len(data) > BACKLOG_BYTES:
            self._owner.overtaken(self)
            self.close(frames.TRY_LATER, "too slow to follow: connect again")
        else:
            self._queue(data)

    def keep(self, data: bytes, sent: int) -> None:
        """Queue what a write has left of `data`."""
        self._queue(memoryview(data)[sent:])

    @property
    def waiting(self) -> int:
        """How many bytes wait for the socket to take them."""
        return self._waiting

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye, after the frame that is half sent; the owner drops the socket if the client does not answer."""
        if self.closing or self.fd < 0:
            return
        self.closing, self.at_once = True, -1
        self._owner.leaving(self)
        goodbye = frames.close_frame(code, reason)
        if self._backlog is None:
            self._write(goodbye)
        else:
            half_sent = self._backlog[0]
            self._backlog = deque((half_sent, goodbye))
            self._waiting = len(half_sent) + len(goodbye)

    def drop(self) -> None:
        """Close the socket at once."""
        if self.fd < 0:
            return
        self._owner.gone(self)
        os.close(self.fd)
        self.fd, self.at_once, self._waiting = -1, -1, 0
        self._backlog = self._reader = None

    def ping(self) -> None:
        """Give a sign of life and ask for one; without one since the last time, drop the connection."""
        if not self.heard:
            self.drop()
            return
        self.heard = False
        self._received = 0
        self.send(frames.SIGN_OF_LIFE)

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        while self._backlog:
            piece = self._backlog[0]
            sent = self._sent(piece)
            self._waiting -= sent
            if sent < len(piece):
                if self._backlog is not None:
                    self._backlog[0] = memoryview(piece)[sent:]
                return
            self._backlog.popleft()
        if self._backlog is not None:
            self._backlog = None
            self.at_once = -1 if self.closing else self.fd
            self._owner.watch(self, writable=False)

    def receive(self) -> None:
        """Read what has come, answer pings and closes, and pass messages on."""
        try:
            data = os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop()
            return
        self.heard = True
        if self._reader is None and len(data) == 6 and data.startswith(_EMPTY_PONG):
            return
        self._received += len(data)
        if self._received > FLOOD_BYTES:
            self.close(frames.POLICY, "too much was sent")
            return
        self._read(data)

    def _read(self, data: bytes) -> None:
        reader = self._reader or Reader(self.limit)
        try:
            messages = reader.feed(data)
        except frames.FrameError as error:
            self.close(error.code, str(error))
            self._reader = None
            return
        self._reader = None if reader.idle else reader
        for message in messages:
            self._take(message)

    def _take(self, message: Message) -> None:
        if message.opcode == frames.CLOSE:
            self.close(message.close_code)
            self.drop()
        elif message.opcode == frames.PING:
            self.send(frames.frame(frames.PONG, message.payload))
        elif message.opcode != frames.PONG and self.member is not None and not self.closing:
            self.member.heard(self, message)

    def _write(self, data: bytes) -> None:
        sent = self._sent(data)
        if sent < len(data) and self.fd >= 0:
            self.keep(data, sent)

    def _sent(self, data: bytes | memoryview) -> int:
        try:
            return os.write(self.fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.drop()
            return 0

    def _queue(self, data: bytes | memoryview) -> None:
        if self._backlog is None:
            self._backlog = deque()
            self.at_once = -1
            self._owner.watch(self, writable=True)
        self._backlog.append(data)
        self._waiting += len(data)
