"""What a board knows about every session: where it could stand, and whom it would push out there.

Compiled, because every session is looked at in every cell once.
"""

from __future__ import annotations

import numpy as np

from solver.kernel import (
    CELLS,
    COLUMNS,
    FIRST_IN_ROOM,
    FIRST_PAIR,
    GROUPS,
    HERE,
    HIGH,
    HIGHEST_LEVEL,
    IN_ROOM,
    LONGEST,
    LOW,
    MASK,
    MINUTES,
    MORE,
    MOST_PUSHED,
    NO_PRICE,
    ONES,
    OTHER,
    PAD,
    PUSHED,
    ROOM,
    ROOM_PRICE,
    ROOMS,
    SESSIONS,
    START,
    STARTS,
    THERE,
    TWOS,
    WORDS,
    Bytes,
    Ints,
    Words,
    compiled,
    first_at_least,
)  # fmt: skip

FEW = 2
"""Cells that push out more sessions than this are not listed."""


@compiled
def _grown(row: Ints, needed: int) -> Ints:
    if needed <= row.shape[0]:
        return row
    wider = np.empty(max(needed, row.shape[0] * 2), dtype=np.int32)
    wider[: row.shape[0]] = row
    return wider


@compiled
def _cover_by_pairs(b: Ints, one: int, covered: Ints) -> None:
    """Mark the cells in which a pair rule sets anybody who is placed against `one`."""
    covered[:] = 0
    columns = b[COLUMNS]
    for entry in range(b[b[FIRST_PAIR] + one], b[b[FIRST_PAIR] + one + 1]):
        other = b[b[OTHER] + entry]
        if b[b[ROOM] + other] >= 0 and b[b[GROUPS] + b[b[THERE] + entry] * b[ROOMS] + b[b[ROOM] + other]]:
            low = first_at_least(b, b[STARTS], columns, b[b[START] + other] + b[b[LOW] + entry] + 1)
            high = first_at_least(b, b[STARTS], columns, b[b[START] + other] + b[b[HIGH] + entry])
            for room in range(b[ROOMS]):
                if b[b[GROUPS] + b[b[HERE] + entry] * b[ROOMS] + room]:
                    for cell in range(room * columns + low, room * columns + high):
                        covered[cell] = 1


@compiled
def _push_by_pairs(b: Ints, one: int, room: int, start: int, count: int) -> int:
    """Add those whom pair rules set against `one` to the pushed; how many there are then."""
    for entry in range(b[b[FIRST_PAIR] + one], b[b[FIRST_PAIR] + one + 1]):
        other = b[b[OTHER] + entry]
        there = b[b[ROOM] + other]
        apart = start - b[b[START] + other]
        if there < 0 or apart <= b[b[LOW] + entry] or apart >= b[b[HIGH] + entry]:
            continue
        if not b[b[GROUPS] + b[b[HERE] + entry] * b[ROOMS] + room]:
            continue
        if not b[b[GROUPS] + b[b[THERE] + entry] * b[ROOMS] + there]:
            continue
        known = False
        for position in range(count):
            known = known or b[b[PUSHED] + position] == other
        if not known and count < MOST_PUSHED:
            b[b[PUSHED] + count] = other
            count += 1
    return count


@compiled
def _push_in_room(b: Ints, one: int, room: int, start: int, near: int) -> int:
    """Write down who stands in the room from `start` on, for the length of `one`; how many they are."""
    count = 0
    pad = b[b[PAD] + room]
    end = start + b[b[MINUTES] + one] + pad
    for position in range(near, b[b[FIRST_IN_ROOM] + room + 1]):
        other = b[b[IN_ROOM] + position]
        if b[b[START] + other] >= end:
            break
        if other != one and b[b[START] + other] + b[b[MINUTES] + other] + pad > start and count < MOST_PUSHED:
            b[b[PUSHED] + count] = other
            count += 1
    return count


@compiled
def _look_around(b: Ints, m: Bytes, w: Words, one: int, covered: Ints, ranks: Ints, whom: Ints) -> tuple[int, int]:
    """Write down whom `one` pushes out of each cell; how many cells push out few, and the least price of any."""
    columns, kind = b[COLUMNS], b[b[MASK] + one]
    word, bit = one >> 6, np.uint64(1) << np.uint64(one & 63)
    number, least = 0, NO_PRICE
    for room in range(b[ROOMS]):
        near, last = b[b[FIRST_IN_ROOM] + room], b[b[FIRST_IN_ROOM] + room + 1]
        reach = b[b[LONGEST] + room] + b[b[PAD] + room]
        for column in range(columns):
            cell, start = room * columns + column, b[b[STARTS] + column]
            while near < last and b[b[START] + b[b[IN_ROOM] + near]] + reach <= start:
                near += 1
            if not m[kind, cell] or (room == b[b[ROOM] + one] and start == b[b[START] + one]):
                continue
            count = _push_in_room(b, one, room, start, near)
            if covered[cell]:
                count = _push_by_pairs(b, one, room, start, count)
            price = ROOM_PRICE if room != b[b[ROOM] + one] else 0
            if b[b[ROOM] + one] >= 0:
                price += abs(start - b[b[START] + one])
            least = min(least, price)
            table = ONES if count == 1 else TWOS if count == 2 else MORE
            for position in range(count):
                w[b[table] + b[b[PUSHED] + position] * b[WORDS] + word] |= bit
            if count <= FEW:
                ranks[number] = (np.int64(price) * b[CELLS] + cell) * (FEW + 1) + count
                for position in range(count):
                    whom[cell, position] = b[b[PUSHED] + position]
                number += 1
    return number, least


