"""The same edits, side by side in the same run: ours, the two obvious CP-SAT models, and conference-scheduler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from benchmarks import slots, whole_conference
from benchmarks.measuring import Sample, milliseconds, timed
from benchmarks.whole_conference import Outcome
from fixtures.disruptions import SINGLE_EDITS, disruptions
from fixtures.generate import conference as made_up
from solver.conference import Conference, Schedule
from solver.edits import Edit

WHOLE = "whole conference, CP-SAT"
SUM = "least sum of changes, CP-SAT"
PACKAGE = "conference-scheduler"
SLOTTED = ((3, 5), (4, 8), (6, 10))
"""Rooms and periods a day of the conferences in slots."""


@dataclass(frozen=True, slots=True)
class Race:
    """One edit, and everybody's answer."""

    group: str
    ours: Sample
    peers: dict[str, Outcome]

    @property
    def quarrel(self) -> str | None:
        """Who has proved something that cannot be true if ours is."""
        answer = self.ours.answer
        if not self.ours.proved:
            return None
        for name, peer in self.peers.items():
            if peer.proved and _contradicts(name, peer, answer.moved, answer.price):
                return f"{name} has {peer.moved} moves for {peer.price}, ours {answer.moved} for {answer.price}"
        return None


def _contradicts(name: str, peer: Outcome, moved: int | None, price: int | None) -> bool:
    if moved is None or peer.moved is None or price is None:
        return moved != peer.moved
    if name == WHOLE:
        return (peer.moved, peer.price) != (moved, price)
    if name == SUM:  # it has the least price of all, and never fewer moves
        return peer.moved < moved or (peer.price or 0) > price
    return peer.moved != moved


def race(count: int, limit: float, workers: int, sizes: Sequence[int]) -> Iterator[Race]:
    """`count` edits of every conference in slots and of every ordinary one."""
    package = slots.peer()
    for rooms, periods in SLOTTED:
        built, schedule = slots.conference(seed=1, rooms=rooms, periods=periods, days=2, fullness=0.9)
        for scenario in disruptions(built, schedule, seed=1, count=count, kind=slots.KINDS):
            peers = _models(built, schedule, scenario.edits, limit, workers)
            if package:
                peers[PACKAGE] = package.solve(built, schedule, scenario.edits, seconds=limit)
            ours = timed(built, schedule, scenario.edits, limit=limit)
            yield Race(f"{len(schedule)} in slots", ours, peers)
    for sessions in sizes:
        built, schedule = made_up(seed=1, sessions=sessions)
        for scenario in disruptions(built, schedule, seed=1, count=count, kind=SINGLE_EDITS):
            peers = _models(built, schedule, scenario.edits, limit, workers)
            yield Race(f"{sessions} at any time", timed(built, schedule, scenario.edits, limit=limit), peers)


def _models(
    built: Conference, schedule: Schedule, edits: Sequence[Edit], limit: float, workers: int
) -> dict[str, Outcome]:
    return {
        name: whole_conference.solve(built, schedule, edits, seconds=limit, workers=workers, count_first=name == WHOLE)
        for name in (WHOLE, SUM)
    }


def table(races: Sequence[Race]) -> Table:
    """Each peer on each group of conferences, with ours on the same edits."""
    shown = Table(
        "sessions", "peer", "edits", "peer proved", "peer p50 ms", "ours p50 ms", "peer ÷ ours", "its moves", "ours"
    )
    for group in dict.fromkeys(one.group for one in races):
        for name in (WHOLE, SUM, PACKAGE):
            met = [(one.ours, one.peers[name]) for one in races if one.group == group and name in one.peers]
            if met:
                shown.add_row(group, name, *_row(met))
    return shown


def _row(met: Sequence[tuple[Sample, Outcome]]) -> Iterator[str]:
    both = [(ours, peer) for ours, peer in met if ours.proved and peer.proved]
    yield str(len(met))
    yield str(sum(peer.proved for _, peer in met))
    yield milliseconds(median(peer.seconds for _, peer in met))
    yield milliseconds(median(ours.seconds for ours, _ in met))
    yield _ratio([(ours, peer) for ours, peer in met if ours.proved])
    yield str(sum(peer.moved or 0 for _, peer in both))
    yield str(sum(ours.answer.moved or 0 for ours, _ in both))


def _ratio(met: Sequence[tuple[Sample, Outcome]]) -> str:
    """The median of how much longer the peer took; at least so much where it was not done in time."""
    if not met:
        return "nothing to compare"
    at_least = "" if all(peer.proved for _, peer in met) else "≥ "
    return f"{at_least}{median(peer.seconds / ours.seconds for ours, peer in met):.0f} ×"


def report(page: Console, *, count: int, limit: float, workers: int, sizes: Sequence[int]) -> None:
    """Print everything; fails if what two methods have proved cannot both be true."""
    races = list(race(count, limit, workers, sizes))
    page.print(
        f"Side by side, {limit:g} s at most; the CP-SAT models have {workers} workers, ours has one; ratios are "
        "medians over the edits that ours proved (≥: a peer that was not done counts with the limit), moves are sums "
        "over those that both proved:",
        table(races),
        sep="\n",
    )
    if slots.peer() is None:
        page.print(slots.MISSING)
    quarrels = [one.quarrel for one in races if one.quarrel]
    if quarrels:
        raise click.ClickException(f"proved answers differ: {quarrels[0]}")
