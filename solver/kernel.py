"""The compiled chain search: one node in about a microsecond, on arrays alone.

Sessions, rooms and starts are numbers; a *cell* is a room and a start on the grid, `room * columns + start`.  Whom a
session would push out of a cell is known for the schedule that the board was built from.  What has changed since lies
over it: who is away, and which occupants stand where now.  So nothing is built for a question.

What cannot end well is left out early.  A session that is pushed out must find a place with the pushes that are left:
either one that costs so many pushes in the board's schedule (its *level*), or one in a *hole* that somebody has left.
Both are looked up as sets of bits, and both are supersets of what is possible, so nothing is lost.

Three arrays hold everything: `m` the masks (kind of session × cell: whether no fact bars it), `w` the sets of sessions,
64 in a word, and `b` every number.  The first entries of `b` say where its tables begin, so `b[b[START] + one]` is
the start of session `one`, and hold the single numbers, like `b[DEPTH]`.  One array instead of fifty is what makes
calls cheap and compiling bearable.

Importing this module loads numba; `solver.compiled` does it when it is worth it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Longs = NDArray[np.int64]

compiled = njit(cache=True, nogil=True)
"""Kept on disk; and other threads go on meanwhile."""

MOST_PUSHED = 64
"""More sessions than any cell of a sensible schedule pushes out."""
LEVELS = 62
"""Chains are shorter."""
HIGHEST_LEVEL = 3
"""How many pushes a session needs is not told apart beyond this."""
HOPES = 3
"""Sets of hope by depth: who could find a place without a push, with one, and in a hole only."""
MOST_TOGETHER, MOST_TRIES = 8, 4000
"""It is looked whether so many who wait fit together, with so many tries."""
MANY = 64
"""Who could take more cells than this hardly stands in anybody's way."""
ENOUGH = 12
"""So many cells that push out nobody are as good as any number of them."""
ROOM_PRICE, FOREIGN_PRICE = 15, 30
FINISHED, SUSPENDED, REPORTED = 0, 1, 2
BARRED, TOO_MANY = -1, -2
"""Why a session cannot stand somewhere: a fact, or somebody who may not move; more would have to leave than may."""
NO_PRICE = 2**30

# Where each table begins is in the header of `b`, under these numbers.  Tables of the board: by room, `PAD`, `LONGEST`
# and where its sessions begin in `IN_ROOM`; by session, `ROOM` (−1: unplaced), `START`, `MINUTES`, where its windows
# begin in `OTHER`, `HERE` and `THERE` (the groups of rooms in which the two must be for the window to count), and where
# its cells that push out nobody (`FREE`), `ONE` or `TWO` others begin, the least price first.
(
    STARTS, PAD, ROOM, START, MINUTES, FIRST_IN_ROOM, IN_ROOM, LONGEST, FIRST_PAIR, OTHER, HERE, THERE, GROUPS,
    FIRST_FREE, FREE, FIRST_ONE, ONE, ONE_PUSHED, FIRST_TWO, TWO, TWO_PUSHED, LEVEL, LENGTHS, CHEAPEST, TRACK, DAY_OF,
) = range(26)  # fmt: skip
# Tables that a question sets: lengths, who may move, rows of `m`, the ends of the windows, what moves are priced from,
# and which track has which room on which day.
MINUTES_NOW, MOVABLE, MASK, LOW, HIGH, ORIGIN_ROOM, ORIGIN_START, HOSTED, CLOSURES = range(26, 35)
# Tables of a search in progress, which can be left between two nodes: who is `AWAY` from the board's place, in order
# (`LEFT_ONES`), and stands as which `OCCUPANT` (`SPOT`, or −1); the candidates of all levels; by level, who is placed,
# which candidate is next, what was paid and who is `WAITING`; repairs as rows of session, room, start.
(
    AWAY, LEFT_ONES, SPOT, OCCUPANT, OCCUPANT_ROOM, OCCUPANT_START, OCCUPANT_FIXED, CELL, PRICE, SEEN, PUSHED, HOLE,
    LEVEL_ONE, LEVEL_AT, LEVEL_FIRST, LEVEL_END, LEVEL_PAID, LEVEL_OWED, LEVEL_SPARE, LEVEL_LEFT, LEVEL_OCCUPANTS,
    LEVEL_WAITING, OPEN_HOLE, LEVEL_ENTRY, LEVEL_JOINT, FAILED, KNOWN, KNOWN_AT, WAITING, OWES,
    OWES_FREE, BEST_ROWS, FOUND_ROWS,
) = range(35, 68)  # fmt: skip
# Tables of `w`: who pushes out a session alone, with one other, with more; whom pair rules set against it; who has a
# level or a length at most; and, by depth, who may hope.
ONES, TWOS, MORE, CIRCLE, BY_LEVEL, BY_LENGTH, HOPE = range(68, 75)
# Single numbers: `LEFT`, `TOP` and `OCCUPANTS` count, `BEST` is the price to beat.
(
    SESSIONS, COLUMNS, ROOMS, CELLS, DAYS, KINDS, SIZES, WORDS, CLOSED,
    DEPTH, OCCUPANTS, BEST, NODES, LEFT, STAMP, TOP, FOUND, REPORTING, FAILURES, ENTRIES,
) = range(75, 95)  # fmt: skip
HEADER = 95


