"""A repair at once where many sessions must leave, and then one with fewer moves: neither is proved to be the best.

Whoever must leave is put back one after the other, those with the fewest places first, each by a short search of the
compiled kernel that may push out a few others.  Who finds no place comes first in the next attempt.  Then parts of the
repair are taken back and put together again, with a move less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from solver.compiled import CompiledChains
from solver.conference import Placement
from solver.problem import Places

Remaining = Callable[[], float]
Stand = tuple[int, int]
"""Room number and start."""
Moved = dict[int, Stand]
"""Session number → where it stands now."""

MOST_PUSHED = 3
"""So many may be pushed out to put back one session."""
NODES = (400, 400, 200, 100)
"""How long is searched with so many pushes."""
NODES_FOR_ALL = 2000
"""How long it is tried to place all at once, pushing out nobody."""
TAKEN_OUT = (2, 3, 4, 6)
"""So many make room for one that found no place, as the dice fall."""
MOST_ATTEMPTS = 400


class Insertion:
    """Repairs of the problem of a compiled search, each with fewer moves than the one before."""

    def __init__(self, chains: CompiledChains, remaining: Remaining) -> None:
        self.chains = chains
        self.remaining = remaining
        self._numbers = chains.board.number
        self._dice = Random(1)
        least = next(chains.covers(len(chains.must) + len(chains.pairs)))
        self.roots = [self._numbers[one] for one in sorted(least)]
        self._home = {self._numbers[one]: place for one, place in chains.problem.schedule.items()}

    def first(self) -> Places | None:
        """A repair; None where none was found."""
        found = self.chains.place(self.roots, {}, 0, NODES_FOR_ALL)
        if found is None:
            found = self._one_by_one()
        return None if found is None else self._named(found)

    def begin_with(self, places: Places) -> None:
        """Go on from a repair that others have found: those who must leave are those of the broken whom it moves."""
        problem = self.chains.problem
        broken = {one for violation in problem.broken for one in violation.sessions}.union(problem.homeless)
        self.roots = [self._numbers[one] for one in sorted(broken.intersection(places))]

    def _one_by_one(self) -> Moved | None:
        moved: Moved = {}
        waiting = self.chains.fewest_places_first(self.roots)
        for _ in range(MOST_ATTEMPTS):
            while waiting and (after := self._put(waiting[0], waiting, moved, MOST_PUSHED)) is not None:
                moved = after
                waiting.pop(0)
            if not waiting:
                return moved
            if self.remaining() <= 0:
                return None
            moved, waiting = self._make_room(waiting, moved)
        return None

    def _put(self, one: int, away: Iterable[int], moved: Moved, most: int) -> Moved | None:
        """Everybody's places with one more put back, with as few pushes as that takes."""
        for spare in range(most + 1):
            found = self.chains.place([one], moved, spare, NODES[spare], away=away)
            if found is not None:
                return moved | found
        return None

    def _make_room(self, waiting: list[int], moved: Moved) -> tuple[Moved, list[int]]:
        """Take out some who were put back before the first of those who wait, and let it come before them."""
        roots = [one for one in self.roots if one in moved]
        out = self._dice.sample(roots, min(self._dice.choice(TAKEN_OUT), len(roots)))
        moved, again = self._taken_back(moved, out)
        first, *rest = waiting
        return moved, [first, *(one for one in again if one != first), *rest]

    def _taken_back(self, moved: Moved, out: Iterable[int]) -> tuple[Moved, list[int]]:
        """The moves without some, and without those of whoever stands where they go home to; the roots among them."""
        rest, queue, again = dict(moved), list(out), []
        while queue:
            one = queue.pop()
            if rest.pop(one, None) is None:
                continue
            if one in self.roots:
                again.append(one)
            else:
                queue += self.chains.who_stands_at(one, self._home[one], rest, self.roots)
        return rest, again

    def improve(self, places: Places, floor: int) -> Places | None:
        """A repair of fewer moves than this one; None when the time is out, or so few are proved to be needed."""
        moved = self._numbered(places)
        while len(moved) > floor and self.remaining() > 0:
            extras = [one for one in moved if one not in self.roots]
            if not extras:
                return None
            out = self._dice.sample(extras, min(len(extras), self._dice.choice((1, 1, 2, 3))))
            out += self._dice.sample(self.roots, min(len(self.roots), self._dice.choice((0, 1, 2))))
            rest, again = self._taken_back(moved, out)
            spare = len(moved) - len(rest) - len(again)
            found = self._again(rest, again, spare)
            if found is None:
                continue
            if len(found) < len(moved):
                return self._named(found)
            moved = found
        return None

    def _again(self, rest: Moved, again: list[int], spare: int) -> Moved | None:
        """Put back who was taken out, with a push less than before if it can be, with as many if not."""
        self._dice.shuffle(again)
        again = self.chains.fewest_places_first(again, rest)
        moved = dict(rest)
        for index, one in enumerate(again):
            after = self._put(one, again[index:], moved, min(MOST_PUSHED, spare))
            if after is None:
                return None
            spare -= len(after) - len(moved) - 1
            moved = after
        return moved

    def _named(self, moved: Moved) -> Places:
        board = self.chains.board
        return {board.names[one]: Placement(board.rooms[room], start) for one, (room, start) in moved.items()}

    def _numbered(self, places: Places) -> Moved:
        rooms = self.chains.board.room_number
        return {self._numbers[one]: (rooms[place.room], place.start) for one, place in places.items()}
