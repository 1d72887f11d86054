"""The solver process: takes questions on a Unix socket and answers each from a child of its own.

It keeps the conferences it was asked about last, listens from its first moment (so that clients wait
rather than fail while it warms up), and never solves in its own thread: a ping is answered at once.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver import warm
from webapp.serving import solves, wire
from webapp.serving.parent import end_with_supervisor
from webapp.serving.sockets import make_folder
from webapp.serving.solver_client import GRACE_SECONDS, QUEUE_SECONDS

if TYPE_CHECKING:
    from solver.board import Board

CONFERENCES_KEPT = 16
BOARDS_KEPT = 6
SOLVES_AT_ONCE = 2
WAITING_AT_MOST = 16
_READ_BYTES = 1 << 18
_TICK_SECONDS = 0.5
_ALTERNATIVES_AT_MOST = 100
_DEPTH_AT_MOST = 10

Message = dict[str, Any]


@dataclass(eq=False)
class Client:
    """One connection: it asks one thing at a time."""

    connection: socket.socket
    incoming: wire.Unpacker = field(default_factory=wire.Unpacker)
    outgoing: bytearray = field(default_factory=bytearray)
    question: Message | None = None
    solve: solves.Solve | None = None
    waiting_until: float = 0.0

    @property
    def key(self) -> str | None:
        """The conference that it asks about."""
        return self.question["key"] if self.question else None


class SolverServer:
    """The loop of the solver process: one thread, one selector."""

    def __init__(self, listener: socket.socket, kernel: Kernel) -> None:
        self._selector = selectors.DefaultSelector()
        self._listener = listener
        self._kernel = kernel
        self._clients: set[Client] = set()
        self._waiting: deque[Client] = deque()
        self._solving: set[Client] = set()
        self._kept: OrderedDict[str, solves.Facts] = OrderedDict()
        self._layouts: dict[str, Layout] = {}
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, None)

    def run(self) -> None:
        """Serve until the process is told to end."""
        while True:
            for key, mask in self._selector.select(0 if self._layouts else _TICK_SECONDS):
                self._serve(key.fileobj, key.data, mask)
            self._lay_out()
            self._keep_time()

    def close(self) -> None:
        """End every solve and connection."""
        for client in tuple(self._clients):
            self._forget(client)
        self._selector.close()
        self._listener.close()

    def _serve(self, source: object, client: Client | None, mask: int) -> None:
        if client is None:
            self._accept()
        elif client not in self._clients:
            return
        elif source is not client.connection:
            self._hear_solve(client)
        else:
            try:
                if mask & selectors.EVENT_WRITE:
                    self._send(client)
                if mask & selectors.EVENT_READ:
                    self._hear(client)
            except OSError:
                self._forget(client)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            client = Client(connection)
            self._clients.add(client)
            self._selector.register(connection, selectors.EVENT_READ, client)

    def _hear(self, client: Client) -> None:
        data = client.connection.recv(_READ_BYTES)
        if not data:
            self._forget(client)
            return
        for message in client.incoming.feed(data):
            self._take(client, message)

    def _take(self, client: Client, message: Message) -> None:
        if client.solve is not None or client in self._waiting:
            self._answer(client, {"problem": "refused", "detail": "One question at a time."})
        elif message.get("op") == "ping":
            counts = {"solving": len(self._solving), "waiting": len(self._waiting)}
            self._answer(client, {"ready": True, "pid": os.getpid(), "compiled": self._kernel.loaded, **counts})
        elif _is_question(message):
            client.question = message
            if message["key"] in self._kept:
                self._kept.move_to_end(message["key"])
                self._begin_layout(message["key"])
                self._queue(client)
            else:
                self._answer(client, {"need": "facts", "have": list(self._kept)})
        elif "facts" in message and client.question is not None:
            self._learn(client, client.question["key"], message["facts"], message.get("since"))
        else:
            self._answer(client, {"problem": "refused", "detail": "The question is not understood."})

    def _learn(self, client: Client, key: str, told: object, since: object) -> None:
        """Keep the facts of a conference, or, with `since`, what of another one has changed."""
        from webapp.interop.document import DocumentError
        from webapp.schemas import read_callboard

        base = self._kept.get(since) if isinstance(since, str) else None
        if since is not None and base is None:
            self._answer(client, {"need": "facts", "have": []})
            return
        try:
            facts = solves.Facts(*read_callboard(told, "the facts"))
            facts = facts if base is None else base.with_changes(facts)
        except DocumentError as error:
            self._answer(client, {"problem": "refused", "detail": str(error)})
            return
        self._kept[key] = facts
        self._begin_layout(key)
        while len(self._kept) > CONFERENCES_KEPT:
            self._layouts.pop(self._kept.popitem(last=False)[0], None)
        self._queue(client)

    def _begin_layout(self, key: str) -> None:
        """Have a conference laid out, from the board of an earlier version of its schedule if there is one."""
        facts = self._kept[key]
        if self._kernel.loaded and facts.board is None and key not in self._layouts:
            boards = [self._kept[one].board for one in reversed(self._kept) if _schedule(one) == _schedule(key)]
            self._layouts[key] = Layout.of(facts, next((board for board in boards if board is not None), None))

    def _lay_out(self) -> None:
        """One step of laying out the conference that was asked about last: in between, everybody is heard."""
        if not self._layouts:
            return
        key = next(reversed(self._layouts))
        layout = self._layouts[key]
        if next(layout.steps, None) is None:
            del self._layouts[key]
            if key in self._kept:
                self._kept[key] = replace(self._kept[key], board=layout.board)
                self._forget_old_boards()
            self._start_solves()

    def _forget_old_boards(self) -> None:
        """Facts are kept longer than boards, which are large."""
        for key in [key for key, facts in self._kept.items() if facts.board is not None][:-BOARDS_KEPT]:
            self._kept[key] = replace(self._kept[key], board=None)

    def _queue(self, client: Client) -> None:
        if len(self._waiting) >= WAITING_AT_MOST:
            self._refuse_busy(client)
            return
        client.waiting_until = time.monotonic() + QUEUE_SECONDS
        self._waiting.append(client)
        self._start_solves()

    def _start_solves(self) -> None:
        ready = [client for client in self._waiting if client.key not in self._layouts]
        for client in ready[: max(0, SOLVES_AT_ONCE - len(self._solving))]:
            self._waiting.remove(client)
            question, client.question = client.question, None
            facts = self._kept.get(question["key"]) if question else None
            if question is None or facts is None:
                self._answer(client, {"problem": "busy", "detail": "The conference was forgotten; try again."})
                continue
            client.solve = solves.start(facts, question, grace=GRACE_SECONDS)
            self._solving.add(client)
            self._selector.register(client.solve.pipe, selectors.EVENT_READ, client)

    def _hear_solve(self, client: Client) -> None:
        solve = client.solve
        if solve is None:
            return
        messages = solve.read()
        if messages is None:
            status = self._end_solve(client)
            if not solve.answered:
                how = f"signal {-status}" if status < 0 else f"status {status}"
                self._answer(client, {"problem": "failed", "detail": f"The repair ended without an answer ({how})."})
            return
        for message in messages:
            self._answer(client, message)

    def _end_solve(self, client: Client) -> int:
        solve, client.solve = client.solve, None
        self._solving.discard(client)
        if solve is None:
            return 0
        self._selector.unregister(solve.pipe)
        status = solve.reap()
        self._start_solves()
        return status

    def _keep_time(self) -> None:
        now = time.monotonic()
        if not self._solving and self._kernel.load_if_compiled():
            for key in list(self._kept)[-BOARDS_KEPT:]:
                self._begin_layout(key)
        for client in [one for one in self._solving if one.solve and one.solve.deadline < now]:
            if client.solve:
                client.solve.kill()
        while self._waiting and self._waiting[0].waiting_until < now:
            self._refuse_busy(self._waiting.popleft())

    def _refuse_busy(self, client: Client) -> None:
        asked = len(self._waiting) + len(self._solving)
        detail = f"The solver is busy with {asked} other repairs; try again in a moment."
        self._answer(client, {"problem": "busy", "detail": detail})

    def _answer(self, client: Client, message: Message) -> None:
        client.outgoing += wire.packed(message)
        try:
            self._send(client)
        except OSError:
            self._forget(client)

    def _send(self, client: Client) -> None:
        with contextlib.suppress(BlockingIOError):
            while client.outgoing:
                del client.outgoing[: client.connection.send(client.outgoing)]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.outgoing else 0)
        self._selector.modify(client.connection, wanted, client)

    def _forget(self, client: Client) -> None:
        """The client has gone: so does what it asked for."""
        if client not in self._clients:
            return
        self._clients.discard(client)
        self._selector.unregister(client.connection)
        with contextlib.suppress(OSError):
            # A solve that has just begun may hold the descriptor too: closing ours alone would not tell the client.
            client.connection.shutdown(socket.SHUT_RDWR)
        client.connection.close()
        with contextlib.suppress(ValueError):
            self._waiting.remove(client)
        if client.solve is not None:
            client.solve.kill()
            self._end_solve(client)


class Kernel:
    """The compiled search: loaded where it has been compiled, else compiled by another process meanwhile."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._compiling: subprocess.Popen[bytes] | None = None
        self.loaded = False

    def prepare(self) -> None:
        """Load it, or have it compiled for later: nobody is to wait for that."""
        if self._cache is None or self.load_if_compiled() or os.environ.get("CALLBOARD_COMPILE") == "0":
            return
        command = [sys.executable, "-P", "-m", "webapp.serving.compiling", str(self._cache), str(os.getpid())]
        self._compiling = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2)

    def load_if_compiled(self) -> bool:
        """Load it if it is there by now; whether it was loaded just now."""
        if self._cache is None or self.loaded or not warm.is_compiled(self._cache):
            return False
        if self._compiling is not None:
            self._compiling.wait()
        warm.load(self._cache)
        self.loaded = True
        gc.collect()
        gc.freeze()
        return True


