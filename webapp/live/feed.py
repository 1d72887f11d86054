"""The feed of one schedule: the log is read once, each event is encoded once, everybody gets the same bytes.

A client that comes back says the last `seq` it saw; it is answered from a ring of recent frames, else from
the log, else with `feed.reload`.  Nothing is sent that is not in the log, so a late join equals a fresh read.
"""

from __future__ import annotations

import json
import logging
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import gevent
from gevent.event import Event as Bell
from gevent.lock import BoundedSemaphore

from webapp.live.connection import Connection
from webapp.live.frames import Message, text_frame
from webapp.live.tickets import Tickets

Event = dict[str, Any]
Frame = tuple[int, bytes]
"""An event's `seq`, and the event as it is sent."""
Broadcast = Callable[[Sequence[Connection], bytes], None]

Told = Callable[[float], None]
"""Hears, for each event, how many seconds after its time it had been sent to everybody."""

PUBLIC, EDITORS = "live", "collab"
LOOK_SECONDS = 1.5
"""How often the log is read although no bell has rung: other processes write to it too."""
BATCH = 500
RING_FRAMES = 2048
RING_BYTES = 2 * 1024 * 1024
REPLAY_BYTES = 192 * 1024
"""The longest replay; beyond it a fresh read is cheaper for both sides."""
REPLAYS = 32
"""How many different replays are kept."""
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

    def now(self, schedule_id: str) -> Event | None: ...


class Audience:
    """Those who see the same view of the events, and the recent frames they were sent."""

    def __init__(self, view: Callable[[Event], Event | None], head: int, last: int) -> None:
        self._members: dict[Connection, None] = {}
        self._listed: tuple[Connection, ...] | None = ()
        self.floor = head
        """The ring holds every frame after this `seq`."""
        self.last = last
        """The last `seq` that this audience may know of."""
        self._view = view
        self._seqs: list[int] = []
        self._ring: list[bytes] = []
        self._bytes = 0
        self._replays: dict[int, bytes | None] = {}

    @property
    def members(self) -> tuple[Connection, ...]:
        """Those who are there, in the order in which they came."""
        if self._listed is None:
            self._listed = tuple(self._members)
        return self._listed

    def join(self, connection: Connection) -> None:
        """Count somebody in."""
        self._members[connection] = None
        self._listed = None

    def leave(self, connection: Connection) -> None:
        """Count somebody out."""
        if connection in self._members:
            del self._members[connection]
            self._listed = None

    def heard(self, connection: Connection, message: Message) -> None:
        """What an attendee says is read and let go; editors are listened to elsewhere."""

    def encode(self, events: Iterable[Event]) -> Iterator[Frame]:
        """The events this audience may see, as frames."""
        for event in events:
            shown = self._view(event)
            if shown is not None:
                yield event["seq"], _encoded(shown)

    def take(self, events: Iterable[Event]) -> list[bytes]:
        """Put new events into the ring and return their frames."""
        fresh = list(self.encode(events))
        self._replays.clear()
        if fresh:
            self.last = fresh[-1][0]
        self._seqs += (seq for seq, _ in fresh)
        self._ring += (data for _, data in fresh)
        self._bytes += sum(len(data) for _, data in fresh)
        count = 0
        while len(self._ring) - count > RING_FRAMES or self._bytes > RING_BYTES:
            self.floor = self._seqs[count]
            self._bytes -= len(self._ring[count])
            count += 1
        del self._seqs[:count], self._ring[:count]
        return [data for _, data in fresh]

    def extend(self, after: int, older: list[Frame]) -> bool:
        """Put the frames between `after` and the floor into the ring as well; False if there is no room for them."""
        size = sum(len(data) for _, data in older)
        if len(older) + len(self._ring) > RING_FRAMES or size + self._bytes > RING_BYTES:
            return False
        self._seqs[:0] = [seq for seq, _ in older]
        self._ring[:0] = [data for _, data in older]
        self._bytes += size
        self.floor = after
        return True

    def since(self, seq: int) -> bytes | None:
        """The frames after `seq`, which is not before the floor, as one piece; None where that is too much.

        After a restart thousands ask for the same, so it is kept until the next event.
        """
        if seq not in self._replays:
            missed = self._ring[bisect_right(self._seqs, seq) :]
            if len(self._replays) >= REPLAYS:
                self._replays.clear()
            self._replays[seq] = b"".join(missed) if sum(map(len, missed)) <= REPLAY_BYTES else None
        return self._replays[seq]

    def restart(self, head: int, last: int) -> None:
        """Forget the ring: the log has jumped."""
        self._seqs.clear()
        self._ring.clear()
        self._replays.clear()
        self._bytes, self.floor, self.last = 0, head, last


