"""Boards for tests, on a search that is compiled once for all of them."""

from __future__ import annotations

import fcntl
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from solver import warm
from solver.conference import Conference, Schedule

if TYPE_CHECKING:
    from solver.board import Board


def board(conference: Conference, schedule: Schedule) -> Board:
    """A board of this conference and schedule."""
    load()
    from solver.board import Board

    return Board(conference, schedule)


@cache
def load() -> None:
    """Have the search compiled."""
    folder = Path(os.environ["CALLBOARD_CACHE"])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # others wait instead of compiling the same
        warm.load(folder)
