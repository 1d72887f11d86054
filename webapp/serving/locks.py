"""One `serve` for each data directory; the kernel lets go of the lock when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

LOCK_FILE = "serve.lock"


class AlreadyServedError(Exception):
    """Another `serve` runs on this directory; the message is one sentence."""


def lock_sqlite(stack: ExitStack, data: Path, database: Path) -> None:
    """Hold a data directory and its database, which may be a file elsewhere, for as long as the stack is open."""
    stack.enter_context(lock(data))
    if database.resolve().parent != data.resolve():
        database.parent.mkdir(parents=True, exist_ok=True)
        stack.enter_context(lock(database, Path(f"{database}.lock")))


def lock(data: Path, file: Path | None = None) -> TextIO:
    """Hold the data directory for as long as the file that this gives stays open."""
    path = file or data / LOCK_FILE
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
