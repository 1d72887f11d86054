"""Passwords: how they are kept (argon2id, RFC 9106), and which are refused.

A hash takes a few hundredths of a second and 64 MiB: it runs on native threads, and only a few at once.
"""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from webapp.services.errors import Invalid
from webapp.store import Store

SHORTEST, LONGEST = 10, 200
"""Characters."""
AT_ONCE = 2

_hasher = PasswordHasher()
_turns = BoundedSemaphore(AT_ONCE)
_NOBODY = _hasher.hash("nobody's password")
"""What is compared where there is no password, so that a stranger cannot tell by the time it takes."""


def check(password: str, name: str) -> None:
    """Raise `Invalid` for a password that is too short, too long or somebody's name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"a password has {SHORTEST} to {LONGEST} characters", place="password")
    if password.casefold() == name.casefold():
        raise Invalid("a password is not the name", place="password")


def hashed(store: Store, password: str) -> str:
    """What is kept of a password."""
    with _turns:
        return store.aside(lambda: _hasher.hash(password))


def matches(store: Store, kept: str | None, password: str) -> bool:
    """Whether the password is the one that was kept."""
    with _turns:
        return store.aside(lambda: _verified(kept or _NOBODY, password)) and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was hashed more cheaply than is done today."""
    return _hasher.check_needs_rehash(kept)


def _verified(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False
