"""Alternatives out of one search: every repair that it comes across is kept, and the best distinct ones are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from solver.chains import rank
from solver.problem import Places, distinct

FEW = 8
"""So many new repairs, or a quarter of all, and it is looked again what may still be of interest."""


@dataclass
class Found:
    """One repair."""

    places: Places
    price: int
    padded: bool | None = None
    """Whether a part of it can be put back; None: not looked at yet."""

    @cached_property
    def order(self) -> tuple[int, list[tuple[str, str, int]]]:
        return self.price, rank(self.places)


class Pool:
    """Every repair of one count that costs no more than `within`, once a search has gone through.

    While it goes on, `within` falls to the price of the last repair that is wanted.
    """

    def __init__(
        self, earlier: Sequence[Places], wanted: int, within: int, is_padded: Callable[[Places], bool]
    ) -> None:
        self.within = within
        self._earlier = earlier
        self._wanted = wanted
        self._is_padded = is_padded
        self._found: list[Found] = []
        self._fresh = 0

    def add(self, places: Places, price: int) -> None:
        self._found.append(Found(places, price))
        self._fresh += 1
        if self._fresh >= max(FEW, len(self._found) // 4):
            self._narrow()

    def _narrow(self) -> None:
        """No repair can be wanted that costs more than so many distinct ones."""
        self._fresh = 0
        best = self.best(self._earlier, self._wanted)
        if len(best) == self._wanted:
            self.within = min(self.within, best[-1].price)
            self._found = [one for one in self._found if one.price <= self.within]

    def best(self, earlier: Sequence[Places], wanted: int) -> list[Found]:
        """The best repairs, each distinct from all before it and from the earlier ones, and without padding."""
        self._found.sort(key=lambda one: one.order)
        chosen: list[Found] = []
        for one in self._found:
            if len(chosen) == wanted or one.price > self.within:
                break
            others = (*earlier, *(other.places for other in chosen))
            if all(distinct(one.places, other) for other in others) and not self._padded(one):
                chosen.append(one)
        return chosen

    def _padded(self, one: Found) -> bool:
        if one.padded is None:
            one.padded = self._is_padded(one.places)
        return one.padded
