"""A rule that is too lax, or too strict, does not get past brute force."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable

import pytest

from solver.conference import Conference, Room, Session
from solver.repair import countdown, repair
from solver.rules.apart_overlap import ApartOverlap
from solver.rules.order import InOrder
from solver.rules.rule import Window
from solver.rules.turnover import Turnover
from tests.solver.test_exactness import CASES, said, truth
from tests.solver.tiny import Tiny, case


def is_noticed() -> bool:
    """Whether the search gets any of the cases wrong; its own alarm, the judge of every answer, counts as well.

    Without a fault it gets all of them right: that is `test_repair_equals_brute_force`.
    """
    return any(is_wrong(case(seed), seed) for seed in CASES)


def is_wrong(tiny: Tiny, seed: int) -> bool:
    try:
        answer = repair(tiny.conference, tiny.schedule, tiny.edits, remaining=countdown(60))
        return said(answer) != truth(seed)
    except AssertionError:
        return True


def test_a_rule_that_the_search_forgets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def lax(self: ApartOverlap, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        return ()

    monkeypatch.setattr(ApartOverlap, "windows", lax)
    assert is_noticed()


def test_a_turnover_that_is_a_minute_too_long_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(self: Turnover, room: Room) -> int:
        return room.turnover + 1

    monkeypatch.setattr(Turnover, "pad", strict)
    assert is_noticed()


def test_an_order_that_asks_for_too_much_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = InOrder.windows

    def strict(self: InOrder, conference: Conference, a: Session, b: Session, room_b: str) -> Iterable[Window]:
        for rooms, low, high in real(self, conference, a, b, room_b):
            yield rooms, low - 30, high + 30

    monkeypatch.setattr(InOrder, "windows", strict)
    assert is_noticed()


@pytest.mark.slow
def test_faults_in_the_compiled_search_are_noticed() -> None:
    """Put into its source and run uncompiled, which is slow, so on a handful of cases."""
    command = [sys.executable, "-m", "tests.solver.kernel_mutants"]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=300).stdout
    noticed = json.loads(told)
    assert noticed.pop("none") is None
    assert len(noticed) >= 5
    assert None not in noticed.values(), noticed
