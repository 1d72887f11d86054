"""Who may act: identities, sign-in, tokens, and the guards in front of routes."""

from __future__ import annotations

from webapp.auth.guard import asks_again, current, init_app, require_scope, requires
from webapp.auth.identity import Identity

__all__ = ["Identity", "asks_again", "current", "init_app", "require_scope", "requires"]
