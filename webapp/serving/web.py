"""The web process: gunicorn around the application, on a listening socket that the supervisor has opened."""

from __future__ import annotations

import argparse
import gc
import signal
from typing import TYPE_CHECKING

from gunicorn.app.base import BaseApplication

from webapp.serving import gunicorn_config
from webapp.serving.parent import end_with_supervisor, is_supervised
from webapp.serving.signals import end_without_tidying

if TYPE_CHECKING:
    from flask import Flask


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with our configuration and nobody else's: no command line, no file that happens to lie about."""

    def __init__(self, bind: str, workers: int) -> None:
        self._bind = bind
        self._workers = workers
        super().__init__()

    def load_config(self) -> None:
        for name, value in vars(gunicorn_config).items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("bind", self._bind)
        self.cfg.set("workers", self._workers)
        self.cfg.set("when_ready", _ignore_interrupts)

    def load(self) -> Flask:
        return application()


def application() -> Flask:
    """The application, with its settings from the environment, its relays at work, in touch with other processes."""
    # Imported in the worker, after gevent has patched the standard library.
    from webapp import create_app
    from webapp.settings import Settings

    app = create_app(Settings.from_environment())
    for relay in app.extensions["callboard.relays"]:
        relay.start()
    app.extensions["callboard.backplane"].start()
    # What is there now stays: nobody has to look through it for garbage, while all wait, ever again.
    gc.collect()
    gc.freeze()
    return app


def _ignore_interrupts(_arbiter: object) -> None:
    if is_supervised():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m webapp.serving.web", description=__doc__)
    parser.add_argument("--bind", required=True, help="host:port, or fd://N for an open socket")
    parser.add_argument("--workers", type=int, default=1, help="how many processes serve")
    asked = parser.parse_args()
    end_with_supervisor()
    end_without_tidying()
    WebServer(asked.bind, asked.workers).run()


if __name__ == "__main__":
    main()
