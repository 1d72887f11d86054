"""Notices that the solver process hangs: it is there, and takes questions, but does not answer them."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

from webapp.serving import wire

HANG_SECONDS = 20.0
"""How long a ping may go without an answer; far longer than anything that holds one up."""
_ASLEEP_SECONDS = 1.0
"""Looks that are further apart than this were not made on time: the rest is not held against the other process."""


class Watchdog:
    """Pings the solver process behind a socket, a step at a time and without ever waiting."""

    def __init__(self, path: Path, *, patience: float = HANG_SECONDS) -> None:
        self._path = str(path)
        self._patience = patience
        self._connection: socket.socket | None = None
        self.forget()

    def forget(self) -> None:
        """Begin anew, with a process that may take as long as it likes until its first answer."""
        self._hang_up()
        self.heard = False
        self._silent = 0.0
        self._looked = time.monotonic()

    def sees_a_hang(self) -> bool:
        """Whether the process has answered before, and has been silent for too long now."""
        now = time.monotonic()
        self._silent += min(now - self._looked, _ASLEEP_SECONDS)
        self._looked = now
        try:
            if self._connection is None:
                self._ask()
            elif self._connection.recv(1 << 12):
                self.heard, self._silent = True, 0.0
                self._hang_up()
            else:
                self._hang_up()
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up()
        return self.heard and self._silent > self._patience

    def _ask(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            connection.connect(self._path)
            connection.sendall(wire.packed({"op": "ping"}))
        except OSError:
            connection.close()
            raise
        self._connection = connection

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()
