"""Who is asking, and what each role and each token may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast, get_args

Role = Literal["anonymous", "viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the one who may least to the one who may most."""

GRANTED: tuple[str, ...] = ROLES[1:]
"""Roles that a person or a token can be given."""

Scope = Literal["read", "solve", "save", "publish", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""What a token can be confined to: to read drafts and their history, to have edits checked and repaired, to change a
draft, to publish it, to import schedules and set them up."""

_USABLE: dict[str, tuple[Scope, ...]] = {"viewer": SCOPES[:1], "editor": SCOPES[:4], "admin": SCOPES}


@dataclass(frozen=True)
class Identity:
    """The caller of a request."""

    editor_id: str | None
    role: Role
    name: str = ""
    scopes: frozenset[str] | None = None
    """What a token is confined to; None where all that the role may do is allowed."""

    def at_least(self, role: Role) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)

    def within(self, scope: Scope) -> bool:
        """Whether the caller's token, if it is confined at all, is meant for this."""
        return self.scopes is None or scope in self.scopes

    @property
    def sees_drafts(self) -> bool:
        return self.at_least("editor") and self.within("read")


ANONYMOUS = Identity(None, "anonymous")


def granted(role: str) -> Role:
    """The role of that name; `ValueError` if nobody can be given it."""
    if role not in GRANTED:
        raise ValueError(f"there is no role '{role}': choose {', '.join(GRANTED)}")
    return cast(Role, role)


def confined(role: str, scopes: Iterable[str]) -> list[str]:
    """The scopes in order, each once; `ValueError` for one that does not exist or that the role cannot use."""
    wanted = set(scopes)
    for scope in sorted(wanted - set(_USABLE[granted(role)])):
        if scope not in SCOPES:
            raise ValueError(f"there is no scope '{scope}': choose {', '.join(SCOPES)}")
        raise ValueError(f"a token with the role {role} has no use for the scope {scope}")
    return [scope for scope in SCOPES if scope in wanted]
