"""Gunicorn's configuration: `gunicorn -c python:webapp.serving.gunicorn_config webapp.serving.web:application`."""

from __future__ import annotations

import sys
from typing import Any

workers = 1  # `serve --workers` says otherwise
worker_class = "webapp.serving.worker.Worker"
worker_connections = 10_000
keepalive = 15
timeout = 60
graceful_timeout = 3
loglevel = "warning"
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Refuse a worker on which sockets cannot be handed over."""
    from webapp.serving.worker import Worker

    if not issubclass(server.worker_class, Worker):
        sys.exit(f"callboard: live feeds need the worker class {worker_class}, not {server.cfg.worker_class_str}")