@dataclass(frozen=True)
class Layout:
    """A board that is being built, step by step."""

    board: Board
    steps: Iterator[bool]

    @staticmethod
    def of(facts: solves.Facts, before: Board | None) -> Layout:
        """A board of these facts, which follows from the one of an earlier version if there is one."""
        from solver.board import Board

        conference, schedule = facts.conference, facts.schedule
        board = Board(conference, schedule) if before is None else before.follow(conference, schedule)
        return Layout(board, (True for _ in board.steps()))


def _schedule(key: str) -> str:
    """The schedule that a key belongs to: versions of one schedule differ after the first colon."""
    return key.partition(":")[0]


def _is_question(message: Message) -> bool:
    limit = message.get("time_limit")
    return (
        isinstance(message.get("key"), str)
        and isinstance(message.get("edits"), list)
        and isinstance(limit, int | float)
        and 0 <= limit <= 24 * 3600
        and (_asks_for_repairs(message) or _asks_for_a_map(message))
    )


def _asks_for_a_map(message: Message) -> bool:
    depth, rooms = message.get("depth"), message.get("rooms")
    return (
        message.get("op") == "cost_map"
        and isinstance(message.get("session"), str)
        and isinstance(depth, int)
        and 0 <= depth <= _DEPTH_AT_MOST
        and (rooms is None or (isinstance(rooms, list) and all(isinstance(room, str) for room in rooms)))
        and isinstance(message.get("day"), str | None)
    )


