"""One solve in a process of its own: forked from the warm solver process, so it starts at once and can be killed.

The solver process has a single thread when it forks.  A crash, a memory fault or a solve that ignores its
limit ends the child only.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.conference import Conference, Placement
from webapp.serving import wire
from webapp.serving.parent import end_with

if TYPE_CHECKING:
    from solver.answer import Progress
    from solver.board import Board
    from solver.edits import Edit

_READ_BYTES = 1 << 16


@dataclass(frozen=True)
class Facts:
    """A conference that is kept, with its schedule; and, where the search is compiled, laid out for it."""

    conference: Conference
    schedule: dict[str, Placement]
    board: Board | None = None

    def with_changes(self, news: Facts) -> Facts:
        """The facts of a later version: `news` has what is new, and the rooms and people that belong to it."""
        old, new = self.conference, news.conference
        conference = old.revised(
            rooms={one.id: one for one in new.rooms if one != old.room[one.id]},
            people={one.id: one for one in new.people if one != old.person[one.id]},
            sessions={one.id: one for one in new.sessions if one != old.session[one.id]},
        )
        schedule = {one: place for one, place in self.schedule.items() if one not in new.session}
        return Facts(conference, schedule | news.schedule)


@dataclass
class Solve:
    """A solve that runs: its process, and the pipe that its messages come through."""

    pid: int
    pipe: int
    deadline: float
    """When it is ended by force (`time.monotonic`)."""
    answered: bool = False
    _unpacker: wire.Unpacker = field(default_factory=wire.Unpacker)

    def read(self) -> list[dict[str, Any]] | None:
        """The messages that have come; None when the process has ended."""
        data = os.read(self.pipe, _READ_BYTES)
        if not data:
            return None
        messages = self._unpacker.feed(data)
        self.answered = self.answered or any("answer" in one or "problem" in one for one in messages)
        return messages

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Wait for the ended process; its exit status, negative for a signal."""
        os.close(self.pipe)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def start(facts: Facts, request: dict[str, Any], *, grace: float) -> Solve:
    """Fork a child that solves `request` and writes its answer to a pipe."""
    parent = os.getpid()
    deadline = time.monotonic() + request["time_limit"]
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Solve(pid, reading, deadline + grace)
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        end_with(parent)
        _die_first()
        # Or a collection would look at, and thereby copy, all that the solver process has.
        gc.freeze()
        # Of all that it has from the solver process: else clients would still reach a socket whose owner is gone.
        os.closerange(3, writing)
        os.closerange(writing + 1, os.sysconf("SC_OPEN_MAX"))

        def tell(message: dict[str, Any]) -> None:
            _write(writing, wire.packed(message))

        tell(solved(facts, request, lambda: deadline - time.monotonic(), tell))
        status = 0
    except MemoryError:
        _write(writing, wire.packed({"problem": "failed", "detail": "The repair ran out of memory."}))
    except BaseException as error:
        print(f"callboard: a repair failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _die_first() -> None:
    """Where memory runs out, the system is to end this process rather than the one that it came from, or the web."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")


def solved(
    facts: Facts, request: dict[str, Any], remaining: Callable[[], float], tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """The message that answers `request`; what is known before that is told on the way."""
    from solver.conference import FactError
    from solver.edits import EditError
    from solver.rules import RuleError
    from webapp.interop.document import DocumentError
    from webapp.schemas import read_edits

    try:
        edits = read_edits(request["edits"], facts.conference, "the request")
        work = _mapped if request["op"] == "cost_map" else _repaired
        return {"answer": work(facts, edits, request, remaining, tell)}
    except (DocumentError, EditError, FactError) as error:
        return {"problem": "refused", "detail": str(error)}
    except RuleError as error:
        return {"problem": "failed", "detail": error.sentence}


def _repaired(
    facts: Facts,
    edits: Sequence[Edit],
    request: dict[str, Any],
    remaining: Callable[[], float],
    tell: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    from solver.repair import repair
    from webapp.schemas import answer_json, progress_json

    def progress(known: Progress) -> None:
        tell({"progress": progress_json(facts.conference, known)})

    answer = repair(
        facts.conference,
        facts.schedule,
        edits,
        alternatives=request["alternatives"],
        remaining=remaining,
        scope=request["scope"],
        place=request["place"],
        engine=request["engine"],
        board=facts.board if request["engine"] == "auto" else None,
        progress=progress if request.get("progress") else None,
    )
    return answer_json(facts.conference, answer, camel=False, offset=True)


def _mapped(
    facts: Facts,
    edits: Sequence[Edit],
    request: dict[str, Any],
    remaining: Callable[[], float],
    tell: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    from solver.cost_map import cost_map
    from webapp.schemas import stretch_json

    began, depth, complete = time.monotonic(), request["depth"], True
    for stretch in cost_map(
        facts.conference,
        facts.schedule,
        request["session"],
        edits,
        depth=depth,
        rooms=request["rooms"],
        day=None if request["day"] is None else date.fromisoformat(request["day"]),
        remaining=remaining,
        board=facts.board,
    ):
        complete = complete and not (stretch.verdict == "more_than" and (stretch.others or 0) < depth)
        tell({"stretch": stretch_json(facts.conference, stretch)})
    return {"complete": complete, "seconds": round(time.monotonic() - began, 6)}


def _write(pipe: int, data: bytes) -> None:
    while data:
        data = data[os.write(pipe, data) :]
