"""Runs the compiled search uncompiled, with faults put into its source, and counts the answers that are wrong.

    NUMBA_DISABLE_JIT=1 python -m tests.solver.kernel_mutants

In a process of its own, because numba decides when it is loaded whether it compiles.  Prints one JSON object: the name
of each mutant, and the first case whose answer gives it away; null where none does.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import solver
from solver.countdown import countdown
from solver.repair import repair
from tests.solver.test_exactness import said, truth
from tests.solver.tiny import case

SOURCE = Path(solver.__file__).with_name("kernel.py")
BUILT_ON_IT = ("displaced", "tables", "board", "compiled")
SEEDS = (1, 3, 5, 6, 9, 11, 14, 17, 230, 233, 273, 318, 338, 410, 221, 225, 242, 300, 314, 371)

MUTANTS = {
    "none": ("", ""),
    "a rule that is dropped": (
        "    for entry in range(b[b[FIRST_PAIR] + one], b[b[FIRST_PAIR] + one + 1]):\n"
        "        if not b[b[GROUPS] + b[b[HERE] + entry] * b[ROOMS] + room]:\n",
        "    for entry in range(0):\n        if not b[b[GROUPS] + b[b[HERE] + entry] * b[ROOMS] + room]:\n",
    ),
    "a turnover that is a minute too long": (
        "    end, pad = start + b[b[MINUTES_NOW] + one], b[b[PAD] + room]\n",
        "    end, pad = start + b[b[MINUTES_NOW] + one], b[b[PAD] + room] + 1\n",
    ),
    "a price filter while refuting": (
        "    b[TOP] = 0\n    b[DEPTH] = 0\n",
        "    b[TOP] = b[DEPTH] = 0\n    b[BEST] = min(b[BEST], 60)\n",
    ),
    "pushes that are not counted": (
        "b[b[LEVEL_SPARE] + depth + 1] = b[b[LEVEL_SPARE] + depth] - count",
        "b[b[LEVEL_SPARE] + depth + 1] = b[b[LEVEL_SPARE] + depth]",
    ),
    "two who wait and never fit into one room": (
        "    if room == other_room:\n        pad = b[b[PAD] + room]\n",
        "    if room == other_room:\n        return True\n        pad = b[b[PAD] + room]\n",
    ),
    "the last repair instead of the best": ("b[BEST], b[FOUND] = paid, 1", "b[FOUND] = 1"),
}


def put_in_place(old: str, new: str) -> None:
    """Let the search stand on a kernel with other words."""
    source = SOURCE.read_text(encoding="utf-8")
    assert not old or source.count(old) == 1, f"{source.count(old)} times in the kernel: {old}"
    kernel = ModuleType("solver.kernel")
    exec(compile(source.replace(old, new) if old else source, str(SOURCE), "exec"), kernel.__dict__)
    sys.modules["solver.kernel"] = kernel
    solver.kernel = kernel  # type: ignore[attr-defined]
    for name in BUILT_ON_IT:
        sys.modules.pop(f"solver.{name}", None)
        importlib.import_module(f"solver.{name}")


def first_wrong() -> int | None:
    """The first case that the search gets wrong; its own alarm, the judge of every answer, counts as well."""
    from solver.board import Board

    for seed in SEEDS:
        tiny = case(seed)
        board = Board(tiny.conference, tiny.schedule)
        try:
            answer = repair(
                tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60), board=board, explain_seconds=0
            )
            wrong = ("infeasible" if answer.moved is None else said(answer)) != (truth(seed) or "infeasible")
        except (AssertionError, IndexError):
            wrong = True
        if wrong:
            return seed
    return None


def main() -> None:
    """Try every mutant."""
    found = {}
    for name, (old, new) in MUTANTS.items():
        put_in_place(old, new)
        found[name] = first_wrong()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
