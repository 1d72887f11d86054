"""A program that `serve` started ends with it, even when the supervisor is killed without a word."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

SUPERVISOR = "CALLBOARD_SUPERVISOR"
"""The environment variable that names the supervisor's process id."""
_PR_SET_PDEATHSIG = 1


def is_supervised() -> bool:
    """Whether `serve` started this process, or the one it was forked from."""
    return bool(os.environ.get(SUPERVISOR))


def end_with_supervisor() -> None:
    """Arrange to be killed when the supervisor ends, if there is one; terminal interrupts are its business too."""
    if is_supervised():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_with(int(os.environ[SUPERVISOR]))


def end_with(parent: int) -> None:
    """Arrange to be killed when the process `parent`, which started this one, ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
