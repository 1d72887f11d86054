"""Live: every screen is told of every change, by one hub that owns all sockets of the process."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the feeds, and let the hub hear the bell."""
    from webapp.live import routes
    from webapp.live.collab import Collab
    from webapp.live.handoff import Gateway, NoReader
    from webapp.live.hub import Hub
    from webapp.live.log import StoreLog
    from webapp.live.resuming import Resuming
    from webapp.live.tickets import Tickets
    from webapp.store.recent import Recent

    tickets = Tickets(app.extensions["callboard.settings"].data / "live.key")
    hub = Hub(
        StoreLog(app.extensions["callboard.store"]),
        tickets,
        told=lambda seconds: app.extensions["callboard.metrics"].observe_fan_out(seconds),
    )
    app.extensions["callboard.followed"] = Recent[str](64)
    app.extensions["callboard.hub"] = app.extensions["callboard.bell"] = hub
    app.extensions["callboard.backplane"].on("log", lambda word: hub.ring(word["schedule"], word["seq"]))
    app.extensions["callboard.collab"] = Collab(
        app.extensions["callboard.store"], app.extensions["callboard.backplane"], app.extensions["callboard.rates"]
    )
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoReader}
    if app.extensions["callboard.settings"].live:
        app.wsgi_app = Gateway(app.wsgi_app, Resuming(hub, tickets))  # type: ignore[method-assign]
    app.register_blueprint(routes.bp)
