"""Random secrets, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets


def fresh(prefix: str) -> str:
    """A new secret of 256 bits; the prefix tells people what it is."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """What is stored instead of a secret.  Random secrets of this length need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
