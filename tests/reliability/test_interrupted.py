"""Replies that do not arrive, and a database that goes away: asked again, a save has one effect."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
from webapp.services import reading, verifying
from webapp.settings import Settings
from webapp.store import Store, open_store, upgrade

OPERATIONS = amount(quick=12, long=1800)
CRASHES = amount(quick=2, long=40)
LOST_REPLIES = 0.3


@contextmanager
def losing_replies(port: int, seed: int) -> Iterator[int]:
    """A way to the server on which some requests and some replies are lost, with the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    chance = random.Random(seed)
    open_sockets: list[socket.socket] = [listener]

    def pump(source: socket.socket, target: socket.socket, *, loses: float) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 20):
                if chance.random() < loses:
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                open_sockets.extend((client, server))
                for source, target, loses in ((client, server, LOST_REPLIES / 3), (server, client, LOST_REPLIES)):
                    threading.Thread(target=pump, args=(source, target), kwargs={"loses": loses}, daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        for one in open_sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        thread.join(5)


def test_a_save_that_is_sent_again_has_one_effect(
    settings: Settings, store: Store, each_database: str, figure: Figure
) -> None:
    first = shared_numbers(store, "lossy")
    servers = 2 if each_database else 1
    with web_processes(settings.data, settings.database, servers) as direct, losing_replies(direct[0], 1) as port:
        ports = [port, *direct[1:]]
        history = run_clients(plans(store, ports, "lossy", first, operations=OPERATIONS, retries=60, patience=0.01))
    saves = [one for one in history if one["kind"] == "save"]
    again = [one for one in saves if one["tries"] > 1]
    counts = audited(store, "lossy")
    twice = sum(counts.get(one["attempt"], 0) > 1 for one in saves)
    figure("saves with two effects, among those sent again", twice, len(again))
    assert len(again) > len(saves) // 10
    assert twice == 0
    look(store, "lossy", history, first, counts)


@pytest.mark.postgres
def test_postgresql_may_crash_in_the_middle(tmp_path: object, postgres_url: str, figure: Figure) -> None:
    settings = Settings(data=tmp_path, database=postgres_url)  # type: ignore[arg-type]
    upgrade(settings.database)
    store = open_store(settings.database)
    first = shared_numbers(store, "crashed")
    with web_processes(settings.data, settings.database, 2) as ports:
        orders = plans(store, ports, "crashed", first, operations=OPERATIONS * 2, retries=400)
        with start_clients(orders) as running:
            for _ in range(CRASHES):
                time.sleep(1.5)
                crash(postgres_url)
            history = finished(running)
    saves = [one for one in history if one["kind"] == "save"]
    counts = audited(store, "crashed")
    acknowledged = [one for one in saves if one["result"] == "saved"]
    lost = sum(counts.get(one["attempt"], 0) != 1 for one in acknowledged)
    figure(f"acknowledged saves lost or doubled in {CRASHES} crashes of PostgreSQL", lost, len(acknowledged))
    assert sum(one["tries"] > 1 for one in saves) > 0
    look(store, "crashed", history, first, counts)
    store.close()


def crash(url: str) -> None:
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
