"""The measurement of saves over HTTP runs, and measures what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_it_measures_saves_and_checks() -> None:
    command = [sys.executable, "-m", "benchmarks.saves", "--sessions", "60", "--count", "20"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    lines = re.findall(r"│ (save of \d+|save of one|check of an) (?:changes?|edit) +│ (\d+) +│ ([\d.]+)", ran.stdout)
    whats, times, medians = zip(*lines, strict=True)
    assert int(whats[0].removeprefix("save of ")) > 20
    assert whats[1:] == ("save of one", "check of an")
    assert times == ("4", "18", "18")
    assert all(float(one) > 0 for one in medians)
    assert ("missed" in ran.stdout) == (ran.returncode == 1)
