"""Callboard's web application: `create_app` wires its parts together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask

    from webapp.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings) -> APIFlask:
    """The application on an up-to-date database; wiring only."""
    from apiflask import APIFlask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from webapp import api, auth, compression, live, metrics, pages, problems, security
    from webapp.auth.rates import Rates
    from webapp.bell import SilentBell
    from webapp.events.handlers import relays
    from webapp.live import backplane
    from webapp.serving.solver_client import SolverClient
    from webapp.store import open_store

    app = APIFlask(
        __name__,
        title="Callboard",
        version="1",
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        json_errors=False,
        static_folder="static",
    )
    app.extensions["callboard.settings"] = settings
    store = app.extensions["callboard.store"] = open_store(settings.database)
    app.extensions["callboard.bell"] = SilentBell()
    if settings.redis and not store.database.one_writer:
        from webapp.live.locks_redis import RedisLocks

        store.locks = RedisLocks(settings.redis)
    app.extensions["callboard.solver"] = SolverClient(str(settings.solver_socket))
    app.extensions["callboard.rates"] = Rates(settings)
    followers = app.extensions["callboard.relays"] = relays(
        store, lambda: app.extensions["callboard.solver"], event_days=settings.event_days
    )

    others = app.extensions["callboard.backplane"] = backplane.opened(settings, store.database)

    def ring(schedule_id: str, seq: int) -> None:
        # Looked up at each ring: the hub puts itself there when it starts.
        for bell in (app.extensions["callboard.bell"], others, *followers):
            bell.ring(schedule_id, seq)

    store.bell = ring
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    problems.init_app(app)
    security.init_app(app)
    compression.init_app(app)
    auth.init_app(app)
    api.init_app(app)
    pages.init_app(app)
    live.init_app(app)
    metrics.init_app(app)
    for blueprint in app.blueprints.values():
        if not hasattr(blueprint, "enable_openapi"):
            # The OpenAPI document asks every blueprint; plain ones are none of its business.
            blueprint.__dict__["enable_openapi"] = False
    return app
