"""Figures for whoever runs Callboard, at `/metrics` in the format of Prometheus.

Each web process counts for itself; the label `process` keeps several apart.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from webapp.events import ages
from webapp.services.errors import Denied
from webapp.settings import Settings

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
TIMED = {
    "changes.check": "check",
    "changes.repair": "repair",
    "changes.save": "save",
    "changes.publish": "publish",
    "schedules.get_published": "snapshot",
}
"""The requests that are timed, by what people call them."""
_PROCESS = ("process",)

bp = Blueprint("metrics", __name__)


class Metrics(Collector):
    """What is counted as it happens, and what is looked up when somebody asks."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._process = str(os.getpid())
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "callboard_request_seconds",
            "From a request to its answer.",
            ("what", "process"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.fan_out = Histogram(
            "callboard_live_fan_out_seconds",
            "From an event's time to the moment at which it was sent to the last client.",
            _PROCESS,
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(self)

    def observe_request(self, what: str, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(what, self._process).observe(seconds)

    def observe_fan_out(self, seconds: float) -> None:
        """Count an event that has been sent to everybody."""
        self.fan_out.labels(self._process).observe(max(0.0, seconds))

    def latencies(self) -> dict[str, dict[str, float]]:
        """What was timed → upper end of a bucket in seconds → how many took no longer."""
        found: dict[str, dict[str, float]] = {}
        for metric in (*self.requests.collect(), *self.fan_out.collect()):
            for sample in metric.samples:
                if "le" in sample.labels:
                    found.setdefault(sample.labels.get("what", "push"), {})[sample.labels["le"]] = sample.value
        return found

    def collect(self) -> Iterator[Metric]:
        """Everything that is looked up."""
        yield from self._live()
        yield from self._solver()
        store = self._app.extensions["callboard.store"]
        yield self._gauge(
            "callboard_outbox_age_seconds",
            "Since the oldest event that a handler has still to see was written; 0 where there is none.",
            {("handler", name): age for name, age in ages.of_handlers(store).items()},
        )
        yield self._gauge(
            "callboard_job_age_seconds",
            "Since the oldest batch job in a state was asked for; 0 for none.",
            {("state", state): age for state, age in ages.of_jobs(store).items()},
        )

    def _live(self) -> Iterator[Metric]:
        hub = self._app.extensions.get("callboard.hub")
        if hub is None:
            return
        channels = {("channel", name): float(count) for name, count in hub.clients().items()}
        yield self._gauge("callboard_live_clients", "Connected clients.", channels)
        waiting = {("", ""): float(hub.waiting)}
        yield self._gauge("callboard_live_backlog_bytes", "What waits for clients that read slowly.", waiting)
        drops = CounterMetricFamily(
            "callboard_live_drops", "Clients that were sent away because they read too slowly.", labels=_PROCESS
        )
        drops.add_metric((self._process,), hub.drops)
        yield drops

    def _solver(self) -> Iterator[Metric]:
        from webapp.serving.solver_client import SolverUnavailable

        try:
            state = self._app.extensions["callboard.solver"].state()
        except (SolverUnavailable, AttributeError):
            state = {}
        up = {("", ""): float(bool(state.get("ready")))}
        yield self._gauge("callboard_solver_up", "Whether the solver process answers.", up)
        queue = {("state", name): float(state.get(name, 0)) for name in ("solving", "waiting")}
        yield self._gauge("callboard_solver_queue", "Questions that are solved, and that wait for their turn.", queue)

    def _gauge(self, name: str, says: str, values: dict[tuple[str, str], float]) -> GaugeMetricFamily:
        """One gauge; each value under a label and what it is."""
        label = next((label for label, _ in values), "")
        gauge = GaugeMetricFamily(name, says, labels=(*filter(None, [label]), "process"))
        for (_, value_of_label), value in values.items():
            gauge.add_metric((*filter(None, [value_of_label]), self._process), value)
        return gauge


def init_app(app: Flask) -> None:
    """Time requests, and answer `/metrics`."""
    app.extensions["callboard.metrics"] = Metrics(app)
    app.before_request(_begin)
    app.after_request(_end)
    app.register_blueprint(bp)


@bp.get("/metrics")
def metrics() -> Response:
    """The figures, for those who may see them."""
    _admit()
    counted = cast(Metrics, current_app.extensions["callboard.metrics"])
    return Response(generate_latest(counted.registry), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def _admit() -> None:
    """With a token, whoever sends it; without one, this machine alone, unless a proxy speaks for somebody else."""
    settings: Settings = current_app.extensions["callboard.settings"]
    if settings.metrics_token:
        expected = f"Bearer {settings.metrics_token}".encode()
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
            raise Denied("the figures take the token of CALLBOARD_METRICS_TOKEN")
    elif not _is_from_here() or any(name in request.headers for name in ("X-Forwarded-For", "Forwarded")):
        raise Denied("the figures are for this machine alone, unless CALLBOARD_METRICS_TOKEN is set")


def _is_from_here() -> bool:
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _begin() -> None:
    if request.endpoint in TIMED:
        g.began = time.perf_counter()


def _end(response: Any) -> Any:
    what = TIMED.get(request.endpoint or "")
    if what is not None and "began" in g:
        counted = cast(Metrics, current_app.extensions["callboard.metrics"])
        counted.observe_request(what, time.perf_counter() - g.began)
    return response
