"""The compiled half of the cost map: one session held over every cell in turn.

The session stands as an occupant that may not move, in a row of its own; only its room and start change from cell to
cell.  Whom it pushes out there are the roots of a chain search that ends with the first repair it finds.  Two things
spare most of the searches.  What cannot be mended with the session nowhere at all cannot be mended with it somewhere:
that is asked once for neighbouring cells with the same roots.  And a repair that was found serves all the cells beside
it in which the session is in nobody's way, once it is made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solver import kernel
from solver.board import Board
from solver.compiled import NODES_AT_ONCE, CompiledChains
from solver.conference import Placement
from solver.countdown import OutOfTimeError, Remaining
from solver.index import Index
from solver.kernel import (
    AWAY,
    BARRED,
    BEST,
    CELLS,
    COLUMNS,
    FINISHED,
    LEFT,
    LEFT_ONES,
    MASK,
    MOST_PUSHED,
    NO_PRICE,
    NODES,
    OCCUPANT,
    OCCUPANT_ROOM,
    OCCUPANT_START,
    OCCUPANTS,
    PUSHED,
    REPORTED,
    REPORTING,
    SESSIONS,
    SPOT,
    STARTS,
    SUSPENDED,
    TOO_MANY,
    Bytes,
    Ints,
    Words,
    compiled,
)  # fmt: skip
from solver.problem import Problem

MOST_ROOTS = 16
"""Cells from which more would have to leave are beyond any depth."""
# Where a settling is: the cell, what is going on there, and what is known of the roots that follow: how many they are,
# how they were judged with the session nowhere, who they are.
AT, STAGE, ROOTS, JUDGED, WHO = range(5)
STATE = WHO + MOST_ROOTS
NEXT, WITHOUT, WITH = range(3)
"""Nothing yet; searching with the session nowhere; searching with it in the cell."""
UNKNOWN, REFUTED, POSSIBLE = range(3)


@compiled
def look(b: Ints, m: Bytes, one: int, floor: Ints) -> None:
    """Note for every cell `BARRED`, or how many must leave it at least."""
    columns, kind = b[COLUMNS], b[b[MASK] + one]
    for cell in range(b[CELLS]):
        count = BARRED
        if m[kind, cell]:
            count = kernel.pushes(b, one, cell // columns, b[b[STARTS] + cell % columns], MOST_PUSHED)
        floor[cell] = MOST_PUSHED + 1 if count == TOO_MANY else count


@compiled
def settle(
    b: Ints, m: Bytes, w: Words, one: int, cover: Ints, count: int, floor: Ints, settled: Ints, state: Ints, nodes: int
) -> int:
    """Go on finding the cells that `count` others make room for, for some `nodes`: `FINISHED` or `SUSPENDED`.

    `cover` leaves in any case.  The session's row is the last of those who stand.
    """
    standing, left = b[OCCUPANTS], b[LEFT]
    if state[STAGE] != NEXT:
        standing, left = state[STATE], state[STATE + 1]
    until = b[NODES] + nodes
    while state[AT] < b[CELLS]:
        cell = state[AT]
        if state[STAGE] == NEXT:
            if settled[cell] or floor[cell] < 0 or floor[cell] > count:
                state[AT] += 1
                continue
            if b[NODES] >= until:
                return SUSPENDED
            b[NODES] += 1
            roots = _leave_for(b, one, standing - 1, cell, cover, count, state)
            if roots < 0 or state[JUDGED] == REFUTED:
                _return(b, standing, left)
                state[AT] += 1
                continue
            state[STAGE] = WITHOUT if state[JUDGED] == UNKNOWN else WITH
            if state[STAGE] == WITHOUT:
                b[b[SPOT] + one] = -1
            state[STATE], state[STATE + 1] = standing, left
            kernel.begin(b, m, w, state[WHO : WHO + roots], count - roots)
        outcome = kernel.run(b, m, w, standing, max(1, until - b[NODES]))
        if outcome == SUSPENDED:
            return SUSPENDED
        b[b[SPOT] + one] = standing - 1
        reaches = outcome == REPORTED and _spread(b, m, one, cell, count, floor, settled)
        _return(b, standing, left)
        if state[STAGE] == WITHOUT:
            state[JUDGED] = POSSIBLE if outcome == REPORTED else REFUTED
        again = state[STAGE] == WITHOUT and outcome == REPORTED and not reaches
        state[STAGE] = NEXT
        if not again:
            state[AT] += 1
    return FINISHED


@compiled
def _leave_for(b: Ints, one: int, row: int, cell: int, cover: Ints, count: int, state: Ints) -> int:
    """Put the session into the cell and take the roots out of their places; how many they are, −1 if too many."""
    room, start = cell // b[COLUMNS], b[b[STARTS] + cell % b[COLUMNS]]
    b[b[OCCUPANT_ROOM] + row], b[b[OCCUPANT_START] + row] = room, start
    pushed = kernel.pushes(b, one, room, start, MOST_ROOTS)
    if pushed < 0:
        return -1
    roots = np.empty(MOST_ROOTS + len(cover), dtype=np.int32)
    roots[: len(cover)] = cover
    total = len(cover)
    for index in range(pushed):
        other, known = b[b[PUSHED] + index], False
        for one_of in range(len(cover)):
            known = known or cover[one_of] == other
        if not known:
            roots[total] = other
            total += 1
    if total > count or total > MOST_ROOTS:
        return -1
    roots = np.sort(roots[:total])
    same = state[ROOTS] == total
    for index in range(total):
        same = same and state[WHO + index] == roots[index]
        state[WHO + index] = roots[index]
        kernel.leave(b, roots[index])
    if not same:
        state[ROOTS], state[JUDGED] = total, UNKNOWN
    b[BEST], b[REPORTING] = NO_PRICE, 1
    return total


@compiled
def _spread(b: Ints, m: Bytes, one: int, cell: int, count: int, floor: Ints, settled: Ints) -> bool:
    """With a repair made, settle the cells from this one on where the session is in nobody's way; whether it is any."""
    columns, kind = b[COLUMNS], b[b[MASK] + one]
    room = cell // columns
    reaches = False
    for here in range(cell, (room + 1) * columns):
        if not m[kind, here] or kernel.pushes(b, one, room, b[b[STARTS] + here % columns], 0) != 0:
            break
        reaches = True
        if not settled[here] and floor[here] <= count:
            floor[here], settled[here] = count, 1
    return reaches


