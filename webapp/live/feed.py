"""The feed of one schedule: the log is read once, each event is encoded once, everybody gets the same bytes.

A client that comes back says the last `seq` it saw; it is answered from a ring of recent frames, else from
the log, else with `feed.reload`.  Nothing is sent that is not in the log, so a late join equals a fresh read.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import gevent
from gevent.event import Event as Bell
from gevent.lock import BoundedSemaphore

from webapp.live.connection import Connection
from webapp.live.frames import Message, text_frame

Event = dict[str, Any]
Broadcast = Callable[[Collection[Connection], bytes], None]

PUBLIC, EDITORS = "live", "collab"
LOOK_SECONDS = 1.5
"""How often the log is read although no bell has rung: other processes write to it too."""
BATCH = 500
RING_FRAMES = 2048
RING_BYTES = 2 * 1024 * 1024
REPLAY_BYTES = 192 * 1024
"""The longest replay; beyond it a fresh read is cheaper for both sides."""
PIECE_BYTES = 64 * 1024

log = logging.getLogger(__name__)


class Head(NamedTuple):
    """Where a log ends: its last `seq`, and the last one that attendees may see (0 where there is none)."""

    seq: int
    public: int


class Log(Protocol):
    """The event log, as far as the feed needs it.  Reads may let other greenlets run."""

    def head(self, schedule_id: str) -> Head: ...

    def read(self, schedule_id: str, after: int, limit: int) -> list[Event]: ...

    def public_view(self, event: Event) -> Event | None: ...


class Audience:
    """Those who see the same view of the events, and the recent frames they were sent."""

    def __init__(self, view: Callable[[Event], Event | None], head: int, last: int) -> None:
        self.members: set[Connection] = set()
        self.floor = head
        """The ring holds every frame after this `seq`."""
        self.last = last
        """The last `seq` that this audience may know of."""
        self._view = view
        self._ring: deque[tuple[int, bytes]] = deque()
        self._bytes = 0

    def leave(self, connection: Connection) -> None:
        self.members.discard(connection)

    def heard(self, connection: Connection, message: Message) -> None:
        """Both channels only send for now: what a client says is read and let go."""

    def encode(self, events: Iterable[Event]) -> Iterator[tuple[int, bytes]]:
        """The events this audience may see, as frames."""
        for event in events:
            shown = self._view(event)
            if shown is not None:
                yield event["seq"], _encoded(shown)

    def take(self, events: Iterable[Event]) -> list[bytes]:
        """Put new events into the ring and return their frames."""
        fresh = list(self.encode(events))
        for seq, data in fresh:
            self.last = seq
            self._ring.append((seq, data))
            self._bytes += len(data)
        while len(self._ring) > RING_FRAMES or self._bytes > RING_BYTES:
            self.floor, data = self._ring.popleft()
            self._bytes -= len(data)
        return [data for _, data in fresh]

    def since(self, seq: int) -> list[bytes]:
        """The frames after `seq`, which is not before the floor."""
        return [data for at, data in self._ring if at > seq]

    def restart(self, head: int, last: int) -> None:
        """Forget the ring: the log has jumped."""
        self._ring.clear()
        self._bytes, self.floor, self.last = 0, head, last


class Feed:
    """Reads one schedule's log and keeps its two audiences current."""

    def __init__(self, schedule_id: str, events: Log, broadcast: Broadcast) -> None:
        self.schedule_id = schedule_id
        self.bell = Bell()
        self._log = events
        self._broadcast = broadcast
        self._turn = BoundedSemaphore(1)
        self._joining = 0
        self._seq = -1
        self._audiences: dict[str, Audience] = {}
        self._reload = _encoded({"type": "feed.reload", "scheduleId": schedule_id})

    def join(self, connection: Connection, channel: str, after: int | None) -> None:
        """Send `feed.ready`, then what happened after `after`, and every event from then on."""
        self._joining += 1
        try:
            self._open()
            audience = self._audiences[channel]
            if after is not None and after > self._seq:
                self._catch_up()
            replay = self._replay(audience, self._seq if after is None else after)
            if connection.fd >= 0 and not connection.closing:
                ready = {"type": "feed.ready", "scheduleId": self.schedule_id, "lastSeq": audience.last}
                audience.members.add(connection)
                connection.member = audience
                connection.send(b"".join((_encoded(ready), *replay)))
        finally:
            self._joining -= 1

    def keep_current(self) -> None:
        """Send new events as they come, for as long as anybody listens."""
        while True:
            self.bell.wait(LOOK_SECONDS)
            self.bell.clear()
            if not self._joining and not any(audience.members for audience in self._audiences.values()):
                return
            try:
                self._open()
                self._catch_up()
            except Exception:
                log.exception("the events of schedule %s could not be read; trying again", self.schedule_id)
                gevent.sleep(LOOK_SECONDS)

    def _open(self) -> None:
        with self._turn:
            if self._seq < 0:
                head = self._log.head(self.schedule_id)
                self._audiences = {
                    PUBLIC: Audience(self._log.public_view, head.seq, head.public),
                    EDITORS: Audience(lambda event: event, head.seq, head.seq),
                }
                self._seq = head.seq

    def _catch_up(self) -> None:
        with self._turn:
            while events := self._log.read(self.schedule_id, self._seq, BATCH):
                if events[0]["seq"] == self._seq + 1:
                    self._deliver(events)
                else:
                    self._jump()
                if len(events) < BATCH:
                    return

    def _deliver(self, events: list[Event]) -> None:
        self._seq = events[-1]["seq"]
        # A client that joins while this is being sent is not among these members: it gets the frames from the ring.
        deliveries = [(tuple(audience.members), audience.take(events)) for audience in self._audiences.values()]
        demands = list(_demands(events))
        for members, fresh in deliveries:
            for piece in _pieces(fresh + demands):
                self._broadcast(members, piece)
                gevent.sleep(0)

    def _jump(self) -> None:
        """Older events than the next have left the log: whoever follows it reads the schedule afresh."""
        head = self._log.head(self.schedule_id)
        self._seq = head.seq
        for audience, last in zip(self._audiences.values(), (head.public, head.seq), strict=True):
            audience.restart(head.seq, last)
            self._broadcast(tuple(audience.members), self._reload)

    def _replay(self, audience: Audience, after: int) -> list[bytes]:
        """What a client that saw `after` has missed, up to this moment."""
        if after > self._seq:
            return [self._reload]
        replay: list[bytes] = []
        while after < audience.floor:
            events = self._log.read(self.schedule_id, after, BATCH)
            if not events or events[0]["seq"] != after + 1:
                return [self._reload]
            events = [event for event in events if event["seq"] <= audience.floor]
            replay += (data for _, data in audience.encode(events))
            if sum(map(len, replay)) > REPLAY_BYTES:
                return [self._reload]
            after = events[-1]["seq"]
        replay += audience.since(after)
        return replay if sum(map(len, replay)) <= REPLAY_BYTES else [self._reload]


def _encoded(event: Event) -> bytes:
    return text_frame(json.dumps(event, ensure_ascii=False, separators=(",", ":")))


def _demands(events: Iterable[Event]) -> Iterator[bytes]:
    """What is said besides the events, to whoever is there, once: to read the schedule afresh, but not all at once."""
    for event in events:
        if event["type"] == "schedule.refreshed":
            told = {"type": "feed.reload", "scheduleId": event["scheduleId"], "spreadSeconds": event["spreadSeconds"]}
            yield _encoded(told)


def _pieces(fresh: list[bytes]) -> Iterator[bytes]:
    """Frames joined into writes of a sensible size."""
    piece: list[bytes] = []
    size = 0
    for data in fresh:
        if piece and size + len(data) > PIECE_BYTES:
            yield b"".join(piece)
            piece, size = [], 0
        piece.append(data)
        size += len(data)
    if piece:
        yield b"".join(piece)