@compiled
def first_at_least(b: Ints, offset: int, count: int, value: int) -> int:
    """The first of `count` ascending entries that is not below the value."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if b[offset + middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _first_near(b: Ints, room: int, start: int) -> int:
    """The first position in the room's row whose session may still be there at `start`."""
    low, high = b[b[FIRST_IN_ROOM] + room], b[b[FIRST_IN_ROOM] + room + 1]
    value = start - b[b[LONGEST] + room] - b[b[PAD] + room]
    while low < high:
        middle = (low + high) >> 1
        if b[b[START] + b[b[IN_ROOM] + middle]] < value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def pushes(b: Ints, one: int, room: int, start: int, most: int) -> int:
    """How many sessions `one` would push out of the place; `BARRED`, or `TOO_MANY` if more than `most`.

    Who they are is left in `pushed`; its last entry tells how many of the board's sessions stand there, gone or not.
    """
    end, pad = start + b[b[MINUTES_NOW] + one], b[b[PAD] + room]
    for row in range(b[CLOSURES], b[CLOSURES] + 3 * b[CLOSED], 3):
        if b[row] == room and b[row + 1] < end and start < b[row + 2]:
            return BARRED
    count, before = 0, 0
    for position in range(_first_near(b, room, start), b[b[FIRST_IN_ROOM] + room + 1]):
        other = b[b[IN_ROOM] + position]
        if b[b[START] + other] >= end + pad:
            break
        if other != one and b[b[START] + other] + b[b[MINUTES] + other] + pad > start:
            before += 1
            if not b[b[AWAY] + other]:
                if not b[b[MOVABLE] + other]:
                    return BARRED
                if count == most:
                    return TOO_MANY
                b[b[PUSHED] + count] = other
                count += 1
    for row in range(b[OCCUPANTS]):
        other = b[b[OCCUPANT] + row]
        if b[b[OCCUPANT_ROOM] + row] == room and other != one and b[b[SPOT] + other] == row:
            there = b[b[OCCUPANT_START] + row]
            if there < end + pad and there + b[b[MINUTES_NOW] + other] + pad > start:
                if b[b[OCCUPANT_FIXED] + row]:
                    return BARRED
                if count == most:
                    return TOO_MANY
                b[b[PUSHED] + count] = other
                count += 1
    for entry in range(b[b[FIRST_PAIR] + one], b[b[FIRST_PAIR] + one + 1]):
        if not b[b[GROUPS] + b[b[HERE] + entry] * b[ROOMS] + room]:
            continue
        other = b[b[OTHER] + entry]
        if b[b[ROOM] + other] >= 0 and _in_window(b, entry, start, b[b[ROOM] + other], b[b[START] + other]):
            before += 1
        if b[b[AWAY] + other]:
            row = b[b[SPOT] + other]
            if row < 0 or not _in_window(b, entry, start, b[b[OCCUPANT_ROOM] + row], b[b[OCCUPANT_START] + row]):
                continue
            if b[b[OCCUPANT_FIXED] + row]:
                return BARRED
        else:
            if not _in_window(b, entry, start, b[b[ROOM] + other], b[b[START] + other]):
                continue
            if not b[b[MOVABLE] + other]:
                return BARRED
        known = False
        for position in range(count):
            known = known or b[b[PUSHED] + position] == other
        if not known:
            if count == most:
                return TOO_MANY
            b[b[PUSHED] + count] = other
            count += 1
    b[b[PUSHED] + MOST_PUSHED] = before
    return count


@compiled
def _in_window(b: Ints, entry: int, start: int, room: int, there: int) -> bool:
    apart = start - there
    if apart <= b[b[LOW] + entry] or apart >= b[b[HIGH] + entry]:
        return False
    return b[b[GROUPS] + b[b[THERE] + entry] * b[ROOMS] + room] != 0


@compiled
def _allowed(b: Ints, m: Bytes, w: Words, one: int, cell: int) -> bool:
    return m[b[b[MASK] + one], cell] != 0


@compiled
def price_of(b: Ints, one: int, cell: int) -> int:
    """What it costs to move a session to a cell, in minutes."""
    columns = b[COLUMNS]
    room, column = cell // columns, cell % columns
    price = 0
    if b[b[ORIGIN_ROOM] + one] >= 0:
        price = abs(b[b[STARTS] + column] - b[b[ORIGIN_START] + one])
    if b[b[ORIGIN_ROOM] + one] != room:
        price += ROOM_PRICE
        track = b[b[TRACK] + one]
        if track >= 0:
            day = b[b[DAY_OF] + column]
            if day < 0 or not b[b[HOSTED] + (track * b[ROOMS] + room) * b[DAYS] + day]:
                price += FOREIGN_PRICE
    return price


# Holes.


@compiled
def _has_left_a_place(b: Ints, gone: int) -> bool:
    """Whether an entry of `left` is a session that the board has somewhere."""
    return gone >= 0 and b[b[ROOM] + gone] >= 0


@compiled
def _seen_from(at: int, taken: int, until: int, begin: int, blocked: int, end: int) -> tuple[int, int, int]:
    """What a taken stretch does to the free one at a moment: where it begins and ends, or until when it is blocked."""
    if until <= at:
        return max(begin, until), blocked, end
    if taken <= at:
        return begin, max(blocked, until), end
    return begin, blocked, min(end, taken)


@compiled
def _widest_gap(b: Ints, room: int, first: int, last: int, extra: int, until: int) -> int:
    """The longest free stretch in the room that touches `first` to `last`, with one more session from `extra` on."""
    pad = b[b[PAD] + room]
    at, widest = first - pad, 0
    while at < last + pad:
        begin, blocked, end = -NO_PRICE, -NO_PRICE, NO_PRICE
        for position in range(b[b[FIRST_IN_ROOM] + room], b[b[FIRST_IN_ROOM] + room + 1]):
            other = b[b[IN_ROOM] + position]
            if not b[b[AWAY] + other]:
                there = b[b[START] + other]
                begin, blocked, end = _seen_from(
                    at, there - pad, there + b[b[MINUTES] + other] + pad, begin, blocked, end
                )
        for row in range(b[OCCUPANTS]):
            other = b[b[OCCUPANT] + row]
            if b[b[OCCUPANT_ROOM] + row] == room and b[b[SPOT] + other] == row:
                there = b[b[OCCUPANT_START] + row]
                begin, blocked, end = _seen_from(
                    at, there - pad, there + b[b[MINUTES_NOW] + other] + pad, begin, blocked, end
                )
        if extra < until:
            begin, blocked, end = _seen_from(at, extra - pad, until + pad, begin, blocked, end)
        if blocked > at:
            at = blocked
        else:
            widest = max(widest, end - begin)
            at = end
    return min(widest, NO_PRICE)


