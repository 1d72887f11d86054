"""Gunicorn's gevent worker, taught to leave at once and to say goodbye to live clients."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

from webapp.serving.parent import end_with, is_supervised

FINISH_SECONDS = 1.0
"""How long requests that run may take to finish when the server is told to end."""


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """The only worker class that live feeds work on."""

    running = 0
    """How many requests are being answered."""

    def init_process(self) -> None:
        end_with(self.ppid)
        super().init_process()

    def run(self) -> None:
        # A signal that comes just before the loop goes to sleep would be heard a second later.
        wakeup = gevent.get_hub().loop.io(self.PIPE[0], 1)
        wakeup.start(os.read, self.PIPE[0], 4096)
        super().run()

    def init_signals(self) -> None:
        super().init_signals()
        if is_supervised():
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def handle_request(self, *request: Any) -> None:
        self.running += 1
        try:
            super().handle_request(*request)
        finally:
            self.running -= 1

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        gevent.spawn(self._leave)

    def _leave(self) -> None:
        """Gunicorn would poll every second, and wait for idle connections too."""
        deadline = time.monotonic() + FINISH_SECONDS
        # It may be told to end before it has loaded the application.
        hub = getattr(getattr(self, "wsgi", None), "extensions", {}).get("callboard.hub")
        if hub is not None:
            hub.shut()
        while self.running and time.monotonic() < deadline:
            gevent.sleep(0.02)
        # What is left to tidy up goes with the process; every acknowledged save is on disk.
        os._exit(0)
