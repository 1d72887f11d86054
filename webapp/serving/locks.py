"""One `serve` for each data directory; the kernel lets go of the lock when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

LOCK_FILE = "serve.lock"


class AlreadyServedError(Exception):
    """Another `serve` runs on this directory; the message is one sentence."""


def lock(data: Path) -> TextIO:
    """Hold the data directory for as long as the file that this gives stays open."""
    path = data / LOCK_FILE
    held = open(path, "a+", encoding="ascii")  # noqa: SIM115 - it stays open as long as the process lives
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.seek(0)
        owner = held.read().strip()
        held.close()
        by = f" by process {owner}" if owner else ""
        raise AlreadyServedError(f"{data} is served already{by}: end that first, or name another --data") from None
    held.truncate(0)
    held.write(f"{os.getpid()}\n")
    held.flush()
    return held
