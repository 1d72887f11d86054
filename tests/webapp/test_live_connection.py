"""One client's socket: what is sent at once, what waits, who is given up on."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.webapp.test_live_frames import masked
from webapp.live import frames
from webapp.live.connection import BACKLOG_BYTES, FLOOD_BYTES, Connection
from webapp.live.frames import Message

BIG = frames.frame(frames.BINARY, b"x" * 60_000)


class Watcher:
    """An owner and an audience that write down what they are told."""

    def __init__(self) -> None:
        self.writable = False
        self.left = self.lost = self.slow = False
        self.messages: list[Message] = []

    def watch(self, connection: Connection, *, writable: bool) -> None:
        self.writable = writable

    def overtaken(self, connection: Connection) -> None:
        self.slow = True

    def leaving(self, connection: Connection) -> None:
        self.left = True

    def gone(self, connection: Connection) -> None:
        self.lost = True

    def leave(self, connection: Connection) -> None:
        self.left = True

    def heard(self, connection: Connection, message: Message) -> None:
        self.messages.append(message)


class Line:
    """A connection, its owner, and the client's end."""

    def __init__(self) -> None:
        ours, self.client = socket.socketpair()
        ours.setblocking(False)
        self.client.settimeout(0.2)
        self.owner = Watcher()
        self.connection = Connection(ours.detach(), self.owner, limit=1000)
        self.connection.member = self.owner

    def say(self, data: bytes) -> None:
        self.client.sendall(data)
        self.connection.receive()

    def hear(self) -> bytes:
        """Everything that was sent to the client, sending on what waits."""
        heard = bytearray()
        while True:
            try:
                data = self.client.recv(1 << 20)
            except TimeoutError:
                return bytes(heard)
            if not data:
                return bytes(heard)
            heard += data
            if self.owner.writable:
                self.connection.flush()

    def fill(self) -> int:
        """Send until the socket takes no more; how many frames it were."""
        count = 0
        while not self.owner.writable:
            self.connection.send(BIG)
            count += 1
        return count


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.connection.drop()
    line.client.close()


def test_what_the_socket_takes_does_not_wait(line: Line) -> None:
    line.connection.send(frames.text_frame("hello"))
    assert not line.owner.writable
    assert line.hear() == frames.text_frame("hello")


def test_what_waits_comes_whole_and_in_order(line: Line) -> None:
    count = line.fill()
    for number in range(5):
        line.connection.send(frames.text_frame(f"late {number}"))
    assert line.hear() == BIG * count + b"".join(frames.text_frame(f"late {number}") for number in range(5))
    assert not line.owner.writable


def test_a_slow_client_is_told_to_come_back_after_the_frame_that_was_half_sent(line: Line) -> None:
    count = line.fill()
    for _ in range(BACKLOG_BYTES // len(BIG) + 1):
        line.connection.send(BIG)
    assert line.connection.closing
    assert line.owner.left
    assert line.owner.slow
    heard = line.hear()
    assert heard.startswith(BIG * count)
    assert heard[len(BIG) * count :].startswith(frames.close_frame(frames.TRY_LATER)[:1])
    assert int.from_bytes(heard[len(BIG) * count + 2 :][:2], "big") == 1013
    line.connection.send(b"nothing more")
    assert line.hear() == b""


def test_one_frame_may_be_larger_than_the_backlog(line: Line) -> None:
    huge = frames.frame(frames.BINARY, b"x" * (BACKLOG_BYTES * 3))
    line.connection.send(huge)
    assert not line.connection.closing
    assert line.hear() == huge


def test_a_ping_is_answered_with_what_it_said(line: Line) -> None:
    line.say(masked(0x89, b"are you there"))
    assert line.hear() == frames.frame(frames.PONG, b"are you there")


def test_a_close_is_answered_with_its_code(line: Line) -> None:
    line.say(masked(0x88, (1001).to_bytes(2, "big") + b"bye"))
    assert line.owner.lost
    assert line.hear() == frames.close_frame(1001)


def test_messages_are_passed_on(line: Line) -> None:
    line.say(masked(0x01, b"a") + masked(0x80, b"b")[:3])
    line.say(masked(0x80, b"b")[3:])
    assert line.owner.messages == [Message(frames.TEXT, b"ab")]


@pytest.mark.parametrize(("data", "code"), [(masked(0x83, b""), 1002), (masked(0x82, b"", size=1001), 1009)])
def test_a_broken_protocol_is_answered_with_its_code(line: Line, data: bytes, code: int) -> None:
    line.say(data)
    assert line.connection.closing
    assert not line.owner.lost
    line.say(b"whatever still comes is read and let go")
    line.say(masked(0x88, code.to_bytes(2, "big")))
    assert int.from_bytes(line.hear()[2:4], "big") == code


def test_the_answer_to_our_close_ends_it(line: Line) -> None:
    line.connection.close(frames.RESTARTING)
    line.say(masked(0x81, b"crossing") + masked(0x88, (1012).to_bytes(2, "big")))
    assert line.owner.lost
    assert line.owner.messages == []


def test_a_client_that_is_gone_is_dropped(line: Line) -> None:
    line.client.close()
    line.connection.receive()
    assert line.owner.lost
    line.connection.send(b"to nobody")


def test_a_client_that_went_is_noticed_when_it_is_sent_to(line: Line) -> None:
    line.client.close()
    line.connection.send(b"to nobody")
    assert line.owner.lost


def test_silence_between_two_pings_ends_it(line: Line) -> None:
    line.connection.ping()
    line.say(masked(0x8A, b""))
    line.connection.ping()
    assert not line.owner.lost
    line.connection.ping()
    assert line.owner.lost
    assert line.hear() == frames.SIGN_OF_LIFE * 2


def test_a_flood_is_refused(line: Line) -> None:
    message = masked(0x82, b"x" * 900)
    for _ in range(FLOOD_BYTES // len(message) + 1):
        assert not line.connection.closing
        line.say(message)
    assert int.from_bytes(line.hear()[2:4], "big") == 1008
