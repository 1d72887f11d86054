"""The hub: owns every socket after its handshake, with one greenlet that reads and one that keeps time.

It runs in gunicorn's gevent worker.  Sockets are watched by an epoll of our own, so that an idle client
costs a small object and no greenlet.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import gevent
from gevent.monkey import get_original

from webapp.live import frames
from webapp.live.connection import Connection
from webapp.live.feed import EDITORS, PUBLIC, Feed, Log, Told
from webapp.live.tickets import Tickets

PING_SECONDS = 25
GOODBYE_SECONDS = 3.0
"""How long a client may take to answer our close frame."""
LEAVE_SECONDS = 0.5
"""How long all of them together may take when the server ends."""
SENDS_BETWEEN_YIELDS = 256
_READY_AT_ONCE = 256
_NOT_FREE = -1
"""Nothing was sent: other frames wait before it, or the client has gone."""
_READ, _HANGUP, _WRITE = 0x001, 0x2000, 0x004  # EPOLLIN, EPOLLRDHUP, EPOLLOUT: gevent hides select.epoll

log = logging.getLogger(__name__)


class Hub:
    """Every live connection of this process, and the feed of every schedule that somebody follows."""

    def __init__(self, events: Log, tickets: Tickets | None = None, told: Told = lambda seconds: None) -> None:
        self._events = events
        self._tickets = tickets
        self._told = told
        self._connections: dict[int, Connection] = {}
        self._goodbyes: dict[Connection, float] = {}
        self._feeds: dict[str, Feed] = {}
        self._rung: deque[str] = deque()
        self._greenlets: list[gevent.Greenlet] = []
        self._epoll: Any = None
        self._alarm: Any = None
        self._shut = False
        self.drops = 0
        """How many clients were sent away because they read too slowly."""

    def __len__(self) -> int:
        return len(self._connections)

    def clients(self) -> dict[str, int]:
        """How many follow, by channel."""
        return {channel: sum(feed.count(channel) for feed in self._feeds.values()) for channel in (PUBLIC, EDITORS)}

    @property
    def waiting(self) -> int:
        """How many bytes wait for clients that read slowly."""
        return sum(connection.waiting for connection in self._connections.values())

    def ring(self, schedule_id: str, seq: int) -> None:
        """Say that the log of a schedule has grown to `seq`.  May be called from any thread."""
        if self._alarm is not None:
            self._rung.append(schedule_id)
            self._alarm.send()

    def adopt(self, fd: int, schedule_id: str, channel: str, *, after: int | None, limit: int) -> Connection:
        """Take over a socket whose handshake is done: bring it up to date from `after`, then keep it so."""
        self._start()
        connection = Connection(fd, self, limit=limit)
        self._connections[fd] = connection
        self._epoll.register(fd, _READ | _HANGUP)
        if self._shut:
            connection.close(frames.RESTARTING, "the server restarts")
            return connection
        try:
            self._feed(schedule_id).join(connection, channel, after)
        except Exception:
            log.exception("a client could not be brought up to date")
            connection.close(frames.SERVER_FAULT, "the events could not be read: connect again")
        return connection

    def broadcast(self, connections: Sequence[Connection], data: bytes) -> None:
        """Send the same bytes to all, letting other greenlets run now and then.

        Nearly everybody takes them at once, so nearly everybody costs one system call and little else.
        """
        write, size = os.write, len(data)
        for start in range(0, len(connections), SENDS_BETWEEN_YIELDS):
            for connection in connections[start : start + SENDS_BETWEEN_YIELDS]:
                try:
                    sent = write(connection.at_once, data)
                except BlockingIOError:
                    sent = 0
                except OSError:
                    sent = _NOT_FREE
                if sent != size:
                    self._send_with_care(connection, data, sent)
            gevent.sleep(0)

    @staticmethod
    def _send_with_care(connection: Connection, data: bytes, sent: int) -> None:
        """Send what is left of `data` once there is room.  One client's trouble must not keep it from the rest."""
        try:
            if sent == _NOT_FREE:
                connection.send(data)
            else:
                connection.keep(data, sent)
        except Exception:
            log.exception("a client could not be sent to")
            connection.drop()

    def shut(self, code: int = frames.RESTARTING, reason: str = "the server restarts") -> None:
        """Say goodbye to everybody, and only then wait, for a moment, until they have heard it."""
        self._shut = True
        deadline = time.monotonic() + LEAVE_SECONDS
        for connection in tuple(self._connections.values()):
            connection.close(code, reason)
        while self._connections and time.monotonic() < deadline:
            gevent.sleep(0.02)

    def watch(self, connection: Connection, *, writable: bool) -> None:
        """Also wake when the connection can be written to, or no longer."""
        self._epoll.modify(connection.fd, _READ | _HANGUP | (_WRITE if writable else 0))

    def overtaken(self, connection: Connection) -> None:
        """The connection is told to come again, because it reads too slowly."""
        self.drops += 1

    def leaving(self, connection: Connection) -> None:
        """The connection has sent its close frame: no event goes to it any more."""
        self._goodbyes[connection] = time.monotonic() + GOODBYE_SECONDS
        self._forget_member(connection)

    def gone(self, connection: Connection) -> None:
        """The connection is about to close its file."""
        with suppress(OSError):
            self._epoll.unregister(connection.fd)
        self._connections.pop(connection.fd, None)
        self._goodbyes.pop(connection, None)
        self._forget_member(connection)

    @staticmethod
    def _forget_member(connection: Connection) -> None:
        if connection.member is not None:
            connection.member.leave(connection)
            connection.member = None

    def _feed(self, schedule_id: str) -> Feed:
        feed = self._feeds.get(schedule_id)
        if feed is None:
            feed = self._feeds[schedule_id] = Feed(schedule_id, self._events, self.broadcast, self._tickets, self._told)
            gevent.spawn(self._keep, feed)
        return feed

    def _keep(self, feed: Feed) -> None:
        feed.keep_current()
        if self._feeds.get(feed.schedule_id) is feed:
            del self._feeds[feed.schedule_id]

    def _start(self) -> None:
        if self._greenlets:
            return
        self._epoll = get_original("select", "epoll")()
        self._alarm = gevent.get_hub().loop.async_()
        self._alarm.start(self._answer_bell)
        self._greenlets = [gevent.spawn(job) for job in (self._read, self._keep_time)]

    def _read(self) -> None:
        loop = gevent.get_hub()
        watcher = loop.loop.io(self._epoll.fileno(), 1)
        while True:
            loop.wait(watcher)
            for fd, event in self._epoll.poll(0, _READY_AT_ONCE):
                connection = self._connections.get(fd)
                if connection is not None:
                    self._serve(connection, event)

    def _serve(self, connection: Connection, event: int) -> None:
        try:
            if event & _WRITE:
                connection.flush()
            if event & ~_WRITE and connection.fd >= 0:
                connection.receive()
        except Exception:
            log.exception("a connection failed")
            connection.drop()

    def _keep_time(self) -> None:
        second = 0
        while True:
            gevent.sleep(1)
            second += 1
            for connection in [one for one in self._connections.values() if (one.fd + second) % PING_SECONDS == 0]:
                connection.ping()
            now = time.monotonic()
            for connection in [one for one, deadline in self._goodbyes.items() if deadline < now]:
                connection.drop()

    def _answer_bell(self) -> None:
        while self._rung:
            feed = self._feeds.get(self._rung.popleft())
            if feed is not None:
                feed.bell.set()
