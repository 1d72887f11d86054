"""The pages: signing in, a list of schedules, and the shells that the editor and the live view come to life in."""

from __future__ import annotations

from flask import Flask

from webapp.pages import (
    account,
    attendee,
    configuration,
    files,
    history,
    jobs,
    late,
    operation,
    people,
    reference,
    views,
)

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Register every page."""
    app.register_blueprint(account.bp)
    app.register_blueprint(configuration.bp)
    app.register_blueprint(files.bp)
    app.register_blueprint(history.bp)
    app.register_blueprint(jobs.bp)
    app.register_blueprint(late.bp)
    app.register_blueprint(operation.bp)
    app.register_blueprint(people.bp)
    app.register_blueprint(reference.bp)
    app.register_blueprint(views.bp)
    # Last: whatever is no other page's address is the short name of a schedule.
    app.register_blueprint(attendee.bp)
