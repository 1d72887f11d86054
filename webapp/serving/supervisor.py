"""`callboard serve`: starts the web process and the solver process, keeps them running, and ends them.

It is plain Python, unpatched and single-threaded, and starts its programs by exec, never by fork alone.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.serving.locks import AlreadyServedError
from webapp.serving.signals import end_without_tidying, stop_on_signals
from webapp.serving.site import Prepare, Site, StartError

if TYPE_CHECKING:
    from webapp.settings import Settings

__all__ = ["demo", "serve"]

BAD_INPUT = 2


def serve(settings: Settings, *, host: str, port: int) -> int:
    """Serve a data directory until a signal ends it; the exit status.

    Prints the attendees' and the editors' address once edits and repairs work.  Port 0 picks a free one.
    """
    return _serve(None, settings, host=host, port=port)


def demo(settings: Settings, *, port: int, sessions: int, host: str = "127.0.0.1") -> int:
    """Serve a generated conference of about now, published; otherwise as `serve`."""
    from webapp.serving.demonstration import put_conference

    return _serve(lambda store: put_conference(store, sessions=sessions), settings, host=host, port=port)


def _serve(prepare: Prepare | None, settings: Settings, *, host: str, port: int) -> int:
    settings = replace(settings, data=settings.data.absolute())
    end_without_tidying()
    try:
        with stop_on_signals() as stop, ExitStack() as stack:
            site = Site(stack, settings, host=host, port=port)
            attendees, editors = site.prepare(prepare)
            site.start()
            if site.wait_until_ready(stop):
                print(f"Attendees: {attendees}\nEditors: {editors}", flush=True)
                site.watch(stop)
    except (AlreadyServedError, StartError) as error:
        print(f"callboard: {error}", file=sys.stderr, flush=True)
        return BAD_INPUT
    return 0