@compiled
def _covered(b: Ints, one: int) -> bool:
    """Whether somebody who stays stands all over the old place of `one`."""
    for row in range(b[OCCUPANTS]):
        if b[b[OCCUPANT_FIXED] + row] and b[b[OCCUPANT_ROOM] + row] == b[b[ROOM] + one]:
            other = b[b[OCCUPANT] + row]
            if b[b[OCCUPANT_START] + row] <= b[b[START] + one] and (
                b[b[OCCUPANT_START] + row] + b[b[MINUTES_NOW] + other] >= b[b[START] + one] + b[b[MINUTES] + one]
            ):
                return True
    return False


@compiled
def _set_hopes(b: Ints, m: Bytes, w: Words, depth: int, spare: int) -> None:
    """Who could find a place at this level without a push, and with one."""
    words = b[WORDS]
    none = b[HOPE] + HOPES * depth * words
    one_more, holes = none + words, none + 2 * words
    for word in range(words):
        w[holes + word] = 0
    _fill_holes(b, w, holes)
    for word in range(words):
        w[none + word] = w[b[BY_LEVEL] + word] | w[holes + word]
    b[b[OPEN_HOLE] + depth] = 0
    if spare < 2:
        return
    for word in range(words):
        w[one_more + word] = w[b[BY_LEVEL] + words + word] | w[none + word]
    for word in range(words):
        # Whoever pushes out somebody who then fits into a hole.
        filling = w[holes + word] & ~w[b[BY_LEVEL] + word]
        while filling:
            lowest = filling & (~filling + np.uint64(1))
            ones = b[ONES] + (word * 64 + _bit_number(lowest)) * words
            filling ^= lowest
            for other in range(words):
                w[one_more + other] |= w[ones + other]
    for index in range(b[LEFT]):
        gone = b[b[LEFT_ONES] + index]
        if _has_left_a_place(b, gone):
            covered = _covered(b, gone)
            if not covered:
                b[b[OPEN_HOLE] + depth] = 1
            for word in range(gone * words, (gone + 1) * words):
                circle, partly = w[b[CIRCLE] + word], w[b[TWOS] + word]
                if circle:
                    b[b[OPEN_HOLE] + depth] = 1
                if b[LEFT] > 1:
                    partly |= w[b[MORE] + word]
                w[one_more + word - gone * words] |= partly & circle if covered else partly


@compiled
def _measure_holes(b: Ints) -> None:
    """Note for everybody who has left the longest free stretch that touches the old place; 0 where there is none."""
    for index in range(b[LEFT]):
        gone, gap = b[b[LEFT_ONES] + index], 0
        if _has_left_a_place(b, gone):
            first = b[b[START] + gone]
            gap = _widest_gap(b, b[b[ROOM] + gone], first, first + b[b[MINUTES] + gone], 0, 0)
        b[b[HOLE] + index] = gap


@compiled
def _fill_holes(b: Ints, w: Words, holes: int) -> None:
    """Add to a set whoever could stand where others have left, and only there."""
    words = b[WORDS]
    for index in range(b[LEFT]):
        gone = b[b[LEFT_ONES] + index]
        if not _has_left_a_place(b, gone):
            continue
        here, fitting = gone * words, _who_fits(b, b[b[HOLE] + index])
        for word in range(words):
            w[holes + word] |= w[b[ONES] + here + word] & (w[b[CIRCLE] + here + word] | w[fitting + word])
        _add_neighbours(b, w, holes, gone)
        for before in range(index):
            other = b[b[LEFT_ONES] + before]
            if not _has_left_a_place(b, other):
                continue
            there, fitting = other * words, _who_fits(b, max(b[b[HOLE] + index], b[b[HOLE] + before]))
            for word in range(words):
                both = w[b[TWOS] + here + word] & w[b[TWOS] + there + word]
                both |= w[b[MORE] + here + word] & w[b[MORE] + there + word]
                if both:
                    circle = w[b[CIRCLE] + here + word] | w[b[CIRCLE] + there + word]
                    w[holes + word] |= both & (circle | w[fitting + word])


@compiled
def _add_neighbours(b: Ints, w: Words, holes: int, gone: int) -> None:
    """Add to a set whoever could move up to where somebody has left, partly over the place that it leaves itself."""
    room, first = b[b[ROOM] + gone], b[b[START] + gone]
    last, pad = first + b[b[MINUTES] + gone], b[b[PAD] + room]
    for position in range(b[b[FIRST_IN_ROOM] + room], b[b[FIRST_IN_ROOM] + room + 1]):
        one = b[b[IN_ROOM] + position]
        start, length = b[b[START] + one], b[b[MINUTES] + one]
        if not b[b[AWAY] + one] and start < last + pad + length and start + 2 * length + pad > first:
            word, bit = gone * b[WORDS] + (one >> 6), np.uint64(1) << np.uint64(one & 63)
            pushers = w[b[ONES] + word]
            if b[LEFT] > 1:
                pushers |= w[b[TWOS] + word] | w[b[MORE] + word]
            w[holes + (one >> 6)] |= pushers & bit


@compiled
def _who_fits(b: Ints, gap: int) -> int:
    """The set of sessions that are no longer than the gap."""
    return b[BY_LENGTH] + first_at_least(b, b[LENGTHS], b[SIZES], gap + 1) * b[WORDS]


@compiled
def _bit_number(bit: Any) -> int:
    number = 0
    for step in (32, 16, 8, 4, 2, 1):
        if bit >> np.uint64(step):
            bit >>= np.uint64(step)
            number += step
    return number


@compiled
def _leaves_room(b: Ints, gone: int, room: int, start: int, end: int) -> bool:
    """Whether anybody could profit when `gone` makes room for a session from `start` to `end`."""
    if b[b[ROOM] + gone] != room or b[b[AWAY] + gone] or b[b[FIRST_PAIR] + gone] < b[b[FIRST_PAIR] + gone + 1]:
        return True
    first = b[b[START] + gone]
    return start > first or end < first + b[b[MINUTES] + gone]


