"""What a client may send, by RFC 6455, whole, in pieces, and wrong."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from webapp.live import frames
from webapp.live.frames import FrameError, Message, Reader

LIMIT = 100_000


def masked(first: int, payload: bytes, *, size: int | None = None, mask: bytes = b"\x11\x22\x33\x44") -> bytes:
    """One frame as a client sends it; `size` lies about its length."""
    length = len(payload) if size is None else size
    if length < 126:
        head = bytes((first, 0x80 | length))
    elif length < 1 << 16:
        head = bytes((first, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + length.to_bytes(8, "big")
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def read(*pieces: bytes, limit: int = LIMIT) -> list[Message]:
    reader = Reader(limit)
    return [message for piece in pieces for message in reader.feed(piece)]


def code_of(*pieces: bytes, limit: int = LIMIT) -> int:
    with pytest.raises(FrameError) as caught:
        read(*pieces, limit=limit)
    return caught.value.code


@given(st.lists(st.binary(max_size=300) | st.text(max_size=300), max_size=5), st.integers(1, 40))
def test_what_another_implementation_sends_is_read_in_pieces_of_any_size(
    messages: list[bytes | str], piece: int
) -> None:
    client = Connection(ConnectionType.CLIENT)
    sent = b"".join(
        client.send(TextMessage(data=one) if isinstance(one, str) else BytesMessage(data=one)) for one in messages
    )
    received = read(*(sent[start : start + piece] for start in range(0, len(sent), piece)))
    assert received == [
        Message(frames.TEXT, one.encode()) if isinstance(one, str) else Message(frames.BINARY, one) for one in messages
    ]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_what_we_send_is_read_by_another_implementation(size: int) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(frames.text_frame("é" * (size // 2) + "x" * (size % 2)) + frames.frame(frames.PING, b""))
    told = list(client.events())
    assert "".join(one.data for one in told if isinstance(one, TextMessage)).encode() == (
        "é" * (size // 2)
    ).encode() + (b"x" * (size % 2))
    assert isinstance(told[-1], Ping)
    client.receive_data(frames.frame(frames.PONG, b"p") + frames.close_frame(frames.RESTARTING, "soon back"))
    pong, close = client.events()
    assert isinstance(pong, Pong)
    assert pong.payload == b"p"
    assert isinstance(close, CloseConnection)
    assert (close.code, close.reason) == (1012, "soon back")


def test_pieces_of_a_message_are_joined_and_control_frames_may_come_between() -> None:
    told = read(masked(0x01, b"a"), masked(0x89, b"ping"), masked(0x00, b"b"), masked(0x80, b"c"))
    assert told == [Message(frames.PING, b"ping"), Message(frames.TEXT, b"abc")]


def test_a_character_may_be_cut_in_two() -> None:
    assert read(masked(0x01, "é".encode()[:1]), masked(0x80, "é".encode()[1:])) == [Message(frames.TEXT, "é".encode())]


def test_nothing_after_a_close_is_read() -> None:
    told = read(masked(0x88, (1001).to_bytes(2, "big") + b"bye") + masked(0x81, b"late"))
    assert [message.close_code for message in told] == [1001]


def test_a_close_without_a_code() -> None:
    assert read(masked(0x88, b""))[0].close_code == 1005


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bytes((0x81, 0x01)) + b"a", id="not masked"),
        pytest.param(masked(0xC1, b"a"), id="a reserved bit"),
        pytest.param(masked(0x83, b"a"), id="an opcode that does not exist"),
        pytest.param(masked(0x8B, b"a"), id="a control opcode that does not exist"),
        pytest.param(masked(0x09, b"a"), id="a control frame in pieces"),
        pytest.param(masked(0x89, b"a" * 126), id="a control frame that is too long"),
        pytest.param(masked(0x80, b"a"), id="a continuation of nothing"),
        pytest.param(masked(0x01, b"a") + masked(0x81, b"b"), id="a message inside a message"),
        pytest.param(masked(0x88, b"a"), id="half a close code"),
        pytest.param(masked(0x88, (1005).to_bytes(2, "big")), id="a close code that is never sent"),
        pytest.param(masked(0x88, (999).to_bytes(2, "big")), id="a close code that does not exist"),
        pytest.param(bytes((0x81, 0xFE, 0, 5)) + bytes(9), id="a long form for a short length"),
        pytest.param(bytes((0x81, 0xFF)) + (500).to_bytes(8, "big") + bytes(504), id="the longest form"),
    ],
)
def test_a_broken_protocol_is_1002(data: bytes) -> None:
    assert code_of(data) == 1002


@pytest.mark.parametrize("data", [masked(0x81, b"\xff"), masked(0x88, (1000).to_bytes(2, "big") + b"\xff")])
def test_text_that_is_not_utf8_is_1007(data: bytes) -> None:
    assert code_of(data) == 1007


def test_a_message_that_is_too_long_is_1009_before_it_has_come() -> None:
    assert code_of(masked(0x82, b"", size=11), limit=10) == 1009
    assert code_of(masked(0x02, b"a" * 6), masked(0x80, b"a" * 6), limit=10) == 1009
    assert code_of(masked(0x82, b"", size=1 << 62), limit=LIMIT) == 1009
    assert len(read(masked(0x82, b"a" * 10), limit=10)) == 1


def test_a_reader_is_idle_only_between_messages() -> None:
    reader = Reader(LIMIT)
    for data, idle in ((b"\x01", False), (masked(0x01, b"a")[1:], False), (masked(0x80, b"b"), True)):
        reader.feed(data)
        assert reader.idle == idle


def test_a_reason_is_cut_to_what_a_control_frame_holds() -> None:
    sent = frames.close_frame(1013, "é" * 100)
    assert len(sent) <= 2 + 125
    assert sent[4:].decode() == "é" * 61


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    reader = Reader(64)
    try:
        for start in range(0, len(data), 7):
            reader.feed(data[start : start + 7])
    except FrameError as error:
        assert error.code in (1002, 1007, 1009)  # noqa: PT017 - most inputs are refused, not all


def test_masks_are_undone_for_every_length() -> None:
    for size in (*range(20), 1000):
        payload = os.urandom(size)
        assert read(masked(0x82, payload, mask=os.urandom(4)))[0].payload == payload
