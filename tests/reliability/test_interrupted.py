"""Replies that do not arrive, and a database that goes away: asked again, a save has one effect."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from pathlib import Path

import psycopg
import pytest

from tests.reliability import judge
from tests.reliability.soak import Figure, amount
from tests.reliability.webs import (
    audited,
    finished,
    plans,
    run_clients,
    shared_numbers,
    start_clients,
    web_processes,
)
from tests.servers import PostgreSQL
from tests.webapp.processes import until
from webapp.services import reading, verifying
from webapp.settings import Settings
from webapp.store import Store, open_store, upgrade
from webapp.store.failures import AwayError

OPERATIONS = amount(quick=12, long=3300)
SENT_AGAIN = amount(quick=20, long=10_000)
FEW = 4
"""Editors who wait for a database: the fewer, the fewer of their saves come too late."""
LOAD = amount(quick=30, long=1200)
INTERRUPTIONS = amount(quick=2, long=30)
BETWEEN = amount(quick=5, long=20)
"""How many saves there are between two interruptions, at least."""
LOST_REPLIES = 0.3


@contextmanager
def losing_replies(port: int, seed: int) -> Iterator[int]:
    """A way to the server on which some requests and some replies are lost, with the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    chance = random.Random(seed)

    def pump(source: socket.socket, target: socket.socket, *, loses: float) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 20):
                if chance.random() < loses:
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def join(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            asking = threading.Thread(target=pump, args=(client, server), kwargs={"loses": LOST_REPLIES / 3})
            asking.start()
            pump(server, client, loses=LOST_REPLIES)
            asking.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=join, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_a_save_that_is_sent_again_has_one_effect(
    settings: Settings, store: Store, each_database: str, figure: Figure
) -> None:
    first = shared_numbers(store, "lossy")
    servers = 2 if each_database else 1
    with web_processes(settings.data, settings.database, servers) as direct, ExitStack() as proxies:
        ports = [proxies.enter_context(losing_replies(port, number)) for number, port in enumerate(direct)]
        history = run_clients(plans(store, ports, "lossy", first, operations=OPERATIONS, retries=60, patience=0.01))
    saves = [one for one in history if one["kind"] == "save"]
    again = [one for one in saves if one["tries"] > 1]
    counts = audited(store, "lossy")
    twice = sum(counts.get(one["attempt"], 0) > 1 for one in saves)
    figure("saves with two effects, among those sent again", twice, len(again))
    assert len(again) >= SENT_AGAIN
    assert twice == 0
    look(store, "lossy", history, first, counts)


@pytest.mark.postgres
def test_postgresql_may_go_and_come_back_in_the_middle(
    tmp_path: Path, postgresql_server: PostgreSQL, postgres_url: str, figure: Figure
) -> None:
    settings = Settings(data=tmp_path, database=postgres_url)
    upgrade(settings.database)
    store = open_store(settings.database)
    first = shared_numbers(store, "restarted")
    with web_processes(settings.data, settings.database, 2) as ports:
        orders = plans(store, ports, "restarted", first, editors=FEW, operations=LOAD, retries=400)
        with start_clients(orders) as running:
            for number, interrupt in zip(range(INTERRUPTIONS), cycle((restart, crash, pull_the_plug)), strict=False):
                enough = 2 + (number + 1) * BETWEEN
                until(lambda enough=enough: reached(store, "restarted", enough), "saves go on", within=120)  # type: ignore[misc]
                interrupt(postgresql_server, postgres_url)
                assert any(one.poll() is None for one in running), "everybody had gone home by then"
            history = finished(running)
    saves = [one for one in history if one["kind"] == "save"]
    counts = audited(store, "restarted")
    acknowledged = [one for one in saves if one["result"] == "saved"]
    lost = sum(counts.get(one["attempt"], 0) != 1 for one in acknowledged)
    figure(f"acknowledged saves lost or doubled while PostgreSQL went {INTERRUPTIONS} times", lost, len(acknowledged))
    assert lost == 0
    assert len(acknowledged) > INTERRUPTIONS * BETWEEN
    assert sum(one["tries"] > 1 for one in saves) > INTERRUPTIONS
    look(store, "restarted", history, first, counts)
    store.close()


def reached(store: Store, slug: str, version: int) -> bool:
    """Whether a schedule is known to be at a version: the database may be away."""
    with suppress(AwayError):
        return bool(reading.head(store, slug)["version"] >= version)
    return False


def restart(server: PostgreSQL, _url: str) -> None:
    """Stop the server as an operator does, and start it a moment later."""
    server.stop()
    time.sleep(0.3)
    server.start()


def pull_the_plug(server: PostgreSQL, _url: str) -> None:
    """Stop it without any tidying up, and start it."""
    server.stop(signal.SIGQUIT)
    server.start()


def crash(_server: PostgreSQL, url: str) -> None:
    """Kill one of the server's processes: it ends all others, recovers from its log, and is there again."""
    with (
        suppress(psycopg.OperationalError),
        psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection,
    ):
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        connection.execute("SELECT 1")


def look(
    store: Store, slug: str, history: list[dict[str, object]], first: dict[str, int], counts: dict[str, int]
) -> None:
    """Everything fits: what clients saw, what is stored, what the audit says."""
    assert {one["result"] for one in history if one["kind"] == "save"} <= {"saved", "stale_blocked"}
    assert judge.anomalies(history, first, version=2) == []
    for one in history:
        if one["kind"] == "save":
            assert counts.get(str(one["attempt"]), 0) == (one["result"] == "saved")
    draft = reading.draft_json(store, slug)
    numbers = {one["sessionId"]: one["audience"] for one in draft["sessions"] if one["sessionId"] in first}
    assert numbers == judge.final(history, first)
    assert verifying.verify(store).findings == []