@compiled
def _widest_gap_without(b: Ints, gone: int, room: int, first: int, last: int, start: int, end: int) -> int:
    b[b[AWAY] + gone] = 1
    gap = _widest_gap(b, room, first, last, start, end)
    b[b[AWAY] + gone] = 0
    return gap


@compiled
def _may_hope(b: Ints, w: Words, depth: int, kind: int, one: int) -> bool:
    """Whether the session is in one of the sets of hope of the depth: without a push, with one, in a hole."""
    word = w[b[HOPE] + (HOPES * depth + kind) * b[WORDS] + (one >> 6)]
    return (word >> np.uint64(one & 63)) & np.uint64(1) != 0


@compiled
def _hopeful(b: Ints, m: Bytes, w: Words, depth: int, count: int, spare: int, room: int, start: int, end: int) -> bool:
    """Whether each of the pushed could still find a place with so many pushes left.  False is a proof."""
    if spare >= 2 and b[b[OPEN_HOLE] + depth]:
        return True
    for position in range(count):
        one = b[b[PUSHED] + position]
        if spare == 0:
            fine = _may_hope(b, w, depth, 0, one)
        elif spare == 1:
            fine = _may_hope(b, w, depth, 1, one)
        else:
            fine = b[b[LEVEL] + one] <= spare
        if fine:
            continue
        for other in range(count):
            # Another one's old place is for the taking; into its own, it can only let somebody whom it pushes out.
            if (spare or other != position) and _leaves_room(b, b[b[PUSHED] + other], room, start, end):
                fine = True
        if not fine:
            return False
    return True


# Candidates.


@compiled
def _consider(b: Ints, m: Bytes, w: Words, one: int, cell: int, spare: int, depth: int, least: int) -> None:
    """Put the cell among the candidates if it has a chance; `least`: how many the board has there at least."""
    if b[b[MASK] + one] >= b[KINDS] and not _allowed(b, m, w, one, cell):
        return
    columns = b[COLUMNS]
    room, start = cell // columns, b[b[STARTS] + cell % columns]
    if b[b[ORIGIN_ROOM] + one] == room and b[b[ORIGIN_START] + one] == start:
        return
    count = pushes(b, one, room, start, spare)
    if count < 0 or b[b[PUSHED] + MOST_PUSHED] < least:
        return
    if count and not _hopeful(b, m, w, depth, count, spare - count, room, start, start + b[b[MINUTES_NOW] + one]):
        return
    top = b[TOP]
    b[b[CELL] + top] = cell
    b[b[PRICE] + top] = price_of(b, one, cell)
    b[TOP] = top + 1


@compiled
def _beside_the_gone(b: Ints, m: Bytes, w: Words, one: int, spare: int, depth: int, least: int) -> None:
    """Consider the cells where somebody stood who has left, if the board has at least so many there."""
    columns = b[COLUMNS]
    b[STAMP] += 1
    stamp = b[STAMP]
    for index in range(b[LEFT]):
        gone = b[b[LEFT_ONES] + index]
        if gone == one or not _has_left_a_place(b, gone):
            continue
        if spare == 0 and b[b[AWAY] + one] and b[b[HOLE] + index] < b[b[MINUTES_NOW] + one]:
            continue
        room = b[b[ROOM] + gone]
        pad = b[b[PAD] + room]
        first = first_at_least(b, b[STARTS], b[COLUMNS], b[b[START] + gone] - b[b[MINUTES_NOW] + one] - pad + 1)
        last = first_at_least(b, b[STARTS], b[COLUMNS], b[b[START] + gone] + b[b[MINUTES] + gone] + pad)
        for cell in range(room * columns + first, room * columns + last):
            if b[b[SEEN] + cell] != stamp and _allowed(b, m, w, one, cell):
                b[b[SEEN] + cell] = stamp
                _consider(b, m, w, one, cell, spare, depth, least)
    if b[b[FIRST_PAIR] + one] == b[b[FIRST_PAIR] + one + 1]:
        return
    for entry in range(b[b[FIRST_PAIR] + one], b[b[FIRST_PAIR] + one + 1]):
        gone = b[b[OTHER] + entry]
        if not b[b[AWAY] + gone] or b[b[ROOM] + gone] < 0:
            continue
        if not b[b[GROUPS] + b[b[THERE] + entry] * b[ROOMS] + b[b[ROOM] + gone]]:
            continue
        first = first_at_least(b, b[STARTS], b[COLUMNS], b[b[START] + gone] + b[b[LOW] + entry] + 1)
        last = first_at_least(b, b[STARTS], b[COLUMNS], b[b[START] + gone] + b[b[HIGH] + entry])
        for room in range(b[ROOMS]):
            if b[b[GROUPS] + b[b[HERE] + entry] * b[ROOMS] + room]:
                for cell in range(room * columns + first, room * columns + last):
                    if b[b[SEEN] + cell] != stamp and _allowed(b, m, w, one, cell):
                        b[b[SEEN] + cell] = stamp
                        _consider(b, m, w, one, cell, spare, depth, least)


@compiled
def _without_push(b: Ints, m: Bytes, w: Words, one: int, depth: int, limit: int, most: int) -> None:
    """Gather cells that push out nobody, up to `limit` and up to a price of `most`."""
    begun = b[TOP]
    for index in range(b[b[FIRST_FREE] + one], b[b[FIRST_FREE] + one + 1]):
        cell = b[b[FREE] + index]
        if _least_price(b, one, cell) > most or b[TOP] - begun >= limit:
            break
        _consider(b, m, w, one, cell, 0, depth, 0)
    if b[TOP] - begun < limit:
        _beside_the_gone(b, m, w, one, 0, depth, 1)


@compiled
def _least_price(b: Ints, one: int, cell: int) -> int:
    """What the lists are in the order of: the price but for rooms foreign to the track."""
    columns = b[COLUMNS]
    price = ROOM_PRICE if b[b[ROOM] + one] != cell // columns else 0
    if b[b[ROOM] + one] >= 0:
        price += abs(b[b[STARTS] + cell % columns] - b[b[START] + one])
    return price if b[b[ORIGIN_ROOM] + one] == b[b[ROOM] + one] and b[b[ORIGIN_START] + one] == b[b[START] + one] else 0


