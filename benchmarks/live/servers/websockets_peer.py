"""The package `websockets`, with its `broadcast`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

sys.path.insert(0, str(Path(__file__).parent))

from event import text

clients: set[ServerConnection] = set()
seq = 0


async def handle(client: ServerConnection) -> None:
    """One client."""
    global seq
    clients.add(client)
    with suppress(ConnectionClosed):
        async for _ in client:
            seq += 1
            broadcast(clients, text(seq))
    clients.discard(client)


async def main() -> None:
    """Serve until ended."""
    async with serve(handle, "127.0.0.1", 0, compression=None, backlog=4096) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
