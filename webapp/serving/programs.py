"""A program that the supervisor keeps running: started by exec, started again when it ends."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import webapp
from webapp.serving.parent import SUPERVISOR
from webapp.serving.watchdog import Watchdog

STEADY_SECONDS = 30.0
"""A program that ran for so long and ends is started again without delay."""
LONGEST_DELAY = 5.0


@dataclass
class Program:
    """One of our modules, run as a program."""

    name: str
    module: str
    arguments: list[str]
    environment: dict[str, str]
    keep_open: tuple[int, ...] = ()
    """Descriptors that it inherits."""
    watchdog: Watchdog | None = None
    """Where it answers pings: it is ended by force when it does not."""
    failures: int = 0
    """How often in a row it ended soon after its start."""
    process: subprocess.Popen[bytes] | None = None
    _started: float = field(default=0.0)
    _again: float = field(default=0.0)

    def start(self) -> None:
        """Run it.  What it prints goes to standard error: standard output is the supervisor's."""
        self._started = time.monotonic()
        if self.watchdog is not None:
            self.watchdog.forget()
        self.process = subprocess.Popen(
            # -P: whatever lies in the present directory is none of our modules.
            [sys.executable, "-P", "-m", self.module, *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=2,
            env={**os.environ, **self.environment, **module_path(), SUPERVISOR: str(os.getpid())},
            pass_fds=self.keep_open,
        )

    def tend(self) -> str | None:
        """Start it again if it has ended; what happened, in a sentence, or None."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._again:
                self.start()
            return None
        status = self.process.poll()
        if status is None:
            return self._watched()
        self.process = None
        self.failures = 0 if now - self._started > STEADY_SECONDS else self.failures + 1
        self._again = now + min(LONGEST_DELAY, 0.1 * 2 ** (self.failures - 1) if self.failures else 0.0)
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"the {self.name} {how}; it is started again"

    def _watched(self) -> str | None:
        """End it by force if it hangs."""
        if self.process is None or self.watchdog is None or not self.watchdog.sees_a_hang():
            return None
        self.process.kill()
        self.process.wait()
        return f"the {self.name} does not answer any more; it is ended"

    def terminate(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def join(self, deadline: float) -> None:
        """Wait until it has ended, and end it by force when the time has come."""
        if self.watchdog is not None:
            self.watchdog.forget()
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def module_path() -> dict[str, str]:
    """The variable by which a program finds our modules where they are not installed but lie about."""
    root = str(Path(webapp.__file__).parents[1])
    if root in site.getsitepackages():
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
