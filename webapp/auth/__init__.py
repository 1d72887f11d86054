"""Who may act: identities, sign-in, tokens, and the guards in front of routes."""

from __future__ import annotations

from webapp.auth.guard import current, init_app, require_scope, requires
from webapp.auth.identity import Identity

__all__ = ["Identity", "current", "init_app", "require_scope", "requires"]
