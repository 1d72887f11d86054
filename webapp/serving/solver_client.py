"""How the web asks the solver process for a repair.  Works in a greenlet and in a plain thread alike."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from webapp.services.errors import Invalid, Unavailable
from webapp.serving import wire

START_SECONDS = 20.0
"""How long a repair waits for a solver process that is being started again."""
PAUSES = (0.2, 1.0)
"""How long to wait before a question is asked again whose process ended in the middle, in seconds."""
QUEUE_SECONDS = 30.0
"""How long a repair may wait for its turn."""
TICK_SECONDS = 1.0
"""Who listens hears something at least so often, and can see whether anybody still listens to them."""
SEND_SECONDS = 30.0
READ_BYTES = 1 << 18
GRACE_SECONDS = 5.0
"""How much longer than its limit a solve may take before it is ended by force."""

LoadFacts = Callable[[], dict[str, Any]]
LoadChanges = Callable[[Sequence[str]], tuple[str, dict[str, Any]] | None]


class SolverUnavailable(Unavailable):
    """The solver process did not answer; the message is one sentence for the organiser."""


class SolverBusy(SolverUnavailable):
    """Too many repairs are asked for at once."""


class SolverRefused(Invalid):
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
        load_facts: LoadFacts,
        edits: list[dict[str, Any]],
        *,
        load_changes: LoadChanges | None = None,
        alternatives: int = 1,
        time_limit: float = 10.0,
        scope: str = "all",
        place: bool = False,
        engine: str = "auto",
    ) -> dict[str, Any]:
        """The answer to `edits` on the conference that `key` names; `load_facts` is asked if the solver lacks it.

        `load_changes` is asked before that, with the keys of the conferences that the solver has.  It gives the key of
        one of them, of an earlier version, and a Callboard file of what has changed since; or None.
        Keys of answers are snake_case; times carry their offset.
        """
        question = {
            "op": "repair",
            "edits": edits,
            "alternatives": alternatives,
            "time_limit": time_limit,
            "scope": scope,
            "place": place,
            "engine": engine,
        }
        answer: dict[str, Any] = {}
        for messages in self.stream(key, load_facts, question, load_changes=load_changes):
            for message in messages:
                answer = message.get("answer", answer)
        return answer

    def stream(
        self,
        key: str,
        load_facts: LoadFacts,
        question: dict[str, Any],
        *,
        load_changes: LoadChanges | None = None,
    ) -> Iterator[list[dict[str, Any]]]:
        """What the solver says to a question, as it says it; no messages after a second of silence.

        The last message is an `answer`.  Whoever stops listening ends the solve.
        """
        for pause in (*PAUSES, None):
            said_anything = False
            try:
                for messages in self._conversation({**question, "key": key}, load_facts, load_changes):
                    yield messages
                    said_anything = said_anything or bool(messages)
                return
            except OSError as error:
                if pause is None or said_anything:
                    raise SolverUnavailable("The solver process does not answer; try again in a moment.") from error
                # It ended in the middle, and may accept connections until it is gone; then it is started again.
                time.sleep(pause)

    def _conversation(
        self, question: dict[str, Any], load_facts: LoadFacts, load_changes: LoadChanges | None
    ) -> Iterator[list[dict[str, Any]]]:
        patience = question["time_limit"] + QUEUE_SECONDS + START_SECONDS + GRACE_SECONDS
        with closing(self._connect(patience=START_SECONDS, timeout=TICK_SECONDS)) as connection:
            deadline = time.monotonic() + patience
            _send(connection, wire.packed(question))
            incoming = wire.Unpacker()
            while True:
                messages = _hear(connection, incoming, deadline)
                needs = next((message for message in messages if message.get("need") == "facts"), None)
                if needs is not None:
                    news = None if load_changes is None else load_changes(needs["have"])
                    since, facts = news or (None, load_facts())
                    _send(connection, wire.packed({"facts": facts, "since": since}))
                    continue
                for told in messages:
                    if "problem" in told:
                        raise _problem(told["problem"], str(told.get("detail", "The solver process failed.")))
                yield messages
                if any("answer" in message for message in messages):
                    return

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


def _send(connection: socket.socket, data: bytes) -> None:
    """Send it whole: what is large may take longer than a tick."""
    tick = connection.gettimeout()
    connection.settimeout(SEND_SECONDS)
    connection.sendall(data)
    connection.settimeout(tick)


def _hear(connection: socket.socket, incoming: wire.Unpacker, deadline: float) -> list[dict[str, Any]]:
    """The messages that come next; none after a tick of silence."""
    try:
        data = connection.recv(READ_BYTES)
    except TimeoutError:
        if time.monotonic() > deadline:
            raise
        return []
    if not data:
        raise wire.WireError("the connection ended in the middle of a conversation")
    return incoming.feed(data)


def _problem(kind: str, detail: str) -> Exception:
    if kind == "busy":
        return SolverBusy(detail)
    if kind == "refused":
        return SolverRefused(detail)
    return SolverUnavailable(detail)
