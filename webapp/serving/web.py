"""The web process: gunicorn around the application, on a listening socket that the supervisor has opened."""

from __future__ import annotations

import argparse
import signal
from typing import TYPE_CHECKING

from gunicorn.app.base import BaseApplication

from webapp.serving import gunicorn_config
from webapp.serving.parent import end_with_supervisor, is_supervised

if TYPE_CHECKING:
    from flask import Flask


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with our configuration and nobody else's: no command line, no file that happens to lie about."""

    def __init__(self, bind: str) -> None:
        self._bind = bind
        super().__init__()

    def load_config(self) -> None:
        for name, value in vars(gunicorn_config).items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("bind", self._bind)
        self.cfg.set("when_ready", _ignore_interrupts)

    def load(self) -> Flask:
        return application()


def application() -> Flask:
    """The application, with its settings from the environment, its relays at work."""
    # Imported in the worker, after gevent has patched the standard library.
    from webapp import create_app
    from webapp.settings import Settings

    app = create_app(Settings.from_environment())
    for relay in app.extensions["callboard.relays"]:
        relay.start()
    return app


def _ignore_interrupts(_arbiter: object) -> None:
    if is_supervised():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m webapp.serving.web", description=__doc__)
    parser.add_argument("--bind", required=True, help="host:port, or fd://N for an open socket")
    bind: str = parser.parse_args().bind
    end_with_supervisor()
    WebServer(bind).run()


if __name__ == "__main__":
    main()
