"""The solver process: takes questions on a Unix socket and has each answered by a child of its own.

It keeps the conferences it was asked about last, and children that stand ready to answer about them.  It listens from
its first moment (so that clients wait rather than fail while it warms up), and never solves in its own thread: a ping
is answered at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webapp.serving import wire, workers
from webapp.serving.kept import BOARDS_KEPT, Conferences, Kernel, warm_up
from webapp.serving.parent import end_with_supervisor
from webapp.serving.questions import is_question
from webapp.serving.sockets import make_folder
from webapp.serving.solver_client import GRACE_SECONDS, QUEUE_SECONDS
from webapp.serving.workers import Worker

SOLVES_AT_ONCE = 2
WAITING_AT_MOST = 16
STANDING_AT_MOST = 4
"""Children that stand ready; each has the pages of a board for itself."""
_READ_BYTES = 1 << 18
_TICK_SECONDS = 0.5

Message = dict[str, Any]


@dataclass(eq=False)
class Client:
    """One connection: it asks one thing at a time."""

    connection: socket.socket
    incoming: wire.Unpacker = field(default_factory=wire.Unpacker)
    outgoing: bytearray = field(default_factory=bytearray)
    question: Message | None = None
    worker: Worker | None = None
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
        self._workers: set[Worker] = set()
        self._solving: dict[Worker, Client] = {}
        self._standing: list[Worker] = []
        """The one that was asked last is the last."""
        self._kept = Conferences()
        self._ready_for: str | None = None
        """The conference that was asked about last, once a child is to stand ready for it."""
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, None)

    def run(self) -> None:
        """Serve until the process is told to end."""
        while True:
            heard = self._selector.select(0 if self._kept.being_laid_out else _TICK_SECONDS)
            for key, mask in heard:
                self._serve(key.fileobj, key.data, mask)
            if self._kept.being_laid_out and self._kept.lay_out():
                self._start_solves()
            self._keep_time()
            self._keep_ready(idle=not heard)

    def close(self) -> None:
        """End every solve and connection."""
        for client in tuple(self._clients):
            self._forget(client)
        for worker in tuple(self._standing):
            self._dismiss(worker)
        self._selector.close()
        self._listener.close()

    def _serve(self, source: object, data: Client | Worker | None, mask: int) -> None:
        if data is None:
            self._accept()
        elif isinstance(data, Worker):
            if data in self._workers:
                self._hear_worker(data)
        elif data in self._clients:
            try:
                if mask & selectors.EVENT_WRITE:
                    self._send(data)
                if mask & selectors.EVENT_READ:
                    self._hear(data)
            except OSError:
                self._forget(data)

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
        if client.worker is not None or client in self._waiting:
            self._answer(client, {"problem": "refused", "detail": "One question at a time."})
        elif message.get("op") == "ping":
            counts = {"solving": len(self._solving), "waiting": len(self._waiting), "standing": len(self._standing)}
            self._answer(client, {"ready": True, "pid": os.getpid(), "compiled": self._kernel.loaded, **counts})
        elif is_question(message):
            client.question = message
            if self._kept.facts(message["key"]) is not None:
                self._kept.is_asked_about(message["key"])
                self._queue(client)
            else:
                self._answer(client, {"need": "facts", "have": self._kept.keys})
        elif "facts" in message and client.question is not None:
            self._learn(client, client.question["key"], message["facts"], message.get("since"))
        else:
            self._answer(client, {"problem": "refused", "detail": "The question is not understood."})

    def _learn(self, client: Client, key: str, told: object, since: object) -> None:
        """Keep the facts of a conference, or, with `since`, what of another one has changed."""
        from webapp.interop.document import DocumentError

        try:
            self._kept.learn(key, told, None if since is None else str(since))
        except KeyError:
            self._answer(client, {"need": "facts", "have": []})
            return
        except DocumentError as error:
            self._answer(client, {"problem": "refused", "detail": str(error)})
            return
        for worker in [one for one in self._standing if one.key == since]:
            self._tell(worker, key, told)
        self._queue(client)

    def _tell(self, worker: Worker, key: str, news: object) -> None:
        """A child that stands ready follows a save by itself."""
        try:
            worker.tell(key, news)
        except OSError:
            self._dismiss(worker)

    def _queue(self, client: Client) -> None:
        if len(self._waiting) >= WAITING_AT_MOST:
            self._refuse_busy(client)
            return
        client.waiting_until = time.monotonic() + QUEUE_SECONDS
        self._waiting.append(client)
        self._start_solves()

    def _start_solves(self) -> None:
        """Have as many answered as may be at once, in their order, but for those whose conference is being laid out."""
        for client in tuple(self._waiting):
            if len(self._solving) >= SOLVES_AT_ONCE:
                return
            assert client.question is not None
            if self._kept.facts(client.question["key"]) is None:
                self._waiting.remove(client)
                self._answer(client, {"problem": "busy", "detail": "The conference was forgotten; try again."})
                continue
            worker = self._worker_for(client.question["key"])
            if worker is not None:
                self._waiting.remove(client)
                self._ask(worker, client, client.question)

    def _worker_for(self, key: str) -> Worker | None:
        """A child that has the conference; None where that is being laid out first."""
        for worker in reversed(self._standing):
            if worker.key == key:
                self._standing.remove(worker)
                return worker
        if self._kernel.loaded and not self._kept.is_laid_out(key):
            self._kept.begin_layout(key)
            return None
        return self._fork(key)

    def _fork(self, key: str) -> Worker:
        facts = self._kept.facts(key)
        assert facts is not None
        worker = workers.fork(key, facts)
        self._workers.add(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)
        return worker

    def _ask(self, worker: Worker, client: Client, question: Message) -> None:
        self._solving[worker], client.worker = client, worker
        self._ready_for = question["key"]
        with contextlib.suppress(OSError):  # it has gone: that is heard next
            worker.ask(question, grace=GRACE_SECONDS)

    def _hear_worker(self, worker: Worker) -> None:
        client = self._solving.get(worker)
        messages = worker.read()
        if messages is None:
            self._part(worker)
            status = self._dismiss(worker)
            if client is not None and worker.never_began:
                self._waiting.appendleft(client)
            elif client is not None and not worker.answered:
                how = f"signal {-status}" if status < 0 else f"status {status}"
                self._answer(client, {"problem": "failed", "detail": f"The repair ended without an answer ({how})."})
            self._start_solves()
        elif client is not None:
            for message in messages:
                self._answer(client, message)
            if worker.answered and worker.stays:
                self._part(worker)
                self._let_stand(worker)
                self._start_solves()

    def _part(self, worker: Worker) -> None:
        """The child and whom it answered have nothing to do with one another any more."""
        client = self._solving.pop(worker, None)
        if client is not None:
            client.worker = None

    def _let_stand(self, worker: Worker) -> None:
        """Keep a child for further questions, if they can be about what it has; those asked longest ago go for it."""
        if not self._kept.is_latest(worker.key):
            self._dismiss(worker)
            return
        worker.stood = True
        self._standing.append(worker)
        for one in self._standing[:-STANDING_AT_MOST]:
            self._dismiss(one)

    def _dismiss(self, worker: Worker) -> int:
        """End a child that answers nobody; its exit status."""
        self._workers.discard(worker)
        if worker in self._standing:
            self._standing.remove(worker)
        self._selector.unregister(worker.connection)
        worker.kill()
        return worker.reap()

    def _keep_ready(self, *, idle: bool) -> None:
        """In idle time: have a child stand ready for the next question, and a board to fork another one with."""
        key = self._ready_for
        if self._solving or self._waiting or key is None or not self._kernel.loaded or self._kept.being_laid_out:
            return
        if self._kept.facts(key) is None:
            self._ready_for = None
        elif not self._kept.is_laid_out(key):
            if idle or all(worker.key != key for worker in self._standing):
                self._kept.begin_layout(key)
        elif all(worker.key != key for worker in self._standing):
            self._let_stand(self._fork(key))

    def _keep_time(self) -> None:
        now = time.monotonic()
        if not self._solving and self._kernel.load_if_compiled():
            for key in self._kept.keys[-BOARDS_KEPT:]:
                self._kept.begin_layout(key)
        for worker in [one for one in self._solving if one.is_late(now)]:
            worker.kill()
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
        if client.worker is not None:
            worker = client.worker
            self._part(worker)
            self._dismiss(worker)
            self._start_solves()


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