@compiled
def _gather(b: Ints, m: Bytes, w: Words, one: int, spare: int, depth: int, most: int) -> None:
    """Every cell that the session may take with so many pushes left, up to a price of `most`."""
    for index in range(b[b[FIRST_FREE] + one], b[b[FIRST_FREE] + one + 1]):
        cell = b[b[FREE] + index]
        if _least_price(b, one, cell) > most:
            break
        _consider(b, m, w, one, cell, spare, depth, 0)
    for index in range(b[b[FIRST_ONE] + one], b[b[FIRST_ONE] + one + 1]):
        cell, other = b[b[ONE] + index], b[b[ONE_PUSHED] + index]
        if _least_price(b, one, cell) > most:
            break
        if b[b[AWAY] + other] or _worth_it(b, m, w, one, cell, other, spare - 1, depth):
            _consider(b, m, w, one, cell, spare, depth, 0)
    if spare >= 2:
        for index in range(b[b[FIRST_TWO] + one], b[b[FIRST_TWO] + one + 1]):
            cell = b[b[TWO] + index]
            if _least_price(b, one, cell) > most:
                break
            _consider(b, m, w, one, cell, spare, depth, 0)
    if spare >= 3:
        for cell in range(b[CELLS]):
            if _allowed(b, m, w, one, cell):
                _consider(b, m, w, one, cell, spare, depth, 3)
    else:
        _beside_the_gone(b, m, w, one, spare, depth, 2 if spare < 2 else 3)


