"""The package `picows` on uvloop."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

sys.path.insert(0, str(Path(__file__).parent))

from event import text

clients: set[WSTransport] = set()
seq = 0


class Handler(WSListener):
    """One client."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        clients.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        clients.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        global seq
        if frame.msg_type == WSMsgType.TEXT:
            seq += 1
            data = text(seq).encode()
            for one in clients:
                one.send(WSMsgType.TEXT, data)
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


def listener(_request: WSUpgradeRequest) -> WSListener:
    """A handler for the next client."""
    return Handler()


async def main() -> None:
    """Serve until ended."""
    server = await ws_create_server(listener, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
