"""Children of the solver process that answer questions: forked from it while it is warm, so they start at once.

Each has a conference, and answers one question after the other about it: the first costs what a fork and the copying
of pages cost, those that follow nothing.  Saves are followed.  A child can be ended at any moment, and a crash, a
memory fault or a solve that ignores its limit ends the child only: another one is forked.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webapp.serving import solves, wire
from webapp.serving.parent import end_with

BEGIN_SECONDS = 3.0
"""A child that has not begun with a question by then does not run any more."""
QUESTIONS_AT_MOST = 1000
GROWTH_AT_MOST = 256 << 20
"""Bytes: a child that needs so much more than at its start ends after its answer, and is replaced."""
_SEND_SECONDS = 1.0
_READ_BYTES = 1 << 18
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(eq=False)
class Worker:
    """A child, as the solver process sees it."""

    pid: int
    connection: socket.socket
    key: str
    """The conference that it has."""
    stays: bool
    """Whether it takes another question after an answer."""
    deadline: float = 0.0
    """When it is ended by force, while it is asked (`time.monotonic`)."""
    begun: bool = True
    """Whether it has begun with its question, as far as it was asked one."""
    answered: bool = True
    stood: bool = False
    """Whether it was there before its question: that it has gone since then is nothing that the question has done."""
    _asked_at: float = 0.0
    _unpacker: wire.Unpacker = field(default_factory=wire.Unpacker)

    def ask(self, question: dict[str, Any], *, grace: float) -> None:
        """Hand a question over; messages come until one has the answer.  Raises `OSError` if the child is gone."""
        self._asked_at = time.monotonic()
        ends_at = self._asked_at + question["time_limit"]
        self.deadline, self.begun, self.answered = ends_at + grace, False, False
        self.connection.sendall(wire.packed({"question": question, "ends_at": ends_at}))

    def tell(self, key: str, news: object) -> None:
        """What has changed: from now on it has that version.  Raises `OSError` if the child is gone."""
        self.connection.sendall(wire.packed({"news": news}))
        self.key = key

    def read(self) -> list[dict[str, Any]] | None:
        """The messages that have come; None when the child has ended."""
        try:
            data = self.connection.recv(_READ_BYTES)
        except ConnectionError:
            return None
        if not data:
            return None
        messages = self._unpacker.feed(data)
        self.begun = self.begun or bool(messages)
        self.answered = self.answered or any("answer" in one or "problem" in one for one in messages)
        return [one for one in messages if "begun" not in one]

    @property
    def never_began(self) -> bool:
        """Whether it stood ready, as it seemed, and did not even begin with its question."""
        return self.stood and not self.begun

    def is_late(self, now: float) -> bool:
        """Whether it is to be ended by force."""
        return not self.answered and (
            now > self.deadline or (self.never_began and now > self._asked_at + BEGIN_SECONDS)
        )

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Wait for the ended child; its exit status, negative for a signal."""
        self.connection.close()
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def fork(key: str, facts: solves.Facts) -> Worker:
    """A child that has these facts.  Where they are not laid out nothing is worth keeping: it ends with its answer."""
    parent = os.getpid()
    ours, theirs = socket.socketpair()
    stays = facts.board is not None
    pid = os.fork()
    if pid:
        theirs.close()
        ours.settimeout(_SEND_SECONDS)
        return Worker(pid, ours, key, stays)
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_with(parent)
        _die_first()
        # Or a collection would look at, and thereby copy, all that the solver process has.
        gc.freeze()
        # Of all that it has from the solver process: else clients would still reach a socket whose owner is gone.
        os.closerange(3, theirs.fileno())
        os.closerange(theirs.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        _answer_questions(facts, theirs, stays)
        status = 0
    except MemoryError:
        _say(theirs, {"problem": "failed", "detail": "The repair ran out of memory."})
    except BaseException as error:
        print(f"callboard: a repair failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _answer_questions(facts: solves.Facts, connection: socket.socket, stays: bool) -> None:
    if facts.board is not None:
        # Pages that every search writes are made its own now rather than one by one in the first question.
        facts.board.tables.b = facts.board.tables.b.copy()
    at_first, answered = _memory(), 0
    incoming = wire.Unpacker()
    while data := connection.recv(_READ_BYTES):
        for told in incoming.feed(data):
            if "news" in told:
                facts = facts.following(told["news"])
                continue
            _say(connection, {"begun": True})
            _say(connection, _answer(facts, told, connection))
            answered += 1
            if not stays or answered >= QUESTIONS_AT_MOST or _memory() > at_first + GROWTH_AT_MOST:
                return
            if threading.active_count() > 1:
                return  # a solve that would not end is still at it
        gc.collect()
        gc.freeze()


def _answer(facts: solves.Facts, told: dict[str, Any], connection: socket.socket) -> dict[str, Any]:
    ends_at = told["ends_at"]
    return solves.solved(
        facts,
        told["question"],
        lambda: ends_at - time.monotonic(),
        lambda message: _say(connection, message),
    )


def _say(connection: socket.socket, message: dict[str, Any]) -> None:
    connection.sendall(wire.packed(message))


def _memory() -> int:
    """Bytes of memory that this process uses; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _die_first() -> None:
    """Where memory runs out, the system is to end this process rather than the one that it came from, or the web."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")
