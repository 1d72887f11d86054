"""The floor: sockets in a list, and a loop that writes to each of them.  Nothing can cost less in Python."""

from __future__ import annotations

import os
import select
import socket
import sys
from base64 import b64encode
from hashlib import sha1
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from event import text

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes) -> bytes:
    """A text message."""
    size = len(payload)
    return bytes((0x81, 126)) + size.to_bytes(2) + payload if size > 125 else bytes((0x81, size)) + payload


def accept(listener: socket.socket) -> int:
    """The descriptor of the next client, its handshake done."""
    client = listener.accept()[0]
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(4096)
    key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    answer = b64encode(sha1(key + GUID).digest())
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + answer + b"\r\n\r\n"
    )
    return client.detach()


def has_spoken(fd: int) -> bool:
    """Whether a client said something; False when it is gone."""
    try:
        return bool(os.read(fd, 4096))
    except ConnectionResetError:
        return False


def main() -> None:
    """Serve until ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    ready = select.epoll()
    ready.register(listener.fileno(), select.EPOLLIN)
    clients: list[int] = []
    seq = 0
    while True:
        for fd, _ in ready.poll():
            if fd == listener.fileno():
                clients.append(accept(listener))
                ready.register(clients[-1], select.EPOLLIN)
            elif has_spoken(fd):
                seq += 1
                data = frame(text(seq).encode())
                for one in clients:
                    os.write(one, data)
            else:
                ready.unregister(fd)
                clients.remove(fd)
                os.close(fd)


if __name__ == "__main__":
    main()
