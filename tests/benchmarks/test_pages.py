"""The table of the pages' main thread: what overruns its budget is said, and ends the command with 1."""

from __future__ import annotations

import pytest

from benchmarks.pages.__main__ import LINES, middle, show
from benchmarks.pages.browser import Spent
from benchmarks.pages.ours import Visit

VISIT = Visit(requests=8, kilobytes=90, first_paint=900, largest_paint=900, blocked=10, main_thread=200, shift=0.0)


def within() -> dict[str, Spent]:
    return {what: Spent(float(limit), float(limit)) for what, _, _, limit in LINES}


def test_every_budget_is_kept_only_if_each_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(within(), None, VISIT)
    for what, _, which, limit in LINES:
        over = Spent(**{"all": 0.0, "script": 0.0, which: limit + 0.1})
        assert not show({**within(), what: over}, within(), VISIT), what
        other = "script" if which == "all" else "all"
        assert show({**within(), what: Spent(**{which: 0.0, other: 9999.0})}, None, VISIT), what
    told = capsys.readouterr().out
    assert "missed" in told


def test_the_median_is_taken_line_by_line() -> None:
    runs = [{"drag": Spent(all=float(one), script=float(-one))} for one in (9, 1, 4)]
    assert middle(runs) == {"drag": Spent(all=4.0, script=-4.0)}
