"""Stretches of time, against the minutes that they hold."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from solver.conference import Interval
from solver.intervals import union, without

INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda one: Interval(one[0], sum(one))))


def minutes(intervals: list[Interval] | tuple[Interval, ...]) -> set[int]:
    return {minute for one in intervals for minute in range(one.start, one.end)}


@given(INTERVALS)
def test_a_union_holds_the_same_minutes_in_as_few_stretches_as_can_be(intervals: list[Interval]) -> None:
    joined = union(intervals)
    assert minutes(joined) == minutes(intervals)
    assert all(first.end < second.start for first, second in pairwise(joined))


@given(INTERVALS, INTERVALS)
def test_what_is_taken_away_is_gone_and_nothing_else(intervals: list[Interval], taken: list[Interval]) -> None:
    left = without(intervals, taken)
    assert minutes(left) == minutes(intervals) - minutes(taken)
    assert all(any(one.start <= piece.start and piece.end <= one.end for one in intervals) for piece in left)
    assert without(intervals, []) == tuple(intervals)
