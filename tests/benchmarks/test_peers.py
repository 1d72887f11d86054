"""The peers are asked the same question, and a proof that contradicts ours is noticed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import peers, slots, whole_conference
from benchmarks.measuring import PROVED, Sample
from benchmarks.whole_conference import Outcome
from fixtures.disruptions import disruptions
from solver.answer import Answer
from solver.check import violations
from solver.edits import Edited, Pin, apply
from solver.repair import countdown, repair


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_conference_in_slots_keeps_every_rule_and_all_methods_agree(seed: int) -> None:
    built, schedule = slots.conference(seed=seed, rooms=2, periods=4, days=2, fullness=0.8)
    assert violations(built, schedule) == []
    assert len(schedule) == 13
    for scenario in disruptions(built, schedule, seed=seed, count=3, kind=slots.KINDS):
        ours = repair(built, schedule, scenario.edits, remaining=countdown(5))
        count, total = (
            whole_conference.solve(built, schedule, scenario.edits, seconds=10, workers=1, count_first=first)
            for first in (True, False)
        )
        assert ours.status in PROVED
        assert count.proved
        assert total.proved
        assert (count.moved, count.price) == (ours.moved, ours.price)
        if ours.moved is not None and ours.price is not None:
            assert total.moved is not None
            assert total.price is not None
            assert total.moved >= ours.moved
            assert total.price <= ours.price


def test_the_question_for_slots_bars_what_the_rules_bar() -> None:
    built, schedule = slots.conference(seed=1, rooms=2, periods=4, days=2, fullness=0.8)
    pinned = built.sessions[0].id
    edited = apply(built, schedule, [Pin(pinned)])
    asked = slots.question_of(edited)
    places, events = asked["slots"], asked["events"]
    assert isinstance(places, list)
    assert isinstance(events, list)
    assert len(places) == 16
    for event in events:
        for number, (room, start) in enumerate(places):
            moved = {event["name"]: slots.Placement(room, start)}
            alone = violations(edited.conference, moved)
            elsewhere = event["name"] == pinned and number != event["now"]
            assert (number in event["barred"]) == (bool(alone) or elsewhere)


def test_every_clash_of_speakers_is_told_once() -> None:
    built, schedule = slots.conference(seed=2, rooms=3, periods=4, days=1, fullness=0.9)
    events = slots.question_of(Edited(built, schedule))["events"]
    assert isinstance(events, list)
    told = {frozenset((index, other)) for index, event in enumerate(events) for other in event["clashing"]}
    sharing = {
        frozenset((index, later))
        for index, one in enumerate(built.sessions)
        for later, other in enumerate(built.sessions)
        if index < later and set(one.speakers) & set(other.speakers)
    }
    assert told == sharing
    assert told


def test_an_environment_without_the_package_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_PEERS", str(tmp_path))
    assert slots.peer() is None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    assert slots.peer() is None


@pytest.mark.parametrize(
    ("name", "moved", "price", "contradicts"),
    [
        (peers.WHOLE, 2, 30, False),
        (peers.WHOLE, 2, 25, True),
        (peers.WHOLE, 1, 30, True),
        (peers.WHOLE, None, None, True),
        (peers.SUM, 4, 20, False),
        (peers.SUM, 1, 20, True),
        (peers.SUM, 2, 31, True),
        (peers.PACKAGE, 2, None, False),
        (peers.PACKAGE, 3, None, True),
    ],
)
def test_a_contradiction_is_a_quarrel(name: str, moved: int | None, price: int | None, contradicts: bool) -> None:
    answer = Answer("proved_minimal", 2, 2, 30, 30, 1, (), (), 0.1, "chains")
    met = peers.Race("any", Sample(answer, 0.1, 0.1, 0.1), {name: Outcome(True, moved, price, 1.0)})
    assert (met.quarrel is not None) == contradicts
    unproved = peers.Race("any", Sample(answer, 0.1, 0.1, 0.1), {name: Outcome(False, moved, price, 1.0)})
    assert unproved.quarrel is None


def test_the_table_shows_sums_over_what_both_proved() -> None:
    answer = Answer("proved_minimal", 2, 2, 30, 30, 1, (), (), 0.1, "chains")
    ours = Sample(answer, 0.1, 0.1, 0.1)
    races = [peers.Race("any", ours, {peers.WHOLE: Outcome(proved, 3, 30, 1.0)}) for proved in (True, True, False)]
    shown = [next(iter(column.cells)) for column in peers.table(races).columns]
    assert shown == ["any", peers.WHOLE, "3", "2", "1000", "100", "≥ 10 ×", "6", "4"]
