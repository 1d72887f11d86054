"""A floor under the number of moves where many must leave, from what the rooms' time is worth.

Whoever leaves a place needs one, and the rooms are nearly full.  Let a place be worth so much to each kind of session.
Then no repair has fewer moves than the worth of a place to all who need one, less the most that any room gains by
giving places, each room looked at alone.  That holds for every choice of worths (Lagrangian relaxation); good ones are
found by raising the worth to those who find too few places and lowering it to those who find too many (subgradients).
"""

from __future__ import annotations

import numpy as np

from solver import kernel
from solver.compiled import CompiledChains
from solver.countdown import Remaining
from solver.packing import MOVE, Flags, Longs, Timeline, most_worth
from solver.problem import Problem

MOST_ROUNDS = 600
PATIENCE = 8
"""So many rounds without a better floor, and the steps become smaller."""
SMALLER, LEAST_STEP = 0.6, 0.002
INERTIA = 0.7
"""How much of the last direction is kept."""
HOPE = 2
"""Moves above the floor that are aimed at where no repair is in hand."""
LEAST_AIM = 0.3
"""Moves above the floor that are aimed at always."""


class RoomBound:
    """Floors under the count of one problem; each room's time is laid out once."""

    def __init__(self, chains: CompiledChains) -> None:
        self.problem = chains.problem
        self._must = sorted(chains.board.number[one] for one in chains.must)
        self._masks = chains.board.tables.m
        self._lay_out(chains)

    @staticmethod
    def holds_for(chains: CompiledChains) -> bool:
        """Whether nobody who stays may overlap another in a room."""
        pads = chains.board.tables.at(kernel.PAD, len(chains.board.rooms))
        return bool((pads >= 0).all()) and _nothing_tolerated(chains.problem)

    def floor(self, remaining: Remaining, known: int | None) -> int:
        """So many moves at least; `known`: a repair of so many is in hand, and no more than that can be proved.

        Raises `AssertionError` if more than that is proved, because then one of the two is wrong.
        """
        worth = np.zeros(len(self._line.kind_mask))
        best, best_worth = 0, worth
        direction = np.zeros(len(worth))
        step, waited = 1.0, 0
        for _ in range(MOST_ROUNDS):
            proved, balance = self._evaluate(np.round(worth).astype(np.int64))
            if proved > best:
                best, best_worth, waited = proved, worth, 0
            else:
                waited += 1
            if self._count(best) == known or not balance.any() or step < LEAST_STEP or remaining() <= 0:
                break
            if waited == PATIENCE:
                step, waited, worth = step * SMALLER, 0, best_worth
                direction[:] = 0
            direction = balance + INERTIA * direction
            aim = (known - len(self._must)) * MOVE if known is not None else best + HOPE * MOVE
            stride = step * max(aim - proved, LEAST_AIM * MOVE) / float(direction @ direction or 1)
            worth = np.maximum(0, worth + stride * direction)
        assert known is None or self._count(best) <= known, "a floor is above a repair"
        return self._count(best)

    def _count(self, proved: int) -> int:
        return len(self._must) + -(-proved // MOVE)

    def _evaluate(self, worth: Longs) -> tuple[int, Longs]:
        """What these worths prove, in thousandths of a move beyond those who must leave; and who lacks places."""
        balance = self._leaving + self._staying
        gained = most_worth(self._line, self._masks, worth, balance)
        return int(self._leaving @ worth + self._staying @ (MOVE + worth)) - gained, balance

    # Laying out.

    def _lay_out(self, chains: CompiledChains) -> None:
        board, tables = chains.board, chains.board.tables
        size, rooms = len(board.names), len(board.rooms)
        minutes, masks = (tables.at(name, size).astype(np.int64) for name in (kernel.MINUTES_NOW, kernel.MASK))
        lengths, length_of = np.unique(minutes, return_inverse=True)
        kinds, kind_of = np.unique(masks * len(lengths) + length_of, return_inverse=True)
        movable, pads = tables.at(kernel.MOVABLE, size), tables.at(kernel.PAD, rooms).tolist()
        there: list[list[tuple[int, int]]] = [[] for _ in board.rooms]
        in_the_way: list[list[tuple[int, int]]] = [[] for _ in board.rooms]
        for session, place in self.problem.schedule.items():
            one, room = board.number[session], board.room_number[place.room]
            if not movable[one]:
                in_the_way[room].append((place.start - pads[room], place.start + int(minutes[one]) + pads[room]))
            elif session not in chains.must:
                there[room].append((place.start, one))
        closed = tables.at(kernel.CLOSURES, 3 * int(tables.b[kernel.CLOSED])).reshape(-1, 3).tolist()
        for room, first, last in closed:
            in_the_way[room].append((first, last))
        cells, following, barred, positions, stays = [], [], [], [], []
        for room in range(rooms):
            there[room].sort()
            begins = np.array([start for start, _ in there[room]], dtype=np.int64)
            times = np.union1d(board.starts, begins)
            cells.append(_cells(times, board.starts, room))
            following.append(np.searchsorted(times, times[:, None] + lengths + pads[room]))
            barred.append(_barred(times, lengths, in_the_way[room]))
            positions.append(np.searchsorted(times, begins))
            stays += [one for _, one in there[room]]
        who = np.array(stays, dtype=np.int64)
        self._line = Timeline(
            first=_begins(cells),
            cell=np.concatenate(cells),
            following=np.concatenate(following),
            barred=np.concatenate(barred),
            first_stay=_begins(positions),
            position=np.concatenate(positions),
            length=length_of[who],
            kind=kind_of[who],
            kind_mask=kinds // len(lengths),
            kind_length=kinds % len(lengths),
        )
        self._leaving = np.bincount(kind_of[self._must], minlength=len(kinds))
        self._staying = np.bincount(kind_of[who], minlength=len(kinds))


def _nothing_tolerated(problem: Problem) -> bool:
    return len(problem.broken) == len(problem.violations)


def _begins(parts: list[Longs]) -> Longs:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)


def _cells(times: Longs, starts: kernel.Ints, room: int) -> Longs:
    column = np.minimum(np.searchsorted(starts, times), len(starts) - 1)
    return np.where(starts[column] == times, room * len(starts) + column, -1).astype(np.int64)


def _barred(times: Longs, lengths: Longs, taken: list[tuple[int, int]]) -> Flags:
    found = np.zeros((len(times), len(lengths)), dtype=np.bool_)
    for first, last in taken:
        found |= (times[:, None] < last) & (times[:, None] + lengths > first)
    return found
