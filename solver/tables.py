"""The three arrays of the kernel: tables laid one behind the other, and sets of bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver import kernel

CANDIDATES, SPARE_CELLS = 10, 4096
"""Room for the candidates of all levels: so many times every cell, and some."""


@dataclass
class Tables:
    """The three arrays of the kernel."""

    b: kernel.Ints
    m: kernel.Bytes
    w: kernel.Words

    def lay(self, tables: Mapping[int, NDArray[Any]]) -> None:
        """Put tables of numbers behind those that are there, and note where they begin."""
        at = len(self.b)
        parts = [self.b]
        for name, table in tables.items():
            self.b[name] = at
            parts.append(table.ravel().astype(np.int32, copy=False))
            at += table.size
        self.b = np.concatenate(parts)

    def lay_sets(self, tables: Mapping[int, kernel.Words]) -> None:
        """The same for sets of bits."""
        at = len(self.w)
        for name, table in tables.items():
            self.b[name] = at
            at += table.size
        self.w = np.concatenate([self.w, *(table.ravel() for table in tables.values())])

    def at(self, name: int, size: int) -> kernel.Ints:
        """A table, to be read or written."""
        return self.b[self.b[name] : self.b[name] + size]


def notes(sessions: int, cells: int) -> dict[int, NDArray[Any]]:
    """Room for the notes of a search."""
    row = np.zeros(kernel.LEVELS, dtype=np.int32)
    crowd = np.zeros(sessions + kernel.LEVELS, dtype=np.int32)
    candidates = np.zeros(CANDIDATES * (cells + SPARE_CELLS), dtype=np.int32)
    return {
        kernel.AWAY: np.zeros(sessions),
        kernel.SPOT: np.zeros(sessions),
        **dict.fromkeys((kernel.LEFT_ONES, kernel.OCCUPANT, kernel.OCCUPANT_ROOM, kernel.OCCUPANT_START), crowd),
        **dict.fromkeys((kernel.OCCUPANT_FIXED, kernel.HOLE), crowd),
        **dict.fromkeys((kernel.CELL, kernel.PRICE), candidates),
        kernel.SEEN: np.zeros(cells),
        kernel.PUSHED: np.zeros(kernel.MOST_PUSHED + 1),
        **dict.fromkeys((kernel.LEVEL_ONE, kernel.LEVEL_AT, kernel.LEVEL_FIRST, kernel.LEVEL_END), row),
        **dict.fromkeys((kernel.LEVEL_PAID, kernel.LEVEL_OWED, kernel.LEVEL_SPARE, kernel.LEVEL_LEFT), row),
        **dict.fromkeys(
            (kernel.LEVEL_OCCUPANTS, kernel.LEVEL_WAITING, kernel.OPEN_HOLE, kernel.LEVEL_ENTRY, kernel.LEVEL_JOINT),
            row,
        ),
        **dict.fromkeys((kernel.FAILED, kernel.KNOWN, kernel.KNOWN_AT), np.zeros(sessions)),
        **dict.fromkeys((kernel.WAITING, kernel.OWES, kernel.OWES_FREE), np.zeros(kernel.LEVELS**2)),
        **dict.fromkeys((kernel.BEST_ROWS, kernel.FOUND_ROWS), np.zeros(3 * kernel.LEVELS)),
    }


def bits(members: Sequence[NDArray[np.int32] | NDArray[np.intp]], words: int) -> NDArray[np.uint64]:
    """Each row of members as a set of bits."""
    flags = np.zeros((len(members), words * 64), dtype=bool)
    for row, numbers in enumerate(members):
        flags[row, numbers] = True
    return np.packbits(flags, axis=1, bitorder="little").view(np.uint64)
