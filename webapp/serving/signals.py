"""Ending on a signal, politely: a wish that the main loop looks at, and a sleep that the signal cuts short."""

from __future__ import annotations

import atexit
import gc
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stop:
    """Whether a signal has asked the program to end."""

    def __init__(self, wakeup: socket.socket) -> None:
        self.asked = False
        self._wakeup = wakeup

    def sleep(self, seconds: float) -> None:
        """Wait; a signal, also that of a child's end, cuts it short."""
        if select.select([self._wakeup], [], [], seconds)[0]:
            self._wakeup.recv(4096)

    def ask(self, *_signal: object) -> None:
        self.asked = True


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Turn SIGTERM, SIGINT and SIGHUP into a wish to stop, for as long as the block runs."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    stop = Stop(ours)
    before = {number: signal.signal(number, stop.ask) for number in _ENDING}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    wakeup = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        ours.close()
        theirs.close()


def end_without_tidying() -> None:
    """Have the interpreter end without a last search for garbage: that takes tenths of a second, and for nothing."""
    atexit.register(gc.freeze)