@compiled
def _worth_it(b: Ints, m: Bytes, w: Words, one: int, cell: int, other: int, spare: int, depth: int) -> bool:
    """A quick look at a cell that pushes out one other session."""
    if spare < 0 or not b[b[MOVABLE] + other]:
        return False
    if spare == 0:
        return _may_hope(b, w, depth, 0, other)
    if spare == 1 and _may_hope(b, w, depth, 1, other):
        return True
    if spare >= 2 and (b[b[OPEN_HOLE] + depth] or b[b[LEVEL] + other] <= spare):
        return True
    columns = b[COLUMNS]
    start = b[b[STARTS] + cell % columns]
    return _leaves_room(b, other, cell // columns, start, start + b[b[MINUTES_NOW] + one])


@compiled
def _least_owed(b: Ints, m: Bytes, w: Words, one: int, spare: int, depth: int) -> int:
    """The least that a session will have to pay, if at most so many can still be pushed out."""
    if spare > 2:
        return b[b[CHEAPEST] + one]
    begun, least = b[TOP], NO_PRICE
    for kind in range(spare + 1):
        first, cells = (FIRST_FREE, FREE) if kind == 0 else (FIRST_ONE, ONE) if kind == 1 else (FIRST_TWO, TWO)
        for index in range(b[b[first] + one], b[b[first] + one + 1]):
            cell = b[b[cells] + index]
            if _least_price(b, one, cell) >= least:
                break
            _consider(b, m, w, one, cell, spare, depth, 0)
            if b[TOP] > begun:
                b[TOP] = begun
                least = min(least, b[b[PRICE] + begun])
    _beside_the_gone(b, m, w, one, spare, depth, spare + 1)
    for at in range(begun, b[TOP]):
        least = min(least, b[b[PRICE] + at])
    b[TOP] = begun
    return least


@compiled
def _choose(b: Ints, m: Bytes, w: Words, depth: int, most: int) -> int:
    """Which of those who wait is placed first: who has the fewest cells that push out nobody; −1: one has no hope.

    The least prices of the others are noted as owed.
    """
    spare, count = b[b[LEVEL_SPARE] + depth], b[b[LEVEL_WAITING] + depth]
    begun = b[TOP]
    chosen, fewest = 0, 2**30
    owed, chosen_owes = 0, 0
    _failed_last_comes_first(b, depth, count)
    for index in range(count):
        one = b[b[WAITING] + depth * LEVELS + index]
        b[TOP] = begun
        _without_push(b, m, w, one, depth, ENOUGH, most)
        cells = b[TOP] - begun
        free = NO_PRICE
        for at in range(begun, begun + cells):
            free = min(free, b[b[PRICE] + at])
        b[TOP] = begun
        owes = free if spare == 0 and cells < ENOUGH else _least_owed(b, m, w, one, spare, depth)
        if cells >= ENOUGH:
            free = owes
        if owes > most:
            b[FAILURES] += 1
            b[b[FAILED] + one] = b[FAILURES]
            return -1
        b[b[OWES] + depth * LEVELS + index] = owes
        b[b[OWES_FREE] + depth * LEVELS + index] = free
        owed += owes
        if cells < fewest or (cells == fewest and index > chosen):
            chosen, fewest, chosen_owes = index, cells, owes
    b[b[LEVEL_OWED] + depth] = owed - chosen_owes
    return chosen


@compiled
def _failed_last_comes_first(b: Ints, depth: int, count: int) -> None:
    """Whoever had no hope the last time is the likeliest to have none again."""
    here, latest = b[WAITING] + depth * LEVELS, 0
    for index in range(1, count):
        if b[b[FAILED] + b[here + index]] > b[b[FAILED] + b[here + latest]]:
            latest = index
    b[here], b[here + latest] = b[here + latest], b[here]


@compiled
def _may_open(b: Ints, w: Words, pushed: int, gap: int, one: int, alone: bool) -> bool:
    """Whether a session that is pushed out could open a cell for `one` in which only it and those who left stand.

    `gap` is the free stretch that it leaves; `alone`: nobody else is pushed out with it.
    """
    word, bit = pushed * b[WORDS] + (one >> 6), np.uint64(one & 63)
    length = b[b[MINUTES_NOW] + one]
    related = (w[b[CIRCLE] + word] >> bit) & np.uint64(1) != 0
    if (w[b[ONES] + word] >> bit) & np.uint64(1) and (related or gap >= length):
        return True
    if not ((w[b[TWOS] + word] | w[b[MORE] + word]) >> bit) & np.uint64(1):
        return False
    if not alone:
        return True
    for index in range(b[LEFT]):
        gone = b[b[LEFT_ONES] + index]
        if _has_left_a_place(b, gone):
            there = gone * b[WORDS] + (one >> 6)
            fits = related or (w[b[CIRCLE] + there] >> bit) & np.uint64(1) or max(gap, b[b[HOLE] + index]) >= length
            if fits and ((w[b[TWOS] + there] | w[b[MORE] + there]) >> bit) & np.uint64(1):
                return True
    return False


@compiled
def _sort_candidates(b: Ints, first: int, end: int) -> None:
    """By price, and then by room and start."""
    columns = np.int64(b[CELLS])
    size = end - first
    keys = np.empty(size, dtype=np.int64)
    for index in range(size):
        keys[index] = b[b[PRICE] + first + index] * columns + b[b[CELL] + first + index]
    keys.sort()
    for index in range(size):
        b[b[PRICE] + first + index] = keys[index] // columns
        b[b[CELL] + first + index] = keys[index] % columns


# Who waits when nobody may be pushed out any more.


@compiled
def _against(b: Ints, w: Words, one: int, cell: int, other: int, there: int) -> bool:
    """Whether two sessions break a rule together on these cells."""
    columns = b[COLUMNS]
    room, start = cell // columns, b[b[STARTS] + cell % columns]
    other_room, other_start = there // columns, b[b[STARTS] + there % columns]
    if room == other_room:
        pad = b[b[PAD] + room]
        if (
            start < other_start + b[b[MINUTES_NOW] + other] + pad
            and other_start < start + b[b[MINUTES_NOW] + one] + pad
        ):
            return True
    if not (w[b[CIRCLE] + one * b[WORDS] + (other >> 6)] >> np.uint64(other & 63)) & np.uint64(1):
        return False
    for entry in range(b[b[FIRST_PAIR] + one], b[b[FIRST_PAIR] + one + 1]):
        here = b[b[OTHER] + entry] == other and b[b[GROUPS] + b[b[HERE] + entry] * b[ROOMS] + room]
        if here and _in_window(b, entry, start, other_room, other_start):
            return True
    return False


@compiled
def _joint_price(b: Ints, m: Bytes, w: Words, depth: int, count: int, budget: int) -> int:
    """The least that the first `count` of those who wait pay together, if they push out nobody and nobody else leaves.

    Each one's cells are known then; only those who wait can still stand in each other's way.  `NO_PRICE` for more than
    the budget; less than the truth where that takes too long to find out.
    """
    here, begun, owed = depth * LEVELS, b[TOP], 0
    for index in range(count):
        owed += b[b[OWES_FREE] + here + index]
        if owed > budget:
            return NO_PRICE
    if not 2 <= count <= MOST_TOGETHER:
        return owed
    who, first, end = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    few, others = 0, 0
    for index in range(count):
        owes = b[b[OWES_FREE] + here + index]
        who[few], first[few] = b[b[WAITING] + here + index], b[TOP]
        _without_push(b, m, w, who[few], depth, MANY + 1, budget - owed + owes)
        end[few] = b[TOP]
        if end[few] - first[few] > MANY:
            others += owes
            b[TOP] = first[few]
        else:
            _sort_candidates(b, first[few], end[few])
            few += 1
    least = _least_together(b, w, who[:few], first[:few], end[:few], budget - others) if few > 1 else 0
    b[TOP] = begun
    return NO_PRICE if least >= NO_PRICE else max(least + others, owed)


@compiled
def _least_together(b: Ints, w: Words, waiting: Ints, first: Longs, end: Longs, budget: int) -> int:
    """The least price of a cell for each, out of its candidates; 0 where that takes too long to find out.

    Placed next is whoever those who are placed have cost most, each on its cheapest cells first.
    """
    count = len(first)
    order, at = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    limit, paid = np.empty(count, dtype=np.int64), np.zeros(count + 1, dtype=np.int64)
    done = np.zeros(count, dtype=np.bool_)
    placed, tries, least = 0, 0, NO_PRICE
    going_down = True
    while True:
        if going_down and placed == count:
            least, budget = paid[count], paid[count] - 1
        elif going_down:
            total, chosen, chosen_price, most_lost = paid[placed], -1, 0, -1
            for index in range(count):
                if done[index]:
                    continue
                position = first[index]
                while position < end[index] and _is_against(b, w, waiting, order, at, placed, index, position):
                    position += 1
                tries += position - first[index] + 1
                if position == end[index]:
                    total = budget + 1
                    break
                price = b[b[PRICE] + position]
                total += price
                lost = (price - b[b[PRICE] + first[index]]) * 4096 + 4096 // (end[index] - first[index] + 1)
                if lost > most_lost:
                    chosen, chosen_price, most_lost = index, price, lost
            if tries > MOST_TRIES:
                return 0
            if total <= budget:
                order[placed], at[placed], done[chosen] = chosen, first[chosen] - 1, True
                limit[placed] = total - chosen_price
                placed += 1
        if placed == 0:
            return least
        index, position = order[placed - 1], at[placed - 1] + 1
        while position < end[index] and _is_against(b, w, waiting, order, at, placed - 1, index, position):
            position += 1
        tries += position - at[placed - 1]
        going_down = position < end[index] and b[b[PRICE] + position] + limit[placed - 1] <= budget
        if going_down:
            at[placed - 1] = position
            paid[placed] = paid[placed - 1] + b[b[PRICE] + position]
        else:
            placed -= 1
            done[index] = False


@compiled
def _is_against(
    b: Ints, w: Words, waiting: Ints, order: Longs, at: Longs, placed: int, index: int, position: int
) -> bool:
    """Whether the cell is ruled out by those who are placed so far."""
    cell = b[b[CELL] + position]
    for before in range(placed):
        if _against(b, w, waiting[index], cell, waiting[order[before]], b[b[CELL] + at[before]]):
            return True
    return False


# The search.


@compiled
def _enter(b: Ints, m: Bytes, w: Words, depth: int) -> bool:
    """Prepare a level; False: nothing can come of it."""
    spare, count = b[b[LEVEL_SPARE] + depth], b[b[LEVEL_WAITING] + depth]
    b[b[LEVEL_LEFT] + depth], b[b[LEVEL_OCCUPANTS] + depth] = b[LEFT], b[OCCUPANTS]
    b[b[LEVEL_FIRST] + depth] = b[TOP]
    budget = b[BEST] - b[b[LEVEL_PAID] + depth]
    for index in range(count):
        budget -= b[b[CHEAPEST] + b[b[WAITING] + depth * LEVELS + index]]
    if budget < 0:
        return False
    b[ENTRIES] += 1
    b[b[LEVEL_ENTRY] + depth] = b[ENTRIES]
    _measure_holes(b)
    if spare >= 1:
        _set_hopes(b, m, w, depth, spare)
    chosen = _choose(b, m, w, depth, b[BEST] - b[b[LEVEL_PAID] + depth])
    if chosen < 0:
        return False
    if spare == 0 and _joint_price(b, m, w, depth, count, b[BEST] - b[b[LEVEL_PAID] + depth]) >= NO_PRICE:
        return False
    one = b[b[WAITING] + depth * LEVELS + chosen]
    for table in (WAITING, OWES, OWES_FREE):
        b[b[table] + depth * LEVELS + chosen] = b[b[table] + depth * LEVELS + count - 1]
    b[b[LEVEL_WAITING] + depth] = count - 1
    b[b[LEVEL_ONE] + depth] = one
    most = b[BEST] - b[b[LEVEL_PAID] + depth] - b[b[LEVEL_OWED] + depth]
    if most < 0:
        return False
    b[b[LEVEL_JOINT] + depth] = 0
    if spare > 0:
        left = b[BEST] - b[b[LEVEL_PAID] + depth] - b[b[CHEAPEST] + one]
        b[b[LEVEL_JOINT] + depth] = _joint_price(b, m, w, depth, count - 1, left)
    if spare == 0:
        _without_push(b, m, w, one, depth, 2**30, most)
    else:
        _gather(b, m, w, one, spare, depth, most)
    _sort_candidates(b, b[b[LEVEL_FIRST] + depth], b[TOP])
    b[b[LEVEL_AT] + depth], b[b[LEVEL_END] + depth] = b[b[LEVEL_FIRST] + depth], b[TOP]
    return b[TOP] > b[b[LEVEL_FIRST] + depth]


@compiled
def leave(b: Ints, one: int) -> None:
    """Take a session out of its place."""
    if b[b[AWAY] + one]:
        # It stood where an edit has put it: its row remains, and is found again by its number.
        b[b[LEFT_ONES] + b[LEFT]] = -1 - b[b[SPOT] + one]
        b[b[SPOT] + one] = -1
    else:
        b[b[AWAY] + one] = 1
        b[b[LEFT_ONES] + b[LEFT]] = one
    b[LEFT] += 1


@compiled
def _back(b: Ints, depth: int) -> None:
    """Undo what was tried last at this level."""
    while b[OCCUPANTS] > b[b[LEVEL_OCCUPANTS] + depth]:
        b[OCCUPANTS] -= 1
        b[b[SPOT] + b[b[OCCUPANT] + b[OCCUPANTS]]] = -1
    while b[LEFT] > b[b[LEVEL_LEFT] + depth]:
        b[LEFT] -= 1
        one = b[b[LEFT_ONES] + b[LEFT]]
        if one >= 0:
            b[b[AWAY] + one] = 0
        else:
            b[b[SPOT] + b[b[OCCUPANT] + -1 - one]] = -1 - one
    b[TOP] = b[b[LEVEL_END] + depth]


@compiled
def _note(b: Ints, paid: int, first: int) -> bool:
    """Write down a repair; keep it as the best if it is, ties by session, room and start."""
    count = b[OCCUPANTS] - first
    used = np.int64(-1)
    for row in range(count):
        smallest = np.int64(2**60)
        which = 0
        for occupant in range(first, first + count):
            if used < b[b[OCCUPANT] + occupant] < smallest:
                smallest, which = np.int64(b[b[OCCUPANT] + occupant]), occupant
        used = smallest
        b[b[FOUND_ROWS] + 3 * row], b[b[FOUND_ROWS] + 3 * row + 1] = b[b[OCCUPANT] + which], b[b[OCCUPANT_ROOM] + which]
        b[b[FOUND_ROWS] + 3 * row + 2] = b[b[OCCUPANT_START] + which]
    b[b[FOUND_ROWS] + 3 * count] = -1
    better = paid < b[BEST] or b[FOUND] == 0
    if not better and paid == b[BEST]:
        for index in range(3 * count):
            ours, theirs = b[b[FOUND_ROWS] + index], b[b[BEST_ROWS] + index]
            if ours != theirs:
                better = ours < theirs
                break
    return better


@compiled
def run(b: Ints, m: Bytes, w: Words, standing: int, nodes: int) -> int:
    """Go on searching for at most so many nodes: `FINISHED`, `SUSPENDED`, or `REPORTED` a repair in `found`.

    `standing` occupants were there before the search.  Without `REPORTING`, the best is kept in `best`, its price in
    `head[BEST]`; with it, the caller is shown every repair that costs no more than `head[BEST]`.
    """
    until = b[NODES] + nodes
    while b[DEPTH] >= 0:
        if b[NODES] >= until:
            return SUSPENDED
        depth = b[DEPTH]
        _back(b, depth)
        at = b[b[LEVEL_AT] + depth]
        if at >= b[b[LEVEL_END] + depth]:
            b[TOP] = b[b[LEVEL_FIRST] + depth]
            b[DEPTH] -= 1
            continue
        b[b[LEVEL_AT] + depth] = at + 1
        paid = b[b[LEVEL_PAID] + depth] + b[b[PRICE] + at]
        if paid + b[b[LEVEL_OWED] + depth] > b[BEST]:
            b[b[LEVEL_AT] + depth] = b[b[LEVEL_END] + depth]
            continue
        b[NODES] += 1
        if _try(b, m, w, depth, b[b[CELL] + at], paid):
            if b[b[LEVEL_WAITING] + depth + 1] == 0:
                if _note(b, paid, standing) or b[REPORTING]:
                    if b[REPORTING]:
                        return REPORTED
                    for index in range(3 * LEVELS):
                        b[b[BEST_ROWS] + index] = b[b[FOUND_ROWS] + index]
                    b[BEST], b[FOUND] = paid, 1
            elif _enter(b, m, w, depth + 1):
                b[DEPTH] = depth + 1
    return FINISHED


@compiled
def _try(b: Ints, m: Bytes, w: Words, depth: int, cell: int, paid: int) -> bool:
    """Place the level's session on the cell; False if that costs too much."""
    columns = b[COLUMNS]
    one, room, start = b[b[LEVEL_ONE] + depth], cell // columns, b[b[STARTS] + cell % columns]
    count = pushes(b, one, room, start, b[b[LEVEL_SPARE] + depth])
    waiting = b[b[LEVEL_WAITING] + depth]
    for index in range(waiting):
        b[b[WAITING] + (depth + 1) * LEVELS + index] = b[b[WAITING] + depth * LEVELS + index]
    owed = b[b[LEVEL_OWED] + depth]
    for index in range(count):
        b[b[WAITING] + (depth + 1) * LEVELS + waiting + index] = b[b[PUSHED] + index]
        owed += b[b[CHEAPEST] + b[b[PUSHED] + index]]
    if paid + owed > b[BEST]:
        return False
    if count and count == b[b[LEVEL_SPARE] + depth]:
        owed += _owed_without_push(b, w, depth, count, room, start)
        if count == 1 and paid + owed <= b[BEST]:
            pushed = b[b[PUSHED]]
            owed += _least_free(b, m, w, depth, pushed) - b[b[CHEAPEST] + pushed]
            b[b[PUSHED]] = pushed
        if paid + owed > b[BEST]:
            return False
    for index in range(count):
        leave(b, b[b[PUSHED] + index])
    row = b[OCCUPANTS]
    b[b[OCCUPANT] + row], b[b[OCCUPANT_FIXED] + row] = one, 1
    b[b[OCCUPANT_ROOM] + row], b[b[OCCUPANT_START] + row] = room, start
    b[b[SPOT] + one] = row
    b[OCCUPANTS] = row + 1
    b[b[LEVEL_WAITING] + depth + 1] = waiting + count
    b[b[LEVEL_PAID] + depth + 1] = paid
    b[b[LEVEL_SPARE] + depth + 1] = b[b[LEVEL_SPARE] + depth] - count
    return True


@compiled
def _owed_without_push(b: Ints, w: Words, depth: int, count: int, room: int, start: int) -> int:
    """What those who wait owe in addition if the pushed are the last: cells that push out somebody are not for them."""
    more, here, any_opened = 0, depth * LEVELS, False
    for index in range(b[b[LEVEL_WAITING] + depth]):
        one = b[b[WAITING] + here + index]
        opened = False
        for position in range(count):
            gone, gap = b[b[PUSHED] + position], NO_PRICE
            if not b[b[AWAY] + gone]:
                first = b[b[START] + gone]
                last, until = first + b[b[MINUTES] + gone], start
                if b[b[ROOM] + gone] == room:
                    until += b[b[MINUTES_NOW] + b[b[LEVEL_ONE] + depth]]
                gap = _widest_gap_without(b, gone, b[b[ROOM] + gone], first, last, start, until)
            opened = opened or _may_open(b, w, gone, gap, one, count == 1)
        any_opened = any_opened or opened
        if not opened:
            more += max(0, b[b[OWES_FREE] + here + index] - b[b[OWES] + here + index])
    if not any_opened:
        return max(more, b[b[LEVEL_JOINT] + depth] - b[b[LEVEL_OWED] + depth])
    return more


@compiled
def _least_free(b: Ints, m: Bytes, w: Words, depth: int, one: int) -> int:
    """The least that a session will pay that is pushed out last, and alone."""
    if b[b[KNOWN_AT] + one] != b[b[LEVEL_ENTRY] + depth]:
        begun, least = b[TOP], NO_PRICE
        _without_push(b, m, w, one, depth, 2**30, NO_PRICE)
        for at in range(begun, b[TOP]):
            least = min(least, b[b[PRICE] + at])
        b[TOP] = begun
        b[b[KNOWN_AT] + one], b[b[KNOWN] + one] = b[b[LEVEL_ENTRY] + depth], least
    return b[b[KNOWN] + one]


@compiled
def begin(b: Ints, m: Bytes, w: Words, waiting: Ints, spare: int) -> None:
    """Set up the search for places for those who wait, with so many pushes; `head[BEST]` is the price to beat."""
    b[TOP] = 0
    b[DEPTH] = 0
    b[b[LEVEL_PAID] + 0] = 0
    b[b[LEVEL_SPARE] + 0] = spare
    b[b[LEVEL_WAITING] + 0] = len(waiting)
    for index in range(len(waiting)):
        b[b[WAITING] + index] = waiting[index]
    if not _enter(b, m, w, 0):
        b[DEPTH] = -1


@compiled
def somewhere(b: Ints, m: Bytes, w: Words, one: int) -> bool:
    """Whether there is any cell where the session could stand, whoever else would have to leave."""
    columns = b[COLUMNS]
    for cell in range(b[CELLS]):
        if m[b[b[MASK] + one], cell]:
            room, start = cell // columns, b[b[STARTS] + cell % columns]
            if b[b[ORIGIN_ROOM] + one] == room and b[b[ORIGIN_START] + one] == start:
                continue
            if pushes(b, one, room, start, MOST_PUSHED) != BARRED:
                return True
    return False


@compiled
def places_left(b: Ints, m: Bytes, w: Words, one: int) -> int:
    """How many cells a session that is away could take without a push."""
    b[TOP] = 0
    _measure_holes(b)
    _without_push(b, m, w, one, 0, 2**30, NO_PRICE)
    count = b[TOP]
    b[TOP] = 0
    return count