def _asks_for_repairs(message: Message) -> bool:
    alternatives = message.get("alternatives")
    return (
        message.get("op") == "repair"
        and isinstance(alternatives, int)
        and 1 <= alternatives <= _ALTERNATIVES_AT_MOST
        and message.get("scope") in ("all", "edit")
        and isinstance(message.get("place"), bool)
        and message.get("engine") in ("auto", "cp_sat")
    )


def warm_up() -> None:
    """Load the solver and solve a tiny conference with each engine: the first question finds everything ready."""
    day = {"date": "2025-02-01", "start": "09:00", "end": "12:00"}
    placed = {"minutes": 50, "room": "a", "start": "2025-02-01T09:00"}
    facts = {
        "callboard": 1,
        "conference": {"days": [day]},
        "rooms": [{"id": "a"}, {"id": "b"}],
        "sessions": [{"id": "1", **placed}, {"id": "2", **placed}],
    }
    from webapp.schemas import read_callboard

    conference = solves.Facts(*read_callboard(facts, "the first conference"))
    for engine in ("auto", "cp_sat"):
        request = {"op": "repair", "edits": [], "alternatives": 1, "scope": "all", "place": False, "engine": engine}
        told = solves.solved(conference, request, lambda: 60.0, lambda _: None)
        if told.get("answer", {}).get("status") != "proved_minimal":
            raise RuntimeError(f"the solver cannot solve its first conference: {told}")
    gc.collect()
    gc.freeze()


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`, in place of one that a dead process has left."""
    make_folder(path)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o077)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(64)
    return listener


def main() -> int:
    """Run the solver process until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m webapp.serving.solver_process", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    parser.add_argument("--cache", type=Path, help="where the compiled search is kept")
    arguments = parser.parse_args()
    path: Path = arguments.socket
    end_with_supervisor()
    # Threads of a numeric library would outlive their purpose in a process that forks.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = listen(path)
    try:
        warm_up()
        kernel = Kernel(arguments.cache)
        kernel.prepare()
        server = SolverServer(listener, kernel)
        try:
            server.run()
        finally:
            server.close()
    except KeyboardInterrupt:
        pass
    finally:
        path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
