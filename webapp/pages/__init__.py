"""The pages: a list of schedules, and the shells that the editor and the live view come to life in."""

from __future__ import annotations

from webapp.pages.views import bp

__all__ = ["bp"]
