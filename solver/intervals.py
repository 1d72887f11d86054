"""Stretches of time put together and taken away from one another."""

from __future__ import annotations

from collections.abc import Iterable

from solver.conference import Interval


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same time as few stretches, earliest first; what touches is joined."""
    joined: list[Interval] = []
    for one in sorted(intervals, key=lambda interval: (interval.start, interval.end)):
        if joined and one.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return tuple(joined)


def without(intervals: Iterable[Interval], taken: Iterable[Interval]) -> tuple[Interval, ...]:
    """What is left of each interval, in their order, once the time of `taken` is cut out of it."""
    cuts = union(taken)
    left: list[Interval] = []
    for one in intervals:
        start = one.start
        for cut in cuts:
            if not cut.overlaps(start, one.end):
                continue
            if cut.start > start:
                left.append(Interval(start, cut.start))
            start = cut.end
        if start < one.end:
            left.append(Interval(start, one.end))
    return tuple(left)
