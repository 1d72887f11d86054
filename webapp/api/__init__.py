"""HTTP, version 1: routes by subject, each of them parse, call, answer."""

from __future__ import annotations

from apiflask import APIFlask

PREFIX = "/api/v1"


def init_app(app: APIFlask) -> None:
    """Register every route."""
    from webapp.api import (
        availability,
        changes,
        common,
        exports,
        handlers,
        health,
        history,
        jobs,
        openapi,
        schedules,
        settings,
        undoing,
    )

    app.json = common.StrictJson(app)
    app.config.update(openapi.CONFIG)
    app.register_blueprint(health.bp)
    for module in (schedules, settings, changes, undoing, availability, history, jobs, exports, handlers):
        app.register_blueprint(module.bp, url_prefix=PREFIX)
    app.spec_processor(openapi.completed)
