"""One running Callboard: its lock, its listening socket, its database and its programs."""

from __future__ import annotations

import contextlib
import http.client
import resource
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from webapp.jobs.frozen import FrozenWriters
from webapp.serving.locks import lock_sqlite
from webapp.serving.programs import Program
from webapp.serving.signals import Stop
from webapp.serving.sockets import solver_socket, solver_socket_of_process
from webapp.serving.watchdog import Watchdog

if TYPE_CHECKING:
    from webapp.settings import Settings
    from webapp.store import Store

READY_SECONDS = 90.0
GOODBYE_SECONDS = 3.0
_FAILURES_AT_START = 3

Prepare = Callable[["Store"], str]
"""Puts into the database what is to be served; gives the path of the attendees' page."""


class StartError(Exception):
    """Serving cannot begin; the message is one sentence."""


class Site:
    """Everything that belongs to one `serve`; `stack` gives it back."""

    def __init__(self, stack: ExitStack, settings: Settings, *, host: str, port: int) -> None:
        if settings.workers > 1 and settings.sqlite_file is not None:
            raise StartError("several web processes need a PostgreSQL database: name one with --database")
        self._settings = settings
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._solver_socket = solver_socket_of_process()
        if settings.sqlite_file is not None:
            lock_sqlite(stack, settings.data, settings.sqlite_file)
            # Commands and programs beside us may look for it here.
            self._solver_socket = solver_socket(settings.data)
        _allow_many_files()
        self._listener = stack.enter_context(_listener(host, port))
        self._address = _reachable(self._listener)
        self._programs = self._plan(self._listener.fileno())
        stack.callback(self._end)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def prepare(self, prepare: Prepare | None) -> tuple[str, str]:
        """Bring the database up to date; the attendees' address and a one-time sign-in link."""
        from webapp.auth import links
        from webapp.store import open_store, upgrade

        upgrade(self._settings.database, backups=self._settings.backups)
        store = open_store(self._settings.database)
        try:
            page = prepare(store) if prepare else "/"
            return f"{self.url}{page}", f"{self.url}/sign-in?token={links.create(store)}"
        finally:
            store.close()

    def start(self) -> None:
        """Start the programs."""
        for program in self._programs:
            program.start()

    def wait_until_ready(self, stop: Stop) -> bool:
        """Wait until edits and repairs work; False if a signal came first.  Raises `StartError`."""
        deadline = time.monotonic() + READY_SECONDS
        while not stop.asked:
            self._tend()
            failed = next((one for one in self._programs if one.failures >= _FAILURES_AT_START), None)
            if failed is not None:
                raise StartError(f"the {failed.name} does not start; what it says is above")
            if self._is_ready():
                return True
            if time.monotonic() > deadline:
                raise StartError(f"after {READY_SECONDS:.0f} seconds edits and repairs do not work yet")
            stop.sleep(0.1)
        return False

    def watch(self, stop: Stop) -> None:
        """Keep the programs running until a signal asks to end."""
        file = self._settings.sqlite_file
        frozen = None if file is None else FrozenWriters(file)
        while not stop.asked:
            self._tend()
            if frozen is not None and frozen.look() is not None:
                print("callboard: a job worker that was frozen in the middle of a write was ended", file=sys.stderr)
            stop.sleep(0.5)

    def _plan(self, listening: int) -> list[Program]:
        settings = self._settings
        environment = {
            "CALLBOARD_DATA": str(settings.data),
            "CALLBOARD_DATABASE": settings.database,
            "CALLBOARD_REDIS": settings.redis,
            "CALLBOARD_SOLVER_SOCKET": str(self._solver_socket),
        }
        path = ["--socket", str(self._solver_socket), "--cache", str(settings.cache)]
        bind = ["--bind", f"fd://{listening}", "--workers", str(settings.workers)]
        return [
            Program(
                "solver process",
                "webapp.serving.solver_process",
                path,
                environment,
                watchdog=Watchdog(self._solver_socket),
            ),
            Program("job worker", "webapp.jobs.worker", [], environment),
            Program("web process", "webapp.serving.web", bind, environment, keep_open=(listening,)),
        ]

    def _tend(self) -> None:
        for program in self._programs:
            news = program.tend()
            if news:
                print(f"callboard: {news}", file=sys.stderr, flush=True)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(*self._address, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False

    def _end(self) -> None:
        # Nobody new is let in while the programs say goodbye.
        self._listener.close()
        for program in self._programs:
            program.terminate()
        deadline = time.monotonic() + GOODBYE_SECONDS
        for program in self._programs:
            program.join(deadline)


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise StartError(f"cannot listen on {host}, port {port}: {_reason(error)}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartError(f"cannot listen on {host}, port {port}: {_reason(error)}") from None
    return listener


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _reachable(listener: socket.socket) -> tuple[str, int]:
    """The address to reach a listening socket at, also where it listens on every address."""
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def _allow_many_files() -> None:
    """A live client costs a file: take as many as the system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
