"""Exact search over chains of displaced sessions, globally minimal on both levels.

In an irredundant repair every moved session is reached from a broken one: a session takes a new place and pushes
others out, which take new places in turn.  So it is enough to start from the sessions that are broken, for every
inclusion-minimal way to choose which ends of the broken pairs leave, and to allow one push more at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain, count, product

import numpy as np

from solver.countdown import OutOfTimeError, Remaining
from solver.index import Index
from solver.problem import Finding, Places, Problem, distinct


class Chains:
    """A search for the repairs of one problem; fields are kept from one question to the next."""

    compiled = False
    """Whether the kernel of a board does the work."""
    wanted = 1
    """How many alternatives will be asked for: a compiled search looks for all of them at once."""

    def __init__(self, problem: Problem, make_index: Callable[[], Index], remaining: Remaining) -> None:
        self.problem = problem
        self._make_index = make_index
        self.remaining = remaining
        self.must, self.pairs = roots(problem)
        self.best: Places | None = None
        self._best_price = 2**40
        self._earlier: list[Places] = []
        self._hopes: dict[tuple[str, frozenset[str], int], bool] = {}

    @cached_property
    def index(self) -> Index:
        return self._make_index()

    @cached_property
    def least_cover(self) -> int:
        """The smallest number of sessions that must leave."""
        least = len(self.must) + _crowded_out(self.pairs)
        return next(size for size in count(least) if next(self.covers(size), None) is not None)

    def covers(self, size: int) -> Iterator[frozenset[str]]:
        """Every inclusion-minimal set of at most `size` movable sessions that meets every violation."""
        seen = set()
        for cover in _covers(frozenset(self.must), self.pairs, size):
            if cover not in seen and self._lean(cover):
                seen.add(cover)
                yield cover

    def _lean(self, cover: frozenset[str]) -> bool:
        spare = cover - self.must
        return all(any(set(pair) & cover == {session} for pair in self.pairs) for session in spare)

    def nowhere(self) -> str | None:
        """One of those who must leave for whom there is no place at all, whoever else moves."""
        return next((one for one in sorted(self.must) if not self._somewhere(one)), None)

    def _somewhere(self, session: str) -> bool:
        return bool(self.index.field(session, frozenset((session,))).allowed.any())

    def search(self, count: int, earlier: list[Places] | None = None, *, most: int | None = None) -> Places | None:
        """The cheapest irredundant repair of exactly `count` moves that is distinct from the earlier ones.

        With `most`, only repairs that cost no more.

        None is a proof that there is none (given that there is none with fewer moves, or that those are all earlier).
        Raises `OutOfTimeError`; what was found until then is in `best`.
        """
        self.best, self._best_price, self._earlier = None, 2**40 if most is None else most, earlier or []
        for cover in self.covers(count):
            if self.remaining() <= 0:
                raise OutOfTimeError
            self._place(cover, {}, cover, count - len(cover), 0)
        return self.best

    def _place(self, queue: frozenset[str], placed: Places, gone: frozenset[str], spare: int, paid: int) -> None:
        """Place every session of the queue, at most `spare` more being pushed out."""
        if not queue:
            self._finish(placed, paid)
            return
        if self.remaining() <= 0:
            raise OutOfTimeError
        session, cells = self._narrowest(queue, placed, gone, spare)
        rest = queue - {session}
        owed = sum(self.index.cheapest(one) for one in rest)
        prices = self.index.prices(session).ravel()[cells]
        for position in np.argsort(prices, kind="stable"):
            price = paid + int(prices[position])
            if price + owed > self._best_price:
                break
            place = self.index.place(int(cells[position]))
            pushed = frozenset(self.index.pushed_out(session, place, gone)) if spare else frozenset()
            if pushed:
                dues = sum(self.index.cheapest(one) for one in pushed)
                if price + owed + dues > self._best_price:
                    continue
                if not self._hopeful(pushed, gone | pushed, spare - len(pushed)):
                    continue
            self._place(rest | pushed, {**placed, session: place}, gone | pushed, spare - len(pushed), price)

    def _narrowest(
        self, queue: frozenset[str], placed: Places, gone: frozenset[str], spare: int
    ) -> tuple[str, np.ndarray[tuple[int], np.dtype[np.intp]]]:
        """The queued session with the fewest places left, and those places as cells."""
        choice: tuple[int, str, np.ndarray[tuple[int], np.dtype[np.intp]]] | None = None
        for session in sorted(queue):
            field = self.index.field(session, gone)
            cells = np.flatnonzero(self.index.cast(field, session, placed) & (field.displaced <= spare))
            if choice is None or len(cells) < choice[0]:
                choice = (len(cells), session, cells)
            if not len(cells):
                break
        assert choice is not None
        return choice[1], choice[2]

    def _hopeful(self, pushed: frozenset[str], gone: frozenset[str], spare: int) -> bool:
        """Whether each of the pushed could still find a place, were it alone.  False is a proof."""
        return all(self._hope(session, gone, spare) for session in pushed)

    def _hope(self, session: str, gone: frozenset[str], spare: int) -> bool:
        key = (session, gone, spare)
        if key not in self._hopes:
            field = self.index.field(session, gone)
            self._hopes[key] = bool((field.allowed & (field.displaced <= spare)).any())
        return self._hopes[key]

    def _finish(self, placed: Places, price: int) -> None:
        if self._earlier and not (
            all(distinct(placed, repair) for repair in self._earlier) and not redundant_part(self.index, placed)
        ):
            return
        if self.best is None or (price, rank(placed)) < (self._best_price, rank(self.best)):
            self.best, self._best_price = placed, price


def rank(places: Places) -> list[tuple[str, str, int]]:
    """What decides between repairs of one price."""
    return sorted((session, place.room, place.start) for session, place in places.items())


def roots(problem: Problem) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    """Sessions that must leave, and pairs of which one must."""
    must = frozenset(problem.homeless_or_broken)
    pairs = set()
    for violation in problem.broken:
        movable = sorted(session for session in violation.sessions if problem.movable(session))
        if len(movable) == 2 and must.isdisjoint(movable):
            pairs.add((movable[0], movable[1]))
    return must, tuple(sorted(pairs))


def _covers(chosen: frozenset[str], pairs: tuple[tuple[str, str], ...], size: int) -> Iterator[frozenset[str]]:
    """Sets of at most `size` sessions that meet every pair; every inclusion-minimal one is among them."""
    left = [pair for pair in pairs if chosen.isdisjoint(pair)]
    if len(chosen) + _matching(left) > size:
        return
    if not left:
        yield chosen
        return
    first, _ = left[0]
    yield from _covers(chosen | {first}, pairs, size)
    # Without the first, everything that clashes with it must leave.
    neighbours = frozenset(chain.from_iterable(pair for pair in left if first in pair)) - {first}
    yield from _covers(chosen | neighbours, tuple(pair for pair in pairs if first not in pair), size)


def _crowded_out(pairs: tuple[tuple[str, str], ...]) -> int:
    """A bound on what meets all pairs: of sessions that all clash with one another, only one can stay."""
    clashing: dict[str, set[str]] = {}
    for one, other in pairs:
        clashing.setdefault(one, set()).add(other)
        clashing.setdefault(other, set()).add(one)
    left, bound = set(clashing), 0
    for session in sorted(clashing):
        if session not in left:
            continue
        crowd, joining = {session}, clashing[session] & left
        while joining:
            one = min(joining)
            crowd.add(one)
            joining &= clashing[one]
        left -= crowd
        bound += len(crowd) - 1
    return bound


def _matching(pairs: list[tuple[str, str]]) -> int:
    """The size of a maximal matching: no fewer sessions can meet all pairs."""
    used: set[str] = set()
    for pair in pairs:
        if used.isdisjoint(pair):
            used.update(pair)
    return len(used) // 2


def redundant_part(index: Index, placed: Places) -> frozenset[str]:
    """A non-empty part of the moves that can be put back without leaving a violation; empty if there is none.

    What is kept must hit every violation and, with a session, keep everybody whose old place it now takes.
    """
    problem, schedule = index.problem, index.problem.schedule
    takes = {
        session: [
            other
            for other in placed
            if other != session and other in schedule and index.collide(session, target, other, schedule[other])
        ]
        for session, target in placed.items()
    }
    musts = {session for session in placed if session not in schedule}
    either: list[tuple[str, ...]] = []
    for violation in problem.broken:
        moved = tuple(session for session in violation.sessions if session in placed)
        if len(moved) == 1:
            musts.add(moved[0])
        elif moved:
            either.append(moved)
    for choice in product(*dict.fromkeys(pair for pair in either if musts.isdisjoint(pair))):
        kept: set[str] = set()
        queue = [*musts, *choice]
        while queue:
            session = queue.pop()
            if session not in kept:
                kept.add(session)
                queue += takes[session]
        if len(kept) < len(placed):
            return frozenset(placed.keys() - kept)
    return frozenset()


def insert_one_by_one(problem: Problem, index: Index, remaining: Remaining) -> Places | None:
    """A repair at once, not a smallest one: take the broken sessions out and put them back one after the other.

    Those with the fewest places come first; each is placed with as few pushes as it alone allows.
    """
    must, pairs = roots(problem)
    gone = next(_covers(must, pairs, len(must) + len(pairs)))
    present = {session: place for session, place in problem.schedule.items() if session not in gone}
    places: Places = {}
    settled: set[str] = set()
    for session in sorted(gone, key=lambda one: (int(index.field(one, gone).allowed.sum()), one)):
        step = replace(problem, schedule=present | places, homeless=(session,), held=problem.held | settled)
        finding = Finding()
        find(Chains(step, partial(Index, step), remaining), finding, most_pushed=2, note=lambda _: None)
        if finding.places is None:
            return None
        places |= finding.places
        settled.add(session)
    return places


def without_padding(index: Index, placed: Places) -> Places:
    """The repair without moves that can be put back."""
    while padding := redundant_part(index, placed):
        placed = {session: place for session, place in placed.items() if session not in padding}
    return placed


def find(chains: Chains, finding: Finding, *, most_pushed: int, note: Callable[[Finding], None]) -> None:
    """Improve `finding` to the repair of fewest moves and, among those, of least price.

    Gives up after `most_pushed` sessions beyond the roots, and when the time is out; what is known by then is
    in `finding`.
    """
    least = chains.least_cover
    try:
        for count in range(max(finding.count_floor, least), least + most_pushed + 1):
            finding.raise_floor(count, "chains")
            note(finding)
            found = chains.search(count)
            if found is not None:
                finding.places = found
                finding.settle_price("chains")
                return
        finding.raise_floor(least + most_pushed + 1, "chains")
    except OutOfTimeError:
        if chains.best is not None:
            finding.places = chains.best
