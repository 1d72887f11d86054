"""Many sessions must leave at once, because a room closes or a train is late: a repair first, then how few moves do.

A repair is put together session by session (`solver.insertion`), a floor is put under its count by what the rooms' time
is worth (`solver.lagrange`), the repair is taken apart and put together again with fewer moves, and last it is guessed
who moves (`solver.movers`), which can prove how few moves there can be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from solver import ejection, movers
from solver.chains import Chains, insert_one_by_one
from solver.countdown import Remaining, countdown
from solver.problem import Finding

if TYPE_CHECKING:
    from solver.insertion import Insertion

FIRST_SHARE = 0.6
"""The part of the time for a repair, whatever it is."""
ANYTHING_SHARE, ANYTHING_SECONDS = 0.3, 1.0
"""The part of what is left then for a repair at any price, and the most seconds: it comes soon, or never."""
ROOMS_SHARE = 0.25
"""The part of the rest for the worth of the rooms' time."""
SMALLER_SHARE = 0.4
"""The part of what is left then for making it smaller."""
MOVERS_SHARE = 0.6
"""The part of what is left in the end for guessing who moves; less where nothing is in hand: there may be no repair."""

Note = Callable[[Finding], None]


def find(chains: Chains, finding: Finding, *, remaining: Remaining, note: Note) -> None:
    """Put a repair into the finding, make it smaller, and raise the floor under its count, while there is time."""
    insertion = _insertion(chains)
    clock = countdown(remaining() * FIRST_SHARE)
    if finding.places is None and insertion is not None:
        insertion.remaining = clock
        finding.places = insertion.first()
    elif finding.places is None:
        finding.places = insert_one_by_one(chains.problem, chains.index, clock)
    if finding.places is None:
        clock = countdown(min(remaining() * ANYTHING_SHARE, ANYTHING_SECONDS))
        finding.places = ejection.anything(chains.problem, clock)
        if insertion is not None and finding.places is not None:
            insertion.begin_with(finding.places)
    finding.raise_floor(chains.least_cover, "chains")
    note(finding)
    if insertion is not None and not finding.count_proved:
        _weigh_rooms(insertion, finding, countdown(remaining() * ROOMS_SHARE))
        note(finding)
    if insertion is not None and finding.places is not None:
        _make_smaller(insertion, finding, countdown(remaining() * SMALLER_SHARE), note)
    if not finding.count_proved:
        guess_movers(chains, finding, remaining=remaining, note=note)


def guess_movers(chains: Chains, finding: Finding, *, remaining: Remaining, note: Note) -> None:
    """Raise the floor under the count by guesses of who moves, for a part of the time."""
    share = MOVERS_SHARE if finding.places is not None else MOVERS_SHARE / 3
    clock = countdown(remaining() * share)
    movers.find(chains.problem, chains.index, finding, remaining=clock, note=note)


def _insertion(chains: Chains) -> Insertion | None:
    """The compiled way to put a repair together, where the search is compiled."""
    if not chains.compiled:
        return None
    from solver.compiled import CompiledChains
    from solver.insertion import Insertion

    assert isinstance(chains, CompiledChains)
    return Insertion(chains, chains.remaining)


def _weigh_rooms(insertion: Insertion, finding: Finding, remaining: Remaining) -> None:
    from solver.lagrange import RoomBound

    if RoomBound.holds_for(insertion.chains):
        known = None if finding.places is None else len(finding.places)
        finding.raise_floor(RoomBound(insertion.chains).floor(remaining, known), "rooms")


def _make_smaller(insertion: Insertion, finding: Finding, remaining: Remaining, note: Note) -> None:
    insertion.remaining = remaining
    while finding.places is not None and not finding.count_proved:
        smaller = insertion.improve(finding.places, finding.count_floor)
        if smaller is None:
            return
        finding.places = smaller
        note(finding)