@compiled
def who_is_pushed(b: Ints, m: Bytes, w: Words) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints]:
    """For every session: the cells that push out nobody, one and two others, whom, and the least price of any cell.

    The sets of `w` are filled on the way.
    """
    sessions, cells = b[SESSIONS], b[CELLS]
    first_free, first_one = np.zeros(sessions + 1, dtype=np.int32), np.zeros(sessions + 1, dtype=np.int32)
    first_two, cheapest = np.zeros(sessions + 1, dtype=np.int32), np.zeros(sessions, dtype=np.int32)
    free, one_cell = np.empty(1 << 12, dtype=np.int32), np.empty(1 << 16, dtype=np.int32)
    one_pushed, two_cell = np.empty(1 << 16, dtype=np.int32), np.empty(1 << 16, dtype=np.int32)
    two_pushed = np.empty(1 << 17, dtype=np.int32)
    covered, nobody = np.zeros(cells, dtype=np.int32), np.zeros(cells, dtype=np.int32)
    ranks, whom = np.empty(cells, dtype=np.int64), np.empty((cells, FEW), dtype=np.int32)
    for one in range(sessions):
        pairs = b[b[FIRST_PAIR] + one + 1] > b[b[FIRST_PAIR] + one]
        if pairs:
            _cover_by_pairs(b, one, covered)
        number, cheapest[one] = _look_around(b, m, w, one, covered if pairs else nobody, ranks, whom)
        frees, singles, doubles = first_free[one], first_one[one], first_two[one]
        free = _grown(free, frees + number)
        one_cell, one_pushed = _grown(one_cell, singles + number), _grown(one_pushed, singles + number)
        two_cell, two_pushed = _grown(two_cell, doubles + number), _grown(two_pushed, 2 * (doubles + number))
        for rank in np.sort(ranks[:number]):
            cell, count = rank // (FEW + 1) % cells, rank % (FEW + 1)
            if count == 0:
                free[frees] = cell
                frees += 1
            elif count == 1:
                one_cell[singles], one_pushed[singles] = cell, whom[cell, 0]
                singles += 1
            else:
                two_cell[doubles] = cell
                two_pushed[2 * doubles], two_pushed[2 * doubles + 1] = whom[cell, 0], whom[cell, 1]
                doubles += 1
        first_free[one + 1], first_one[one + 1], first_two[one + 1] = frees, singles, doubles
    return (
        first_free,
        free[: first_free[sessions]].copy(),
        first_one,
        one_cell[: first_one[sessions]].copy(),
        one_pushed[: first_one[sessions]].copy(),
        first_two,
        two_cell[: first_two[sessions]].copy(),
        two_pushed[: 2 * first_two[sessions]].copy(),
        cheapest,
    )


@compiled
def levels(first_free: Ints, first_one: Ints, one_pushed: Ints, first_two: Ints, two_pushed: Ints) -> Ints:
    """How many pushes each session needs at least to find a place while nobody has left."""
    sessions = len(first_free) - 1
    level = np.full(sessions, HIGHEST_LEVEL, dtype=np.int32)
    for one in range(sessions):
        if first_free[one + 1] > first_free[one]:
            level[one] = 0
    for step in range(1, HIGHEST_LEVEL):
        for one in range(sessions):
            if level[one] > step and _reaches(one, step - 1, level, first_one, one_pushed, first_two, two_pushed):
                level[one] = step
    return level


@compiled
def _reaches(
    one: int, step: int, level: Ints, first_one: Ints, one_pushed: Ints, first_two: Ints, two_pushed: Ints
) -> bool:
    """Whether the session can push out somebody of a level, or two at once who then need no more pushes than that."""
    for index in range(first_one[one], first_one[one + 1]):
        if level[one_pushed[index]] == step:
            return True
    if step >= 1:
        for index in range(first_two[one], first_two[one + 1]):
            if max(level[two_pushed[2 * index]], level[two_pushed[2 * index + 1]]) < step:
                return True
    return False
