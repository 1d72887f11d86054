"""WebSocket frames by RFC 6455: what a server sends, and what it may be sent.

Frames from a server are not masked, so one encoded event serves every client.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

NORMAL, GOING_AWAY, PROTOCOL_ERROR, NO_STATUS, BAD_DATA = 1000, 1001, 1002, 1005, 1007
POLICY, TOO_BIG, SERVER_FAULT, RESTARTING, TRY_LATER = 1008, 1009, 1011, 1012, 1013

_FINAL, _RESERVED, _MASKED, _CONTROL = 0x80, 0x70, 0x80, 0x8
_LONGEST_CONTROL = 125
_CODES_FOR_THE_WIRE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


class FrameError(Exception):
    """A client broke the protocol; `code` is the close code that says how."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message or a control frame, unmasked."""

    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int:
        """The code of a close frame, 1005 where the client gave none."""
        return int.from_bytes(self.payload[:2]) if self.payload else NO_STATUS


def frame(opcode: int, payload: bytes) -> bytes:
    """One final, unmasked frame."""
    size = len(payload)
    if size <= _LONGEST_CONTROL:
        head = bytes((_FINAL | opcode, size))
    elif size < 1 << 16:
        head = bytes((_FINAL | opcode, 126)) + size.to_bytes(2)
    else:
        head = bytes((_FINAL | opcode, 127)) + size.to_bytes(8)
    return head + payload


def text_frame(text: str) -> bytes:
    """A text message in one frame."""
    return frame(TEXT, text.encode())


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; the reason is cut to what a control frame can hold."""
    if code == NO_STATUS:
        return frame(CLOSE, b"")
    cut = reason.encode()[: _LONGEST_CONTROL - 2].decode(errors="ignore").encode()
    return frame(CLOSE, code.to_bytes(2) + cut)


SIGN_OF_LIFE = frame(PING, b"") + frame(TEXT, b'{"type":"feed.alive"}')
"""A ping, and the same in words for scripts in a browser, which never see a ping."""


class Reader:
    """Turns what a client sends, in pieces of any size, into messages; `limit` bounds one message."""

    __slots__ = ("_limit", "_opcode", "_parts", "_size", "_waiting")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting = b""
        self._opcode = CONTINUATION
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is half read."""
        return not self._waiting and self._opcode == CONTINUATION

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes.  Raises `FrameError` where the client broke the protocol."""
        self._waiting = waiting = self._waiting + data if self._waiting else data
        messages: list[Message] = []
        start = 0
        while (one := self._frame(waiting, start)) is not None:
            start, first, payload = one
            message = self._take(first, payload)
            if message is not None:
                messages.append(message)
                if message.opcode == CLOSE:
                    start = len(waiting)
                    break
        self._waiting = waiting[start:]
        return messages

    def _frame(self, data: bytes, start: int) -> tuple[int, int, bytes] | None:
        """Where the frame at `start` ends, its first byte and its unmasked payload; None while it is incomplete."""
        if len(data) - start < 2:
            return None
        first, second = data[start], data[start + 1]
        self._check_head(first, second)
        size, at = second & 0x7F, start + 2
        if size > _LONGEST_CONTROL:
            width = 2 if size == 126 else 8
            if len(data) - at < width:
                return None
            size = int.from_bytes(data[at : at + width])
            at += width
            if size < (126 if width == 2 else 1 << 16):
                raise FrameError(PROTOCOL_ERROR, "the length of a frame is not in its shortest form")
        if not first & _CONTROL and self._size + size > self._limit:
            raise FrameError(TOO_BIG, f"a message may have {self._limit} bytes")
        if len(data) - at < 4 + size:
            return None
        end = at + 4 + size
        return end, first, _unmasked(data[at + 4 : end], data[at : at + 4])

    def _check_head(self, first: int, second: int) -> None:
        opcode = first & 0x0F
        if first & _RESERVED:
            raise FrameError(PROTOCOL_ERROR, "a reserved bit is set and no extension was agreed")
        if not second & _MASKED:
            raise FrameError(PROTOCOL_ERROR, "a frame from a client must be masked")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise FrameError(PROTOCOL_ERROR, f"there is no opcode {opcode}")
        if opcode & _CONTROL:
            if not first & _FINAL or second & 0x7F > _LONGEST_CONTROL:
                raise FrameError(PROTOCOL_ERROR, "a control frame is whole and has 125 bytes at most")
        elif (opcode == CONTINUATION) != (self._opcode != CONTINUATION):
            raise FrameError(PROTOCOL_ERROR, "the pieces of a message do not follow one another")

    def _take(self, first: int, payload: bytes) -> Message | None:
        opcode = first & 0x0F
        if opcode & _CONTROL:
            if opcode == CLOSE:
                _check_close(payload)
            return Message(opcode, payload)
        if opcode != CONTINUATION:
            self._opcode = opcode
        self._parts.append(payload)
        self._size += len(payload)
        if not first & _FINAL:
            return None
        message = Message(self._opcode, b"".join(self._parts))
        self._opcode, self._parts, self._size = CONTINUATION, [], 0
        if message.opcode == TEXT:
            _check_utf8(message.payload)
        return message


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    whole = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(whole)).to_bytes(size)


def _check_close(payload: bytes) -> None:
    if not payload:
        return
    code = int.from_bytes(payload[:2])
    if len(payload) == 1 or not (code in _CODES_FOR_THE_WIRE or 3000 <= code < 5000):
        raise FrameError(PROTOCOL_ERROR, "the close frame has no valid code")
    _check_utf8(payload[2:])


def _check_utf8(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise FrameError(BAD_DATA, "a text is not UTF-8") from None
