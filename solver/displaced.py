"""What a board knows about every session: where it could stand, and whom it would push out there.

Compiled, because every session is looked at in every cell once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.kernel import (
    CELLS,
    CHEAPEST,
    COLUMNS,
    FIRST_FREE,
    FIRST_IN_ROOM,
    FIRST_ONE,
    FIRST_PAIR,
    FIRST_TWO,
    FREE,
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
    ONE,
    ONE_PUSHED,
    ONES,
    OTHER,
    PAD,
    PUSHED,
    ROOM,
    ROOM_PRICE,
    ROOMS,
    START,
    STARTS,
    THERE,
    TWO,
    TWO_PUSHED,
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
            price = _price(b, one, cell)
            least = min(least, price)
            _mark(b, w, count, word, bit)
            if count <= FEW:
                ranks[number] = (np.int64(price) * b[CELLS] + cell) * (FEW + 1) + count
                for position in range(count):
                    whom[cell, position] = b[b[PUSHED] + position]
                number += 1
    return number, least


@compiled
def _look_again(b: Ints, m: Bytes, w: Words, one: int, stretches: Ints, seen: Ints, ranks: Ints, whom: Ints) -> int:
    """The same for cells in which `one` would touch one of the stretches; they are marked.  How many push out few."""
    columns, kind = b[COLUMNS], b[b[MASK] + one]
    word, bit = one >> 6, np.uint64(1) << np.uint64(one & 63)
    number = 0
    for row in range(stretches.shape[0]):
        room = stretches[row, 0]
        pad, near = b[b[PAD] + room], b[b[FIRST_IN_ROOM] + room]
        first = first_at_least(b, b[STARTS], columns, stretches[row, 1] - b[b[MINUTES] + one] - pad + 1)
        last = first_at_least(b, b[STARTS], columns, stretches[row, 2] + pad)
        for column in range(first, last):
            cell, start = room * columns + column, b[b[STARTS] + column]
            if seen[cell] == one:
                continue
            seen[cell] = one
            if not m[kind, cell] or (room == b[b[ROOM] + one] and start == b[b[START] + one]):
                continue
            count = _push_by_pairs(b, one, room, start, _push_in_room(b, one, room, start, near))
            _mark(b, w, count, word, bit)
            if count <= FEW:
                ranks[number] = (np.int64(_price(b, one, cell)) * b[CELLS] + cell) * (FEW + 1) + count
                for position in range(count):
                    whom[cell, position] = b[b[PUSHED] + position]
                number += 1
    return number


@compiled
def _mark(b: Ints, w: Words, count: int, word: int, bit: Any) -> None:
    """Note in the sets who is pushed out, alone or with others."""
    table = ONES if count == 1 else TWOS if count == 2 else MORE
    for position in range(count):
        w[b[table] + b[b[PUSHED] + position] * b[WORDS] + word] |= bit


@compiled
def _price(b: Ints, one: int, cell: int) -> int:
    """What a move to the cell costs at least."""
    room, column = cell // b[COLUMNS], cell % b[COLUMNS]
    price = ROOM_PRICE if room != b[b[ROOM] + one] else 0
    if b[b[ROOM] + one] >= 0:
        price += abs(b[b[STARTS] + column] - b[b[START] + one])
    return price


@compiled
def _keep(
    b: Ints,
    w: Words,
    before: Ints,
    one: int,
    count: int,
    seen: Ints,
    ranks: Ints,
    number: int,
    whom: Ints,
    cells: Ints,
    pushed: Ints,
    at: int,
) -> int:
    """Merge the old list of cells that push out so many, but those that were seen again, with the new ones; its end."""
    word, bit = one >> 6, np.uint64(1) << np.uint64(one & 63)
    first, old, others = FIRST_FREE, FREE, FREE
    if count == 1:
        first, old, others = FIRST_ONE, ONE, ONE_PUSHED
    elif count == 2:
        first, old, others = FIRST_TWO, TWO, TWO_PUSHED
    sets = b[ONES] if count == 1 else b[TWOS]
    anew = 0
    index, last = before[before[first] + one], before[before[first] + one + 1]
    while True:
        while anew < number and ranks[anew] % (FEW + 1) != count:
            anew += 1
        while index < last and seen[before[before[old] + index]] == one:
            index += 1
        if anew == number and index == last:
            return at
        take_old = anew == number
        if index < last and anew < number:
            cell = before[before[old] + index]
            take_old = np.int64(_price(b, one, cell)) * b[CELLS] + cell < ranks[anew] // (FEW + 1)
        if take_old:
            cells[at] = before[before[old] + index]
            for position in range(count):
                other = before[before[others] + count * index + position]
                pushed[count * at + position] = other
                w[sets + other * b[WORDS] + word] |= bit
            index += 1
        else:
            cells[at] = ranks[anew] // (FEW + 1) % b[CELLS]
            for position in range(count):
                pushed[count * at + position] = whom[cells[at], position]
            anew += 1
        at += 1


@compiled
def who_is_pushed(
    b: Ints, m: Bytes, w: Words, first: int, last: int, before: Ints, whole: Bytes, stretches: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """For the sessions from `first` to `last`: the cells that push out nobody, one and two others, and whom.

    The first answer has a row for every session: how many cells of each kind, and the least price of any cell.  The
    sets of `w` are filled on the way.  Those that are not `whole` are as on the board whose numbers are `before`, but
    for cells in which they touch one of the `stretches`, rows of room, from, to.
    """
    size, cells = last - first, b[CELLS]
    counts = np.zeros((size, 4), dtype=np.int32)
    free, one_cell = np.empty(1 << 10, dtype=np.int32), np.empty(1 << 12, dtype=np.int32)
    one_pushed, two_cell = np.empty(1 << 12, dtype=np.int32), np.empty(1 << 12, dtype=np.int32)
    two_pushed = np.empty(1 << 13, dtype=np.int32)
    covered, nobody = np.zeros(cells, dtype=np.int32), np.zeros(cells, dtype=np.int32)
    seen = np.full(cells, -1, dtype=np.int32)
    ranks, whom = np.empty(cells, dtype=np.int64), np.empty((cells, FEW), dtype=np.int32)
    frees, singles, doubles = 0, 0, 0
    for one in range(first, last):
        if whole[one]:
            pairs = b[b[FIRST_PAIR] + one + 1] > b[b[FIRST_PAIR] + one]
            if pairs:
                _cover_by_pairs(b, one, covered)
            number, least = _look_around(b, m, w, one, covered if pairs else nobody, ranks, whom)
            most = number
        else:
            number, least = _look_again(b, m, w, one, stretches, seen, ranks, whom), before[before[CHEAPEST] + one]
            most = number + cells
        free = _grown(free, frees + most)
        one_cell, one_pushed = _grown(one_cell, singles + most), _grown(one_pushed, singles + most)
        two_cell, two_pushed = _grown(two_cell, doubles + most), _grown(two_pushed, 2 * (doubles + most))
        ranks[:number] = np.sort(ranks[:number])
        began = frees, singles, doubles
        if whole[one]:
            for rank in ranks[:number]:
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
        else:
            frees = _keep(b, w, before, one, 0, seen, ranks, number, whom, free, free, frees)
            singles = _keep(b, w, before, one, 1, seen, ranks, number, whom, one_cell, one_pushed, singles)
            doubles = _keep(b, w, before, one, 2, seen, ranks, number, whom, two_cell, two_pushed, doubles)
        counts[one - first] = (frees - began[0], singles - began[1], doubles - began[2], least)
    return (
        counts,
        free[:frees].copy(),
        one_cell[:singles].copy(),
        one_pushed[:singles].copy(),
        two_cell[:doubles].copy(),
        two_pushed[: 2 * doubles].copy(),
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
