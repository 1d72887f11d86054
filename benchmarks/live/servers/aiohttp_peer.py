"""The package `aiohttp`: a loop over its sockets."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

from aiohttp import WSMsgType, web

sys.path.insert(0, str(Path(__file__).parent))

from event import text

clients: set[web.WebSocketResponse] = set()
seq = 0


async def handle(request: web.Request) -> web.WebSocketResponse:
    """One client."""
    global seq
    client = web.WebSocketResponse(compress=False)
    await client.prepare(request)
    clients.add(client)
    try:
        async for message in client:
            if message.type == WSMsgType.TEXT:
                seq += 1
                told = text(seq)
                for one in tuple(clients):
                    await one.send_str(told)
    finally:
        clients.discard(client)
    return client


async def main() -> None:
    """Serve until ended."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    await web.SockSite(runner, listener).start()
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
