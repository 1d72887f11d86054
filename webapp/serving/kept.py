"""The conferences that the solver process was asked about last, and their boards."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver import warm
from webapp.serving.solves import Facts

if TYPE_CHECKING:
    from solver.board import Board

CONFERENCES_KEPT = 16
BOARDS_KEPT = 6


class Kernel:
    """The compiled search: loaded where it has been compiled, else compiled by another process meanwhile."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._compiling: subprocess.Popen[bytes] | None = None
        self.loaded = False

    def prepare(self) -> None:
        """Load it, or have it compiled for later: nobody is to wait for that."""
        if self._cache is None or self.load_if_compiled() or os.environ.get("CALLBOARD_COMPILE") == "0":
            return
        command = [sys.executable, "-P", "-m", "webapp.serving.compiling", str(self._cache), str(os.getpid())]
        self._compiling = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2)

    def load_if_compiled(self) -> bool:
        """Load it if it is there by now; whether it was loaded just now."""
        if self._cache is None or self.loaded or not warm.is_compiled(self._cache):
            return False
        if self._compiling is not None:
            self._compiling.wait()
        warm.load(self._cache)
        self.loaded = True
        gc.collect()
        gc.freeze()
        return True


@dataclass(frozen=True)
class Layout:
    """A board that is being built, step by step."""

    board: Board
    steps: Iterator[bool]

    @staticmethod
    def of(facts: Facts, before: Board | None) -> Layout:
        """A board of these facts, which follows from the one of an earlier version if there is one."""
        from solver.board import Board

        conference, schedule = facts.conference, facts.schedule
        board = Board(conference, schedule) if before is None else before.follow(conference, schedule)
        return Layout(board, (True for _ in board.steps()))


class Conferences:
    """Facts by the key that they are asked about with, the latest last; boards are made of them on demand."""

    def __init__(self) -> None:
        self._facts: OrderedDict[str, Facts] = OrderedDict()
        self._layouts: dict[str, Layout] = {}

    @property
    def keys(self) -> list[str]:
        return list(self._facts)

    @property
    def being_laid_out(self) -> bool:
        return bool(self._layouts)

    def facts(self, key: str) -> Facts | None:
        return self._facts.get(key)

    def is_laid_out(self, key: str) -> bool:
        facts = self._facts.get(key)
        return facts is not None and facts.board is not None

    def is_latest(self, key: str) -> bool:
        """Whether no later version of its schedule is kept."""
        return key == next((one for one in reversed(self._facts) if schedule_of(one) == schedule_of(key)), None)

    def is_asked_about(self, key: str) -> None:
        """It was asked about just now: others are forgotten before it."""
        self._facts.move_to_end(key)

    def learn(self, key: str, told: object, since: str | None) -> None:
        """Keep the facts of a conference, or, with `since`, what of another one has changed.

        Raises `KeyError` where that other one is not kept, `DocumentError` for facts that make no sense.
        """
        from webapp.schemas import read_callboard

        base = None if since is None else self._facts[since]
        facts = Facts(*read_callboard(told, "the facts"))
        self._facts[key] = facts if base is None else base.with_changes(facts)
        while len(self._facts) > CONFERENCES_KEPT:
            self._layouts.pop(self._facts.popitem(last=False)[0], None)

    def begin_layout(self, key: str) -> None:
        """Have a conference laid out, from the board of an earlier version of its schedule if there is one."""
        facts = self._facts[key]
        if facts.board is None and key not in self._layouts:
            boards = [self._facts[one].board for one in reversed(self._facts) if schedule_of(one) == schedule_of(key)]
            self._layouts[key] = Layout.of(facts, next((board for board in boards if board is not None), None))

    def lay_out(self) -> bool:
        """One step of laying out the conference that was asked about last; whether that is done."""
        key = next(reversed(self._layouts))
        layout = self._layouts[key]
        if next(layout.steps, None) is not None:
            return False
        del self._layouts[key]
        if key in self._facts:
            self._facts[key] = replace(self._facts[key], board=layout.board)
            self._forget_old_boards()
        return True

    def _forget_old_boards(self) -> None:
        """Facts are kept longer than boards, which are large."""
        for key in [key for key, facts in self._facts.items() if facts.board is not None][:-BOARDS_KEPT]:
            self._facts[key] = replace(self._facts[key], board=None)


def schedule_of(key: str) -> str:
    """The schedule that a key belongs to: versions of one schedule differ after the first colon."""
    return key.partition(":")[0]


def warm_up() -> None:
    """Load the solver and solve a tiny conference with each engine: the first question finds everything ready."""
    from webapp.schemas import read_callboard
    from webapp.serving.solves import solved

    day = {"date": "2025-02-01", "start": "09:00", "end": "12:00"}
    placed = {"minutes": 50, "room": "a", "start": "2025-02-01T09:00"}
    told: dict[str, Any] = {
        "callboard": 1,
        "conference": {"days": [day]},
        "rooms": [{"id": "a"}, {"id": "b"}],
        "sessions": [{"id": "1", **placed}, {"id": "2", **placed}],
    }
    facts = Facts(*read_callboard(told, "the first conference"))
    for engine in ("auto", "cp_sat"):
        request = {"op": "repair", "edits": [], "alternatives": 1, "scope": "all", "place": False, "engine": engine}
        said = solved(facts, request, lambda: 60.0, lambda _: None)
        if said.get("answer", {}).get("status") != "proved_minimal":
            raise RuntimeError(f"the solver cannot solve its first conference: {said}")
    gc.collect()
    gc.freeze()
