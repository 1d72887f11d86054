"""The measurement of the web process's loop runs, and measures what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_it_measures_the_loop_while_editors_save() -> None:
    command = [sys.executable, "-m", "benchmarks.hub", "--sessions", "40", "--editors", "3", "--seconds", "2"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    first, second = ran.stdout.splitlines()
    assert re.match(r"40 sessions, 3 editors for 2 s: \d+ saved", first)
    found = re.fullmatch(r"the loop was late by p50 .*, at most [\d.]+ ms, of (\d+) times", second)
    assert found
    assert int(found[1]) > 50
