"""A worker that is frozen in the middle of a write to an SQLite file holds everybody else up: it is ended.

The kernel knows who holds the lock; the write is rolled back, and the job is taken over like that of any dead worker.
Linux alone says all this; elsewhere nothing is ended.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from pathlib import Path

WORKER = "webapp.jobs.worker"
"""Only these processes are ended, whoever else holds the lock."""
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 2.0
"""How long a worker may be stopped with the lock in its hand."""
_WRITE_LOCK = 120
"""The byte of the file of shared memory that whoever writes has locked: SQLite's file format, on WAL-mode locks."""
_LOCK = re.compile(r"POSIX +ADVISORY +WRITE +(\d+) +\S+:(\d+) +(\d+) +(\d+)$", re.MULTILINE)


class FrozenWriters:
    """Watches the lock of one SQLite file."""

    def __init__(self, database: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self._shared = Path(f"{database.resolve()}-shm")
        self._patience = patience
        self._seen: tuple[int, float] | None = None
        """The stopped worker that held the lock at the last look, and since when."""

    def look(self) -> int | None:
        """End the worker that has held the lock for too long while it was stopped; which one that was."""
        found, now = self._stopped_holder(), time.monotonic()
        if found is None or self._seen is None or self._seen[0] != found:
            self._seen = None if found is None else (found, now)
            return None
        if now - self._seen[1] < self._patience:
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(found, signal.SIGKILL)
        self._seen = None
        return found

    def start(self) -> None:
        """Look again and again, in a thread that ends with the process."""
        threading.Thread(target=self._watch, name="frozen writers", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()

    def _stopped_holder(self) -> int | None:
        try:
            inode = self._shared.stat().st_ino
            locks = Path("/proc/locks").read_text()
        except OSError:
            return None
        for pid, held, first, last in _LOCK.findall(locks):
            if int(held) == inode and int(first) <= _WRITE_LOCK <= int(last) and self._is_stopped_worker(int(pid)):
                return int(pid)
        return None

    def _is_stopped_worker(self, pid: int) -> bool:
        """Whether the process is one of our workers, has this very file open, and is stopped."""
        process = Path(f"/proc/{pid}")
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            ours = WORKER.encode() in (process / "cmdline").read_bytes().split(b"\0")
            return state == "T" and ours and any(_target(one) == self._shared for one in (process / "fd").iterdir())
        except OSError:
            return False


def _target(link: Path) -> Path | None:
    try:
        return link.readlink()
    except OSError:
        return None
