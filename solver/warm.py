"""Has the search kernel compiled, once, and kept on disk.

Compiling takes some ten seconds, loading what was compiled a fraction of one.  So a process that lives long loads the
kernel when it starts, or soon after; one that lives briefly takes it only if it is there already.
"""

from __future__ import annotations

import fcntl
import hashlib
from datetime import date, datetime
from pathlib import Path

from solver.conference import Conference, Day, Interval, Placement, Room, Session
from solver.grid import Clock

SOURCES = ("kernel.py", "displaced.py", "dragging.py", "packing.py")
DONE = "complete"


def folder(cache: Path) -> Path:
    """Where the kernel of these sources is kept: other sources, another folder."""
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return cache / f"kernel-{digest.hexdigest()[:16]}"


def is_compiled(cache: Path) -> bool:
    """Whether loading will be quick."""
    return (folder(cache) / DONE).exists()


def load(cache: Path | None) -> None:
    """Load the kernel, compiling what is not in the cache; without a cache, for this process only.

    Must come before anything else imports the kernel in this process.
    """
    from numba import config

    if cache is not None:
        place = folder(cache)
        place.mkdir(parents=True, exist_ok=True)
        config.CACHE_DIR = str(place)  # type: ignore[attr-defined]  # set as the module is loaded
    _exercise()
    if cache is not None:
        (folder(cache) / DONE).touch()


def _exercise() -> None:
    """Ask small questions, so that everything is compiled for the types that it is used with."""
    from solver.board import Board
    from solver.compiled import CompiledChains
    from solver.cost_map import cost_map
    from solver.index import Index
    from solver.insertion import Insertion
    from solver.lagrange import RoomBound
    from solver.problem import Problem
    from solver.repair import repair

    clock = Clock("UTC")
    opens = clock.minute(datetime(2025, 2, 1, 9))
    conference = Conference(
        days=(Day(date(2025, 2, 1), Interval(opens, opens + 180)),),
        rooms=(Room("a"), Room("b")),
        sessions=(Session("1", 60), Session("2", 60)),
    )
    schedule = {"1": Placement("a", opens), "2": Placement("a", opens)}
    board = Board(conference, schedule)
    answer = repair(conference, schedule, alternatives=2, board=board, remaining=lambda: 600.0)
    assert answer.status == "proved_minimal", answer
    mapped = list(cost_map(conference, schedule, "1", board=board, remaining=lambda: 600.0))
    assert mapped, answer
    problem = Problem.of(conference, schedule, (), "all", False)
    chains = CompiledChains(problem, board, lambda: Index(problem), lambda: 600.0)
    one = Insertion(chains, lambda: 600.0).roots[0]
    assert chains.fewest_places_first([one]) == [one]
    assert chains.who_stands_at(one, schedule["1"], {}, [one]) == [1 - one]
    assert RoomBound(chains).floor(lambda: 600.0, None) == 1


def compile_once(cache: Path) -> None:
    """Compile it, unless another process is at it already."""
    place = folder(cache)
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        load(cache)
