"""The backplane's line over PostgreSQL's NOTIFY: after a commit and on connections of its own, never inside a save.

(Inside the transaction a NOTIFY makes commits wait for one another.)  psycopg waits by `select`, which gevent patches:
both connections let the other greenlets run.
"""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
from sqlalchemy.engine import URL

CHANNEL = "callboard"
PATIENCE = 2


class PostgresLine:
    """Texts over one channel of a PostgreSQL database."""

    name = "PostgreSQL"
    failures = (psycopg.Error, OSError)

    def __init__(self, url: URL) -> None:
        self._url = url
        self._mouth: psycopg.Connection[Any] | None = None
        self._ear: psycopg.Connection[Any] | None = None

    def say(self, text: str) -> None:
        if self._mouth is None:
            self._mouth = self._connect()
        self._mouth.execute("SELECT pg_notify(%s, %s)", (CHANNEL, text))

    def listen(self) -> None:
        self._ear = self._connect()
        self._ear.execute(f"LISTEN {CHANNEL}")

    def hear(self, seconds: float) -> list[str]:
        assert self._ear is not None
        return [one.payload for one in self._ear.notifies(timeout=seconds, stop_after=1)]

    def hang_up_mouth(self) -> None:
        _close(self._mouth)
        self._mouth = None

    def hang_up_ear(self) -> None:
        _close(self._ear)
        self._ear = None

    def _connect(self) -> psycopg.Connection[Any]:
        plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(plain, autocommit=True, connect_timeout=PATIENCE)


def _close(connection: psycopg.Connection[Any] | None) -> None:
    if connection is not None:
        with contextlib.suppress(psycopg.Error, OSError):
            connection.close()
