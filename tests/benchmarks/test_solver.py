"""The table of targets judges rightly, and what is open or never came counts against us."""

from __future__ import annotations

from math import inf
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from benchmarks import plot, solver, sweep, targets
from benchmarks.measuring import Sample, milliseconds
from solver.answer import Answer, Status


def sample(status: Status, seconds: float, first: float | None = 0.1) -> Sample:
    moved = None if status in ("infeasible", "unknown") else 1
    answer = Answer(status, moved, 1, moved, 5, 1, (), (), seconds, "chains")
    return Sample(answer, seconds, first)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ([0.0009] * 19 + [0.009], "0.9 / 0.9 (1 / 10) met"),
        ([0.0009] * 18 + [0.012] * 2, "0.9 / 12.0 (1 / 10) missed"),
        ([0.0011] * 20, "1.1 / 1.1 (1 / 10) missed"),
        ([0.0009] * 18 + [inf] * 2, "0.9 / never (1 / 10) missed"),
        ([], ""),
    ],
)
def test_a_target_is_met_only_by_both_percentiles(seconds: list[float], said: str) -> None:
    assert targets.judged(targets.REPAIR, 1000, seconds) == said


@pytest.mark.parametrize(
    ("status", "seconds", "proved"),
    [
        ("proved_moved", 0.9, True),
        ("infeasible", 0.9, True),
        ("proved_minimal", 1.1, False),
        ("best_found", 0.5, False),
        ("unknown", 0.5, False),
    ],
)
def test_a_count_is_proved_in_time_by_the_clock_outside(status: Status, seconds: float, proved: bool) -> None:
    assert targets.in_time(sample(status, seconds)) == proved


def test_open_cases_are_counted_and_no_part_of_the_histogram() -> None:
    samples = [sample("proved_minimal", 0.1), sample("best_found", 5), sample("unknown", 5), sample("infeasible", 0.2)]
    scenario = next(iter(sweep.settings(20, 0.7, 1)))
    told = sweep.disruptions(scenario.built, scenario.schedule, seed=1, count=4)
    cases = tuple(sweep.Case(one, taken) for one, taken in zip(told, samples, strict=True))
    cell = sweep.Cell(20, 2, 0.7, 0.7, cases)
    assert cell.open == 2
    shown = [next(iter(column.cells)) for column in sweep.table([cell]).columns]
    assert shown[-3:] == ["1: 1", "1", "2"]


def test_a_plot_is_well_formed_and_rises_where_the_cost_does() -> None:
    line = plot.Line("p50 < all & any", ((100, 1.0), (1000, 10.0), (3000, 45.0)))
    root = ElementTree.fromstring(plot.svg("Cost", "sessions", "ms", [line]))
    heights = [float(circle.get("cy", "")) for circle in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert heights == sorted(heights, reverse=True)
    assert len(heights) == 3
    with pytest.raises(ValueError, match="at least one point"):
        plot.svg("Cost", "sessions", "ms", [])


@pytest.mark.parametrize(("seconds", "said"), [(0.00004, "0.0"), (0.0123, "12.3"), (0.0996, "100"), (1.5, "1500")])
def test_milliseconds_have_as_many_digits_as_mean_something(seconds: float, said: str) -> None:
    assert milliseconds(seconds) == said


def test_the_command_prints_the_targets_and_leaves_a_plot(tmp_path: Path) -> None:
    told = CliRunner().invoke(
        solver.main,
        [
            "--sessions",
            "100",
            "--seeds",
            "1",
            "--count",
            "2",
            "--limit",
            "1",
            "--no-university",
            "--results",
            str(tmp_path),
        ],
    )
    assert told.exit_code == 0, told.output
    for words in ("check of one edit", "five alternatives", "count proved in 1 s", "K: edits", "open"):
        assert words in told.output
    assert (tmp_path / "growth.svg").read_text().startswith("<svg")
