"""A program that does for the tests what a proxy does in front of Callboard: TLS outside, `X-Forwarded-*` inside.

`tls_terminator.py PORT BACKEND_PORT CERTIFICATE KEY`.  It answers one request for each connection, or carries a socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import sys
from collections.abc import Awaitable, Callable

HOP = re.compile(rb"\r\n(?:X-Forwarded-[^:]*|Connection):[^\r]*", re.IGNORECASE)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def handler(backend: int) -> Handler:
    """What is done with a connection whose TLS is settled."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", backend)
            inner_writer.write(forwarded(head, writer.get_extra_info("peername")[0]))
            await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    return handle


def forwarded(head: bytes, client: str) -> bytes:
    """A request's head as the server behind is to have it: nothing that a client says of itself is believed."""
    host = re.search(rb"\r\nHost: *([^\r]*)", head, re.IGNORECASE)
    assert host is not None
    connection = b"Upgrade" if re.search(rb"\r\nUpgrade:", head, re.IGNORECASE) else b"close"
    said = {b"For": client.encode(), b"Proto": b"https", b"Host": host[1]}
    lines = b"".join(b"\r\nX-Forwarded-%s: %s" % one for one in said.items())
    return HOP.sub(b"", head[:-4]) + lines + b"\r\nConnection: " + connection + b"\r\n\r\n"


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, to the end."""
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


async def main(port: int, backend: int, certificate: str, key: str) -> None:
    """Serve until ended."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(handler(backend), "127.0.0.1", port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]))
