"""The load client: thousands of raw sockets on one epoll, that count what comes and notice every gap.

Loopback only, and bounded: whatever it waits for, it gives up after `PATIENCE` seconds in which it does not come.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from benchmarks.live.wire import Heard, Parser, handshake, masked
from webapp.live import frames

PATIENCE = 60.0
IN_FLIGHT = 200
"""How many handshakes are under way at once."""
_RESET = struct.pack("ii", 1, 0)  # close at once: ten thousand sockets in TIME_WAIT would use up the ports
_READ_BYTES = 1 << 18


def allow_many_files() -> int:
    """How many files this process may open, after asking for all it can get."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def latency(latencies: Counter[int], percent: float) -> float:
    """The seconds that so many percent did not exceed, of counts by tenths of a millisecond."""
    wanted, count = latencies.total() * percent / 100, 0
    for tenths in sorted(latencies):
        count += latencies[tenths]
        if count >= wanted:
            return tenths / 10_000
    return 0.0


class TimeUp(Exception):
    """What was waited for did not come."""


@dataclass(slots=True)
class Client:
    """One socket, and how far it has come."""

    socket: socket.socket
    began: float
    ready: bool = False
    last: int | None = None
    """The last `seq` that came."""
    events: int = 0
    notices: int = 0
    tail: bytes = b""


@dataclass
class Crowd:
    """Clients of one server."""

    port: int
    ready: int = 0
    """How many handshakes are done."""
    clients: dict[int, Client] = field(default_factory=dict)
    deaf: list[socket.socket] = field(default_factory=list)
    bytes: int = 0
    messages: int = 0
    gaps: int = 0
    reloads: int = 0
    seen: Counter[int] = field(default_factory=Counter)
    """How many clients have had each version."""
    lost: Counter[int | None] = field(default_factory=Counter)
    """How many connections ended, by close code."""
    sent: dict[int, float] = field(default_factory=dict)
    """When each version was sent on its way."""
    latencies: Counter[int] = field(default_factory=Counter)
    """How many messages took so many tenths of a millisecond from there."""
    arrivals: dict[int, float] = field(default_factory=dict)
    """When the last client had each version, seconds after it was sent."""
    epoll: select.epoll = field(default_factory=select.epoll)
    parser: Parser = field(default_factory=Parser)

    def connect(
        self, count: int, path: str | Callable[[int], str], *, deaf: int = 0, in_flight: int = IN_FLIGHT
    ) -> float:
        """Open so many sockets, `deaf` of which will never read; seconds until the last handshake was done."""
        began = time.monotonic()
        self.deaf += [self._deaf(path if isinstance(path, str) else path(0)) for _ in range(deaf)]
        waiting = iter(range(count - deaf))
        wanted = self.ready + count - deaf
        opened, came, last = self.ready, self.ready, began
        while self.ready < wanted:
            for number in islice(waiting, max(0, in_flight - opened + self.ready)):
                self._open(path if isinstance(path, str) else path(number))
                opened += 1
            self.pump(1.0)
            if self.ready > came:
                came, last = self.ready, time.monotonic()
            elif time.monotonic() - last > PATIENCE:
                raise TimeUp(f"{self.ready} of {wanted} clients were let in")
        return time.monotonic() - began

    def until(self, done: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
        """Read until something is so; `TimeUp` that says what was not."""
        deadline = time.monotonic() + patience
        while not done():
            self.pump(0.5)
            if time.monotonic() > deadline:
                raise TimeUp(what)

    def until_seen(self, version: int) -> None:
        """Read until every client that is left has seen what was published."""
        self.until(lambda: self.seen[version] >= len(self.clients), f"version {version} did not reach everybody")

    def latency(self, percent: float) -> float:
        """The seconds that so many percent of the messages did not exceed."""
        return latency(self.latencies, percent)

    def is_whole(self, changes: int) -> bool:
        """Whether everybody who is there had just so many events, in order, and nobody has gone."""
        return self.gaps == 0 and not self.lost and self.messages == changes * len(self.clients)

    def pump(self, seconds: float) -> bool:
        """Read what comes, waiting no longer than this for it to begin; whether anything came."""
        found = self.epoll.poll(seconds, 512)
        for fd, _event in found:
            client = self.clients.get(fd)
            if client is not None:
                self._hear(fd, client)
        return bool(found)

    def say(self, text: str) -> None:
        """Send a message as the first client."""
        if not self.clients:
            raise TimeUp(f"the server on port {self.port} has let everybody go: {dict(self.lost)}")
        next(iter(self.clients.values())).socket.sendall(masked(frames.TEXT, text.encode()))

    def forget_figures(self) -> None:
        """Count anew."""
        self.bytes = self.messages = self.gaps = self.reloads = 0
        self.lost.clear()
        self.sent.clear()
        self.latencies.clear()
        self.arrivals.clear()
        self.seen.clear()

    def dismiss_deaf(self) -> None:
        """Close the sockets that never read."""
        for one in self.deaf:
            _reset(one)
        self.deaf.clear()

    def leave(self) -> None:
        """Close every socket at once."""
        for client in self.clients.values():
            self.epoll.unregister(client.socket)
            _reset(client.socket)
        self.clients.clear()
        self.dismiss_deaf()
        self.ready = 0
        self.forget_figures()

    def close(self) -> None:
        """The end of it."""
        self.leave()
        self.epoll.close()

    def _open(self, path: str) -> int:
        one = socket.socket()
        one.connect(("127.0.0.1", self.port))
        one.sendall(handshake(self.port, path))
        one.setblocking(False)
        fd = one.fileno()
        self.clients[fd] = Client(one, time.monotonic())
        self.epoll.register(fd, select.EPOLLIN)
        return fd

    def _deaf(self, path: str) -> socket.socket:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(PATIENCE)
        one.connect(("127.0.0.1", self.port))
        one.sendall(handshake(self.port, path))
        if b" 101 " not in one.recv(64):
            raise TimeUp("a client was not let in")
        return one

    def _hear(self, fd: int, client: Client) -> None:
        try:
            data = os.read(fd, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._gone(fd, client, None)
            return
        self.bytes += len(data)
        if client.tail:
            data = client.tail + data
        if not client.ready:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                client.tail = head
                return
            if b" 101 " not in head[:20]:
                raise TimeUp(f"a client was refused: {head[:60]!r}")
            client.ready = True
            self.ready += 1
        piece = self.parser.read(data)
        client.tail = piece.tail
        client.notices += piece.notices
        self.reloads += piece.reloads
        if piece.events:
            self._count(client, piece.events)
        for ping in piece.pings:
            with contextlib.suppress(OSError):
                client.socket.send(masked(frames.PONG, ping))
        if piece.close is not None:
            self._gone(fd, client, piece.close)

    def _count(self, client: Client, events: Iterable[Heard]) -> None:
        now = time.monotonic()
        for event in events:
            if client.last is not None and client.last != event.previous:
                self.gaps += 1
            client.last = event.seq
            client.events += 1
            self.messages += 1
            self.seen[event.version] += 1
            sent = self.sent.get(event.version)
            if sent is not None:
                self.arrivals[event.version] = now - sent
                self.latencies[int((now - sent) * 10_000)] += 1

    def _gone(self, fd: int, client: Client, code: int | None) -> None:
        self.lost[code] += 1
        self.epoll.unregister(fd)
        _reset(client.socket)
        del self.clients[fd]


def _reset(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    one.close()
