"""What a message to everybody costs: all servers at once, each with its own clients, measured in turns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from benchmarks.live.crowd import Crowd
from benchmarks.live.peers import KINDS, Kind, Running, running

PAUSE = 0.5


@dataclass
class Row:
    """One server, what was measured of it, and its clients."""

    server: Running
    crowd: Crowd
    idle_bytes: float = 0.0
    """Memory for each idle connection."""
    handshake: float = 0.0
    """Seconds of processor time for each handshake."""
    costs: list[float] = field(default_factory=list)
    """Seconds of processor time for each delivered message, of every turn."""
    seq: int = 0

    @property
    def name(self) -> str:
        return self.server.kind.name

    @property
    def cost(self) -> float:
        """Of the median turn."""
        return median(self.costs)

    def settle(self, clients: int) -> None:
        """Let the clients in, and see what they cost while they are idle."""
        memory, used = self.server.memory(), self.server.cpu()
        self.crowd.connect(clients, self.server.kind.path)
        self.handshake = (self.server.cpu() - used) / clients
        time.sleep(PAUSE)  # some let a client in before they have written it down
        self.idle_bytes = (self.server.memory() - memory) / clients

    def turn(self, messages: int) -> None:
        """Have so many events sent, each once the one before has reached everybody."""
        before, used = self.crowd.messages, self.server.cpu()
        for _ in range(messages):
            self.emit()
        self.costs.append((self.server.cpu() - used) / (self.crowd.messages - before))

    def emit(self) -> None:
        """Have the next event sent, and wait until everybody has it."""
        self.seq += 1
        self.crowd.sent[self.seq] = time.monotonic()
        self.crowd.say("emit")
        self.crowd.until_seen(self.seq)


@contextmanager
def rows(kinds: tuple[Kind, ...] = KINDS) -> Iterator[tuple[list[Row], list[str]]]:
    """The servers that can be started, and the names of those that cannot."""
    with ExitStack() as stack:
        found, missing = [], []
        for kind in kinds:
            server = stack.enter_context(running(kind))
            if server is None:
                missing.append(kind.name)
                continue
            row = Row(server, Crowd(server.port))
            stack.callback(row.crowd.close)
            found.append(row)
        yield found, missing


def measure(found: list[Row], *, clients: int, turns: int, messages: int) -> None:
    """Fill the rows in."""
    for row in found:
        row.settle(clients)
        row.turn(messages)
        row.costs.clear()
        answer_pings(found)
    for number in range(turns):
        # Forwards and backwards, so that nobody always comes after the same.
        for row in found if number % 2 else reversed(found):
            row.turn(messages)
            answer_pings(found)


def answer_pings(found: list[Row]) -> None:
    """Let those who wait for their turn tell their servers that they are there."""
    for row in found:
        while row.crowd.pump(0):
            pass
