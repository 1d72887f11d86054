"""Clients that mean no good: noise, floods, handshakes that never end.  Those who mean well notice nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random

import pytest

from tests.webapp.feed_client import PATIENCE, Closed, FeedClient
from tests.webapp.test_live_frames import masked
from tests.webapp.test_live_hub import Server, running
from webapp.live.connection import FLOOD_BYTES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def schedule(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def hears_everything(server: Server, schedule: str, client: FeedClient, count: int) -> None:
    """Let so many events happen: the client has each at once, and in order."""
    for _ in range(count):
        seq = server.post(f"/emit/{schedule}")["seq"]
        began = time.monotonic()
        assert client.take(1)[0]["seq"] == seq
        assert time.monotonic() - began < 2


def gone(one: socket.socket) -> bool:
    """Whether the server has ended the connection; reads whatever came before."""
    one.settimeout(PATIENCE)
    try:
        while one.recv(1 << 16):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def noise(random: Random) -> bytes:
    """Bytes that begin like frames, or not at all."""
    if random.random() < 0.3:
        return random.randbytes(random.randrange(1, 400))
    size = random.choice([None, 0, 125, 126, 65_535, 65_536, 2**40, 2**63])
    frame = masked(random.randrange(256), random.randbytes(random.randrange(0, 200)), size=size)
    return frame[: random.randrange(1, len(frame) + 1)] + random.randbytes(random.randrange(3))


@pytest.mark.parametrize("seed", [1, 2])
def test_noise_ends_those_who_make_it(server: Server, schedule: str, seed: int) -> None:
    random = Random(seed)
    before = server.state()["clients"]
    with server.client(f"/live/{schedule}") as healthy, ExitStack() as stack:
        healthy.take(1)
        for number in range(60):
            loud = stack.enter_context(server.client(f"/live/{schedule}"))
            for _ in range(random.randrange(1, 6)):
                try:
                    loud.socket.sendall(noise(random))
                except OSError:
                    break
            loud.socket.close()
            if number % 10 == 0:
                hears_everything(server, schedule, healthy, 1)
        server.until(before + 1)
        hears_everything(server, schedule, healthy, 3)


def flood(client: FeedClient, message: bytes) -> None:
    """Say more than anybody may, then listen until the end."""
    for _ in range(FLOOD_BYTES // len(message) + 10):
        client.socket.sendall(message)
    while True:
        client.receive()


def test_floods_end_those_who_make_them(server: Server, schedule: str) -> None:
    message = masked(0x82, b"x" * 1000)
    with server.client(f"/live/{schedule}") as healthy, ExitStack() as stack:
        healthy.take(1)
        for _ in range(5):
            loud = stack.enter_context(server.client(f"/live/{schedule}"))
            loud.take(1)
            with pytest.raises((Closed, OSError), match=r"1008|reset|[Bb]roken"):
                flood(loud, message)
            hears_everything(server, schedule, healthy, 2)


def test_handshakes_that_never_end_are_ended(server: Server, schedule: str) -> None:
    """The server under test waits two seconds for a request, a Callboard fifteen."""
    with server.client(f"/live/{schedule}") as healthy, ExitStack() as stack:
        healthy.take(1)
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(100)]
        for one in slow:
            one.sendall(f"GET /live/{schedule} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n".encode())
        hears_everything(server, schedule, healthy, 3)
        with server.client(f"/live/{schedule}?after=3") as late:
            late.take(1)
            hears_everything(server, schedule, late, 1)
        assert all(map(gone, slow))
        hears_everything(server, schedule, healthy, 0)
        assert healthy.take(1)[0]["seq"] == 4
