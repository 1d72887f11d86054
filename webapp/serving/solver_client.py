"""How the web asks the solver process for a repair.  Works in a greenlet and in a plain thread alike."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from webapp.serving import wire

START_SECONDS = 20.0
"""How long a repair waits for a solver process that is being started again."""
PAUSES = (0.2, 1.0)
"""How long to wait before a question is asked again whose process ended in the middle, in seconds."""
QUEUE_SECONDS = 30.0
"""How long a repair may wait for its turn."""
GRACE_SECONDS = 5.0
"""How much longer than its limit a solve may take before it is ended by force."""


class SolverUnavailable(Exception):
    """The solver process did not answer; the message is one sentence for the organiser."""


class SolverBusy(SolverUnavailable):
    """Too many repairs are asked for at once."""


class SolverRefused(ValueError):
    """The solver process was sent facts or edits that make no sense; the message names the place."""


class SolverClient:
    """Asks the solver process behind a Unix socket; one connection for each question.

    A question is pure, so it is asked again when the process ends in the middle and has been started anew.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)

    def ping(self, *, timeout: float = 2.0) -> bool:
        """Whether the solver is warm and answers."""
        try:
            return bool(self.state(timeout=timeout)["ready"])
        except SolverUnavailable:
            return False

    def state(self, *, timeout: float = 2.0) -> dict[str, Any]:
        """How the solver is: `{"ready": true, "pid": …, "compiled": …, "solving": n, "waiting": n}`.

        Raises `SolverUnavailable`.
        """
        try:
            with closing(self._connect(patience=0.0, timeout=timeout)) as connection:
                connection.sendall(wire.packed({"op": "ping"}))
                return wire.receive(connection)
        except OSError as error:
            raise SolverUnavailable("The solver process does not answer.") from error

    def repair(
        self,
        key: str,
        load_facts: Callable[[], dict[str, Any]],
        edits: list[dict[str, Any]],
        *,
        alternatives: int = 1,
        time_limit: float = 10.0,
        scope: str = "all",
        place: bool = False,
        engine: str = "auto",
    ) -> dict[str, Any]:
        """The answer to `edits` on the conference that `key` names; `load_facts` is asked if the solver lacks it.

        Keys are snake_case; times carry their offset.
        """
        question = {
            "op": "repair",
            "key": key,
            "edits": edits,
            "alternatives": alternatives,
            "time_limit": time_limit,
            "scope": scope,
            "place": place,
            "engine": engine,
        }
        for pause in PAUSES:
            try:
                return self._ask(question, load_facts, time_limit)
            except OSError:
                # It ended in the middle, and may accept connections until it is gone; then it is started again.
                time.sleep(pause)
        try:
            return self._ask(question, load_facts, time_limit)
        except OSError as error:
            raise SolverUnavailable("The solver process does not answer; try again in a moment.") from error

    def _ask(
        self, question: dict[str, Any], load_facts: Callable[[], dict[str, Any]], time_limit: float
    ) -> dict[str, Any]:
        patience = time_limit + QUEUE_SECONDS + START_SECONDS + GRACE_SECONDS
        with closing(self._connect(patience=START_SECONDS, timeout=patience)) as connection:
            connection.sendall(wire.packed(question))
            told = wire.receive(connection)
            if told.get("need") == "facts":
                connection.sendall(wire.packed({"facts": load_facts()}))
                told = wire.receive(connection)
        if "answer" in told:
            answer: dict[str, Any] = told["answer"]
            return answer
        raise _problem(told.get("problem", "failed"), str(told.get("detail", "The solver process failed.")))

    def _connect(self, *, patience: float, timeout: float) -> socket.socket:
        deadline = time.monotonic() + patience
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(timeout)
            try:
                connection.connect(self._path)
                return connection
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                connection.close()
                if time.monotonic() >= deadline:
                    raise
            except BaseException:
                connection.close()
                raise
            time.sleep(0.05)


def _problem(kind: str, detail: str) -> Exception:
    if kind == "busy":
        return SolverBusy(detail)
    if kind == "refused":
        return SolverRefused(detail)
    return SolverUnavailable(detail)