@compiled
def _return(b: Ints, standing: int, left: int) -> None:
    """Everybody back where they were before the roots left."""
    while b[OCCUPANTS] > standing:
        b[OCCUPANTS] -= 1
        b[b[SPOT] + b[b[OCCUPANT] + b[OCCUPANTS]]] = -1
    while b[LEFT] > left:
        b[LEFT] -= 1
        gone = b[b[LEFT_ONES] + b[LEFT]]
        if gone >= 0:
            b[b[AWAY] + gone] = 0
        else:
            b[b[SPOT] + b[b[OCCUPANT] + -1 - gone]] = -1 - gone


@compiled
def look_for_hopeless(b: Ints, m: Bytes, w: Words, one: int, floor: Ints, settled: Ints, hopeless: Bytes) -> None:
    """Mark the cells not settled that push out somebody for whom there is no cell, the session being nowhere."""
    columns = b[COLUMNS]
    known = np.zeros(b[SESSIONS], dtype=np.uint8)
    for cell in range(b[CELLS]):
        if settled[cell] or floor[cell] < 0:
            continue
        row = b[b[SPOT] + one]
        count = kernel.pushes(b, one, cell // columns, b[b[STARTS] + cell % columns], MOST_PUSHED)
        others = b[b[PUSHED] : b[PUSHED] + max(0, count)].copy()
        b[b[SPOT] + one] = -1
        for other in others:
            if known[other] == UNKNOWN:
                known[other] = POSSIBLE if kernel.somewhere(b, m, w, other) else REFUTED
            if known[other] == REFUTED:
                hopeless[cell] = 1
        b[b[SPOT] + one] = row


class CompiledCells(CompiledChains):
    """The cells of a board, judged by the compiled search; as `cost_map.Cells`."""

    def __init__(self, problem: Problem, board: Board, session: str, remaining: Remaining) -> None:
        super().__init__(problem, board, lambda: Index(problem), remaining)
        board = self.board
        self.rooms = board.rooms
        self.starts = board.starts.tolist()
        self._one = board.number[session]
        # Anywhere, for a start: the row is what counts.
        self._put(session, Placement(board.rooms[0], self.starts[0] if self.starts else 0))
        self._set(kernel.OCCUPANT_FIXED, self._standing - 1, 1)
        self.floor = np.zeros(board.cells, dtype=np.int32)
        self.settled = np.zeros(board.cells, dtype=np.int32)
        look(board.tables.b, board.tables.m, self._one, self.floor)

    def settle(self, count: int) -> None:
        """Find the cells that `count` others make room for.  Raises `OutOfTimeError`."""
        tables, state = self.board.tables, np.zeros(STATE + 2, dtype=np.int32)
        for chosen in self.covers(count):
            cover = np.array(sorted(self.board.number[one] for one in chosen), dtype=np.int32)
            state[:] = 0
            while self.remaining() > 0:
                outcome = settle(
                    tables.b,
                    tables.m,
                    tables.w,
                    self._one,
                    cover,
                    count,
                    self.floor,
                    self.settled,
                    state,
                    NODES_AT_ONCE,
                )
                if outcome == FINISHED:
                    break
            else:
                self._return()
                raise OutOfTimeError

    def hopeless(self) -> NDArray[np.bool_]:
        """As `Cells.hopeless`."""
        tables, found = self.board.tables, np.zeros(len(self.floor), dtype=np.uint8)
        row = self._get(kernel.SPOT, self._one)
        self._set(kernel.SPOT, self._one, -1)
        if self.nowhere() is not None:
            found[:] = 1
        self._set(kernel.SPOT, self._one, row)
        look_for_hopeless(tables.b, tables.m, tables.w, self._one, self.floor, self.settled, found)
        return found.astype(np.bool_)
