"""Seals: what rows hash to, so that `verify` finds whichever was changed behind the application's back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

NOTHING = "0" * 64
"""What the first link of a chain is hashed onto, and the sum of no digests."""


def canonical(value: object) -> str:
    """JSON with one spelling, for hashing."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(values: Sequence[object]) -> str:
    """The SHA-256 of values that JSON can hold, and of moments."""
    return hashlib.sha256(canonical([_plain(one) for one in values]).encode()).hexdigest()


class Link(Protocol):
    """An entry of a chain: numbered from 1, and hashed onto the one before."""

    number: int
    previous_hash: str
    hash: str


Entry = TypeVar("Entry", bound=Link)


def first_broken(entries: Iterable[Entry], hash_of: Callable[[Entry], str]) -> int | None:
    """The number of the first entry that is missing or was tampered with; None if the chain holds."""
    expected, before = 1, NOTHING
    for entry in entries:
        if entry.number != expected or entry.previous_hash != before or entry.hash != hash_of(entry):
            return expected
        expected, before = expected + 1, entry.hash
    return None


def summed(total: str, *, plus: str = NOTHING, minus: str = NOTHING) -> str:
    """A sum of digests with one more, one less, or one in the place of another.

    It speaks for a set of rows whose members change: Clarke et al. 2003, incremental multiset hashes.
    """
    return f"{(int(total, 16) + int(plus, 16) - int(minus, 16)) % 2**256:064x}"


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
