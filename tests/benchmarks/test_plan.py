"""The measurement of plans runs, and measures what it says."""

from __future__ import annotations

from click.testing import CliRunner

from benchmarks.plan import main, theirs
from fixtures.generate import conference


def test_it_measures_plans_and_the_peer() -> None:
    given = ["--sessions", "30", "--seeds", "2", "--limit", "5", "--improve", "0.3", "--peer-limit", "20"]
    ran = CliRunner().invoke(main, given, catch_exceptions=False)
    assert ran.exit_code == 0
    [row] = [line for line in ran.output.splitlines() if line.startswith("│")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[:3] == ["30", "2", "2"]
    assert 0 <= float(cells[3]) <= float(cells[5]) < 10
    assert "as generated" in ran.output


def test_the_peer_finds_a_schedule_or_says_that_it_did_not() -> None:
    built, schedule = conference(seed=1, sessions=15, fullness=0.5)
    found = theirs(built, schedule, 20)
    assert found is not None
    assert 0 < found < 20
    assert theirs(built, schedule, 0) is None
