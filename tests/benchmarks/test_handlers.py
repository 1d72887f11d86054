"""The measurement of what follows a commit runs, and measures what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_it_measures_handling_and_repairs() -> None:
    command = [sys.executable, "-m", "benchmarks.handlers", "--sessions", "40", "--seconds", "1", "--changes", "2"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    first, *others = ran.stdout.splitlines()
    found = re.fullmatch(r"40 sessions, (\d+) events a second from (\d+) saves", first)
    assert found
    assert int(found[2]) > 5
    whats = [line.partition(":")[0] for line in others]
    assert whats == ["commit to handled", "save, with its commit", "change of availability to its repairs"]
