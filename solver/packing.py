"""How much each room can be made worth: its time packed with sessions that stay and sessions that arrive.

Compiled, because a bound asks it of every room some hundred times.  Worth is in whole thousandths of a move.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.kernel import Bytes, compiled

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOVE = 1000
"""What a session that stays is worth: one move that is not made."""
NOBODY = -1


class Timeline(NamedTuple):
    """The rooms one after the other, each with every start of its day; and who is there now.

    Sessions of one kind have the same length and may stand in the same cells.
    """

    first: Longs
    """Where the positions of each room begin."""
    cell: Longs
    """Of a position, or −1 where the start is not on the grid."""
    following: Longs
    """Position × length: where the room is free again, counted from the room's first position."""
    barred: Flags
    """Position × length: whether one that stays, or a closure, is in the way of an arrival."""
    first_stay: Longs
    """Where the sessions of each room begin, which may move, in order of their positions."""
    position: Longs
    length: Longs
    kind: Longs
    """Of these sessions, the position counted from the room's first."""
    kind_mask: Longs
    """The row of the kernel's masks."""
    kind_length: Longs


@compiled
def _pack(line: Timeline, m: Bytes, worth: Longs, wanted: Longs, room: int, value: Longs, choice: Longs) -> None:
    """The most that the room's time from each position on can be worth, and how it begins then."""
    begin, end = line.first[room], line.first[room + 1]
    stay = line.first_stay[room + 1] - 1
    value[end - begin] = 0
    for position in range(end - begin - 1, -1, -1):
        most, how, at = value[position + 1], NOBODY, begin + position
        while stay >= line.first_stay[room] and line.position[stay] == position:
            kept = MOVE + worth[line.kind[stay]] + value[line.following[at, line.length[stay]]]
            if kept >= most:
                most, how = kept, -2 - stay
            stay -= 1
        if line.cell[at] >= 0:
            for kind in wanted:
                length = line.kind_length[kind]
                if m[line.kind_mask[kind], line.cell[at]] and not line.barred[at, length]:
                    arrived = worth[kind] + value[line.following[at, length]]
                    if arrived > most:
                        most, how = arrived, kind
        value[position], choice[position] = most, how


@compiled
def most_worth(line: Timeline, m: Bytes, worth: Longs, balance: Longs) -> int:
    """The most that all rooms together can be worth when a kind of session is worth so much.

    From `balance`, by kind, whoever stays or arrives is taken away.
    """
    wanted = np.flatnonzero(worth > 0)
    rooms = len(line.first) - 1
    size = np.max(line.first[1:] - line.first[:-1]) + 1
    value, choice = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    total = 0
    for room in range(rooms):
        _pack(line, m, worth, wanted, room, value, choice)
        total += value[0]
        begin, position = line.first[room], 0
        while position < line.first[room + 1] - begin:
            how = choice[position]
            if how == NOBODY:
                position += 1
                continue
            kind = line.kind[-2 - how] if how < NOBODY else how
            length = line.length[-2 - how] if how < NOBODY else line.kind_length[how]
            balance[kind] -= 1
            position = line.following[begin + position, length]
    return total