class Feed:
    """Reads one schedule's log and keeps its two audiences current."""

    def __init__(
        self,
        schedule_id: str,
        events: Log,
        broadcast: Broadcast,
        tickets: Tickets | None = None,
        told: Told = lambda seconds: None,
    ) -> None:
        self.schedule_id = schedule_id
        self.bell = Bell()
        self._log = events
        self._broadcast = broadcast
        self._tickets = tickets
        self._told = told
        self._turn = BoundedSemaphore(1)
        self._reaching_back = BoundedSemaphore(1)
        self._joining = 0
        self._seq = -1
        self._audiences: dict[str, Audience] = {}
        self._rooms: list[Event] = []
        self._now = b""
        """What is on now and next in the rooms, as whoever joins is told it."""
        self._minute = -1
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
                audience.join(connection)
                connection.member = audience
                connection.send(self._ready(channel, audience) + replay + (self._now if channel == PUBLIC else b""))
        finally:
            self._joining -= 1

    def count(self, channel: str) -> int:
        """How many clients follow a channel."""
        return len(self._audiences[channel].members) if self._audiences else 0

    def keep_current(self) -> None:
        """Send new events as they come, for as long as anybody listens."""
        while True:
            self.bell.wait(min(LOOK_SECONDS, 60.05 - time.time() % 60))
            self.bell.clear()
            if not self._joining and not any(audience.members for audience in self._audiences.values()):
                return
            try:
                self._open()
                self._catch_up()
                if _this_minute() != self._minute:
                    with self._turn:
                        self._look_at_the_clock()
            except Exception:
                log.exception("the events of schedule %s could not be read; trying again", self.schedule_id)
                gevent.sleep(LOOK_SECONDS)

    def _ready(self, channel: str, audience: Audience) -> bytes:
        """The first message; for attendees with a ticket, by which they come back without a look-up."""
        told: Event = {"type": "feed.ready", "scheduleId": self.schedule_id, "lastSeq": audience.last}
        if channel == PUBLIC and self._tickets is not None:
            told["ticket"] = self._tickets.issue(self.schedule_id)
        return _encoded(told)

    def _open(self) -> None:
        with self._turn:
            if self._seq < 0:
                head = self._log.head(self.schedule_id)
                self._audiences = {
                    PUBLIC: Audience(self._log.public_view, head.seq, head.public),
                    EDITORS: Audience(lambda event: event, head.seq, head.seq),
                }
                self._seq = head.seq
                self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        """Tell attendees what is on now and next, if that is other than they were told."""
        self._minute = _this_minute()
        try:
            found = self._log.now(self.schedule_id) or {"at": None, "rooms": []}
        except Exception:
            log.exception("what is on now in schedule %s could not be read", self.schedule_id)
            return
        news, self._rooms = found["rooms"] != self._rooms, found["rooms"]
        if self._rooms:
            self._now = _encoded({"type": "feed.now", "scheduleId": self.schedule_id, **found})
            if news:
                self._broadcast(self._audiences[PUBLIC].members, self._now)

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
        deliveries = [(audience.members, audience.take(events)) for audience in self._audiences.values()]
        demands = list(_demands(events))
        is_public = bool(deliveries[0][1])
        for members, fresh in deliveries:
            for piece in _pieces(fresh + demands):
                self._broadcast(members, piece)
        for event in events:
            if "time" in event:
                self._told(time.time() - datetime.fromisoformat(event["time"]).timestamp())
        if is_public:
            self._look_at_the_clock()

    def _jump(self) -> None:
        """Older events than the next have left the log: whoever follows it reads the schedule afresh."""
        head = self._log.head(self.schedule_id)
        self._seq = head.seq
        for audience, last in zip(self._audiences.values(), (head.public, head.seq), strict=True):
            audience.restart(head.seq, last)
            self._broadcast(audience.members, self._reload)
        self._look_at_the_clock()

    def _replay(self, audience: Audience, after: int) -> bytes:
        """What a client that saw `after` has missed, up to this moment."""
        if after > self._seq:
            return self._reload
        before = b""
        if after < audience.floor:
            with self._reaching_back:
                # Whoever waited here finds that somebody else has read it.
                if after < audience.floor:
                    older = self._older(audience, after)
                    if older is None:
                        return self._reload
                    if not audience.extend(after, older):
                        before, after = b"".join(data for _, data in older), audience.floor
        replay = audience.since(after)
        return self._reload if replay is None or len(before) + len(replay) > REPLAY_BYTES else before + replay

    def _older(self, audience: Audience, after: int) -> list[Frame] | None:
        """What lies between `after` and the ring; None where it is not kept, or is more than a fresh read costs."""
        found: list[Frame] = []
        # The floor may rise while the log is read.
        while after < audience.floor:
            events = self._log.read(self.schedule_id, after, BATCH)
            if not events or events[0]["seq"] != after + 1:
                return None
            after = events[-1]["seq"]
            found += audience.encode(events)
            if sum(len(data) for _, data in found) > REPLAY_BYTES:
                return None
        return [(seq, data) for seq, data in found if seq <= audience.floor]


def _encoded(event: Event) -> bytes:
    return text_frame(json.dumps(event, ensure_ascii=False, separators=(",", ":")))


def _this_minute() -> int:
    return int(time.time() // 60)


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
