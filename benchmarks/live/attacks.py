"""Clients that mean no good: noise, floods, handshakes that never end, other sites, dead sign-ins.

They have a process of their own.  Each kind has its turn, so many attacks a second; what counts is that the server
refuses or ends every one of them.
"""

from __future__ import annotations

import json
import re
import select
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from random import Random
from socket import create_connection, socket

from benchmarks.live.wire import handshake, masked
from webapp.auth import links
from webapp.auth import sign_ins as access
from webapp.live import frames
from webapp.live.connection import FLOOD_BYTES
from webapp.store import open_store

DAY = timedelta(days=1)
PATIENCE = 5.0
SLOW_SECONDS = 18.0
"""A handshake that has not ended is to be ended by then: the server waits fifteen seconds."""
MOST_SLOW = 300
"""How many handshakes hang at once."""
_UNMASKED = bytes((0x81, 1)) + b"x"
_CLOSE = re.compile(rb"\x88.\x03", re.DOTALL)
"""How a close frame begins; nothing that the server says in words holds these bytes."""


@dataclass(frozen=True)
class Aim:
    """What is attacked, and with what."""

    port: int
    feed: str
    """Where attendees connect."""
    drafts: str
    """Where editors connect."""
    cookies: dict[str, str]
    """Sign-ins that are no good: `made up`, `ended`, `expired`; and `stolen`, which is, on our own pages."""
    per_second: float
    seconds: float
    """The longest that it may take."""


@dataclass
class Toll:
    """What came of it, by kind of attack."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def all_refused(self) -> bool:
        return self.tried.total() > 0 and self.tried == self.refused

    def add(self, other: Toll) -> None:
        self.tried += other.tried
        self.refused += other.refused


class Attacker:
    """Attacks in turns, on one thread."""

    def __init__(self, aim: Aim) -> None:
        self.aim = aim
        self.toll = Toll()
        self._chance = Random(aim.port)
        self._slow: deque[tuple[float, socket]] = deque()

    def attack(self, stop: Callable[[], bool]) -> Toll:
        """Attack until told to stop, or until time is up."""
        kinds: dict[str, Callable[[], bool]] = {"noise": self._noise, "flood": self._flood, "another site": self._site}
        for name, cookie in self.aim.cookies.items():
            kinds[f"sign-in {name}"] = lambda name=name, cookie=cookie: self._sign_in(name, cookie)  # type: ignore[misc]
        began = time.monotonic()
        number = 0
        while not stop() and time.monotonic() - began < self.aim.seconds:
            for name, kind in kinds.items():
                self.toll.tried[name] += 1
                self.toll.refused[name] += kind()
                self._dawdle()
                number += 1
                time.sleep(max(0.0, began + number / self.aim.per_second - time.monotonic()))
        for _, one in self._slow:
            one.close()
        return self.toll

    def _noise(self) -> bool:
        """Bytes that begin like frames, or not at all, and something that surely breaks the rules."""
        with self._joined() as one, suppress(OSError):
            for _ in range(self._chance.randrange(1, 6)):
                frame = masked(self._chance.randrange(16), self._chance.randbytes(self._chance.randrange(100)))
                one.sendall(self._chance.choice([frame[:-1], self._chance.randbytes(200)]))
            one.sendall(_UNMASKED * 3000)  # more than the longest message, so that no half frame takes it all in
            return ends(one)
        return True

    def _flood(self) -> bool:
        """More than anybody may say between two pings."""
        message = masked(frames.BINARY, b"x" * 100) * 100
        with self._joined() as one, suppress(OSError):
            for _ in range(2 * FLOOD_BYTES // len(message)):
                one.sendall(message)
            return ends(one)
        return True

    def _site(self) -> bool:
        return self._refused(self.aim.feed, "Origin: https://elsewhere.example\r\n")

    def _sign_in(self, name: str, cookie: str) -> bool:
        origin = "https://elsewhere.example" if name == "stolen" else f"http://127.0.0.1:{self.aim.port}"
        return self._refused(self.aim.drafts, f"Origin: {origin}\r\nCookie: callboard_session={cookie}\r\n")

    def _refused(self, path: str, headers: str) -> bool:
        request = handshake(self.aim.port, path).removesuffix(b"\r\n") + headers.encode() + b"\r\n"
        with create_connection(("127.0.0.1", self.aim.port), PATIENCE) as one:
            one.sendall(request)
            return one.recv(64).split(b" ")[1] in (b"401", b"403")

    def _dawdle(self) -> None:
        """Begin another handshake, say a little more of all that hang, and see whether the oldest have been ended."""
        if len(self._slow) < MOST_SLOW:
            one = create_connection(("127.0.0.1", self.aim.port), PATIENCE)
            one.sendall(handshake(self.aim.port, self.aim.feed).removesuffix(b"\r\n") + b"X-Slow: ")
            self._slow.append((time.monotonic(), one))
        with suppress(OSError):
            self._chance.choice(self._slow)[1].send(b"x")
        while self._slow and time.monotonic() - self._slow[0][0] > SLOW_SECONDS:
            _, oldest = self._slow.popleft()
            self.toll.tried["handshake that never ends"] += 1
            self.toll.refused["handshake that never ends"] += ends(oldest)
            oldest.close()

    @contextmanager
    def _joined(self) -> Iterator[socket]:
        with create_connection(("127.0.0.1", self.aim.port), PATIENCE) as one:
            one.sendall(handshake(self.aim.port, self.aim.feed))
            one.recv(4096)
            yield one


def ends(one: socket) -> bool:
    """Whether the server says goodbye, or ends the connection; reads whatever comes before."""
    one.settimeout(PATIENCE)
    told = b""
    try:
        while not _CLOSE.search(told) and (data := one.recv(1 << 16)):
            told = told[-2:] + data
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def sign_ins(database: str) -> dict[str, str]:
    """Cookies of browsers: one that holds, as somebody might steal it, and three that do not."""
    store = open_store(database)
    try:
        found = {"made up": "cbs_" + "x" * 43}
        for name, lifetime in {"stolen": DAY, "ended": DAY, "expired": -DAY}.items():
            found[name] = links.redeem(store, links.create(store, "editor"), lifetime=lifetime) or ""
        access.end(store, found["ended"])
        return found
    finally:
        store.close()


@contextmanager
def attacking(aim: Aim) -> Iterator[Toll]:
    """Attack for as long as the block runs; what came of it is known afterwards."""
    toll = Toll()
    command = [sys.executable, "-m", "benchmarks.live.attacks", json.dumps(asdict(aim))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield toll
        told, _ = process.communicate(timeout=4 * PATIENCE)
        found = json.loads(told)
        toll.add(Toll(Counter(found["tried"]), Counter(found["refused"])))
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def main() -> None:
    """Attack until standard input ends."""
    attacker = Attacker(Aim(**json.loads(sys.argv[1])))
    toll = attacker.attack(lambda: bool(select.select([sys.stdin], [], [], 0)[0]))
    print(json.dumps({"tried": toll.tried, "refused": toll.refused}))


if __name__ == "__main__":
    main()
