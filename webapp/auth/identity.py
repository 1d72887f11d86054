"""Who is asking, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

Role = Literal["anonymous", "viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the one who may least to the one who may most."""

GRANTED: tuple[str, ...] = ROLES[1:]
"""Roles that a person or a token can be given."""


@dataclass(frozen=True)
class Identity:
    """The caller of a request."""

    editor_id: str | None
    role: Role

    def at_least(self, role: Role) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def sees_drafts(self) -> bool:
        return self.at_least("editor")


ANONYMOUS = Identity(None, "anonymous")


def granted(role: str) -> Role:
    """The role of that name; `ValueError` if nobody can be given it."""
    if role not in GRANTED:
        raise ValueError(f"there is no role '{role}': choose {', '.join(GRANTED)}")
    return cast(Role, role)
