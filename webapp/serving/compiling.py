"""Compiles the search for the solver process that has started this, with low priority, and ends with it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from solver import warm
from webapp.serving.parent import end_with


def main(cache: Path, parent: int) -> None:
    """Compile into the cache, unless another process is at it already."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
    os.nice(10)
    warm.compile_once(cache)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
