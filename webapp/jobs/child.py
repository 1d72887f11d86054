"""The solver of one job, in a process of its own: it may eat memory or crash, and takes nobody with it."""

from __future__ import annotations

import importlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from webapp.serving import wire
from webapp.serving.parent import end_with
from webapp.serving.programs import module_path

GRACE_SECONDS = 15.0
"""How much longer than its limit a solve may take, with reading and writing, before it is ended by force."""
REPORT_SECONDS = 0.2
"""Progress is told at most so often."""
BEST_SECONDS = 2.0
"""The best solution, which is long, at most so often."""
OUT_OF_MEMORY = 75
_READ_BYTES = 1 << 18


class Child:
    """A solver that runs; its messages come through a pipe."""

    def __init__(self, question: Mapping[str, Any], *, memory_mb: int) -> None:
        self.deadline = time.monotonic() + question["time_limit"] + GRACE_SECONDS
        self._unpacker = wire.Unpacker()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "webapp.jobs.child", str(os.getpid()), str(memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **module_path(), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.pipe = self._process.stdout.fileno()
        try:
            self._process.stdin.write(wire.packed(dict(question)))
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already: its pipe says so

    @property
    def pid(self) -> int:
        return self._process.pid

    def read(self) -> list[dict[str, Any]] | None:
        """The messages that have come; None when it has ended."""
        data = os.read(self.pipe, _READ_BYTES)
        if not data:
            return None
        return self._unpacker.feed(data)

    def terminate(self) -> None:
        """End it by force, if it has not ended."""
        self._process.kill()

    def reap(self) -> str:
        """Wait for the ended process; how it ended, for people."""
        status = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        if status == OUT_OF_MEMORY:
            return "its solver needed more memory than a job may have"
        return f"its solver was ended by signal {-status}" if status < 0 else f"its solver ended with status {status}"


def main(parent: int, memory_mb: int) -> int:
    """Read a question from standard input; write progress and the answer to standard output."""
    end_with(parent)
    if memory_mb:
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 2**20, memory_mb * 2**20))
    # What libraries print must not come between the messages.
    out = os.dup(1)
    os.dup2(2, 1)
    try:
        (question,) = wire.Unpacker().feed(sys.stdin.buffer.read())
        _write(out, _solve(question, out))
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def _solve(question: Mapping[str, Any], out: int) -> dict[str, Any]:
    # Loaded before the clock runs: on a busy machine that alone takes seconds.
    for module in ("solver.plan", "solver.repair"):
        importlib.import_module(module)
    from solver.countdown import countdown
    from webapp.jobs.solving import Solving, read_places
    from webapp.jobs.tasks import task
    from webapp.schemas import read_callboard

    conference, schedule = read_callboard(question["facts"], "the facts")
    clock = countdown(question["time_limit"])
    told = {"progress": 0.0, "best": 0.0}
    last: dict[str, Any] = {}

    def report(progress: dict[str, Any], best: dict[str, Any] | None) -> None:
        now = time.monotonic()
        message: dict[str, Any] = {"progress": {**progress, "seconds": progress["seconds"] + question["spent"]}}
        last.update(message)
        if now - told["progress"] < REPORT_SECONDS:
            return
        told["progress"] = now
        if best is not None and now - told["best"] >= BEST_SECONDS:
            told["best"] = now
            message["best"] = best
        _write(out, message)

    answer = Solving(
        task(question["kind"], question["parameters"], conference, schedule),
        remaining=clock,
        report=report,
        seed=question["seed"],
        weights=question["weights"],
        start=read_places(question["best"]),
    ).answer()
    return {**last, "answer": answer}


def _write(pipe: int, message: dict[str, Any]) -> None:
    data = wire.packed(message)
    while data:
        data = data[os.write(pipe, data) :]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
