"""The measurements count rightly, and their peer, which knows nothing of our search, comes to the same answers."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmarks import measuring, whole_conference
from benchmarks import repair as bench
from fixtures.disruptions import disruptions
from fixtures.generate import conference
from fixtures.small import SHOWN, Small
from solver.repair import countdown, repair


@pytest.mark.parametrize("small", SHOWN, ids=lambda small: small.__name__)
def test_the_peer_agrees_on_small_conferences(small: type[Small]) -> None:
    built, schedule = small()
    ours = repair(built, schedule)
    peer = whole_conference.solve(built, schedule, (), seconds=30, workers=1)
    assert peer.proved
    assert peer.infeasible == (ours.status == "infeasible")
    assert (peer.moved, peer.price) == (ours.moved, ours.price)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_peer_agrees_on_disruptions(seed: int) -> None:
    built, schedule = conference(seed=seed, sessions=24, rooms=4, fullness=0.6)
    compared = 0
    for scenario in disruptions(built, schedule, seed=seed, count=18):
        ours = repair(built, schedule, scenario.edits, remaining=countdown(4))
        peer = whole_conference.solve(built, schedule, scenario.edits, seconds=4, workers=1)
        if peer.proved and ours.status in measuring.PROVED:
            assert (peer.moved, peer.price) == (ours.moved, ours.price), scenario
            compared += 1
    assert compared >= 12


def test_percentiles_are_values_that_were_measured() -> None:
    times = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [measuring.percentile(times, percent) for percent in (20, 50, 95, 100)] == [1.0, 3.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("few", "spread"), [(0, set()), (1, {0}), (3, {0, 3, 6}), (10, set(range(10))), (99, set(range(10)))]
)
def test_a_few_are_spread_over_all(few: int, spread: set[int]) -> None:
    assert measuring.spread(few, 10) == spread


def test_the_command_prints_what_it_measured() -> None:
    told = CliRunner().invoke(
        bench.main,
        ["--sessions", "12", "15", "--seeds", "1", "--count", "4", "--runs", "1", "--peer-edits", "2", "--slowest"],
    )
    assert told.exit_code == 0, told.output
    for words in ("p95 ms", "proved_minimal", "peer ÷ ours", "what happened", " 12 ", " 15 "):
        assert words in told.output
