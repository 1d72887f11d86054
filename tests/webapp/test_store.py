"""Storage: migrations that match the tables, durable settings, and one writer at a time in first-come order."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from fixtures.generate import conference
from webapp.interop.document import Imported
from webapp.services import importing, reading
from webapp.settings import Settings
from webapp.store import Facts, Store, open_store, upgrade
from webapp.store.facts import load_facts
from webapp.store.rows import EditorRow, Row, ScheduleRow


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new' / 'callboard.sqlite'}"


@pytest.fixture
def fresh(url: str) -> Iterator[Store]:
    upgrade(url)
    opened = open_store(url)
    yield opened
    opened.close()


def test_the_migrations_make_the_tables_that_the_code_expects(fresh: Store) -> None:
    def differences(session: Session) -> list[object]:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        return list(compare_metadata(context, Row.metadata))

    assert fresh.read(differences) == []


def test_upgrading_again_changes_nothing(fresh: Store, url: str) -> None:
    before = fresh.read(lambda session: session.execute(text("SELECT name FROM sqlite_master")).all())
    upgrade(url)
    assert fresh.read(lambda session: session.execute(text("SELECT name FROM sqlite_master")).all()) == before


def test_a_commit_is_on_the_disk_before_it_is_acknowledged(fresh: Store) -> None:
    def pragma(name: str) -> object:
        return fresh.write(lambda session: session.execute(text(f"PRAGMA {name}")).scalar())

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)


def test_foreign_keys_hold(fresh: Store) -> None:
    with pytest.raises(IntegrityError):
        fresh.write(
            lambda session: session.execute(
                text("INSERT INTO token (hash, editor_id, created_at) VALUES ('a', 'nobody', '2027-01-01')")
            )
        )


def test_readers_cannot_write(fresh: Store) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        fresh.read(lambda session: session.execute(text("DELETE FROM editor")))


def test_an_exception_leaves_no_trace(fresh: Store) -> None:
    rung: list[tuple[str, int]] = []
    fresh.bell = lambda *news: rung.append(news)

    def work(session: Session) -> None:
        session.execute(
            text("INSERT INTO editor (id, name, role, created_at) VALUES ('a', 'A', 'editor', '2027-01-01')")
        )
        session.info["news"] = {"a": 1}
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fresh.write(work)
    assert fresh.read(lambda session: session.query(EditorRow).count()) == 0
    assert rung == []


def test_facts_come_back_as_they_were(fresh: Store) -> None:
    for seed in range(3):
        facts, schedule = conference(seed=seed, sessions=60)
        imported = Imported(facts, schedule)
        schedule_id = importing.import_document(fresh, imported, slug=f"c{seed}", editor_id=None)

        def loaded(session: Session, reference: str = schedule_id) -> Facts:
            return load_facts(session, reading.find(session, reference))

        found = fresh.read(loaded)
        assert (found.conference, dict(found.schedule)) == (facts, dict(schedule))


def test_writers_take_turns_in_the_order_they_came(fresh: Store) -> None:
    order: list[int] = []
    gate = threading.Event()
    began = threading.Event()

    def first(_session: Session) -> None:
        began.set()
        gate.wait(10)

    threads = [threading.Thread(target=fresh.write, args=(first,))]
    threads[0].start()
    assert began.wait(10)
    for number in range(20):
        thread = threading.Thread(target=fresh.write, args=(lambda _session, number=number: order.append(number),))
        threads.append(thread)
        queued = fresh._turns._writer._work_queue.qsize()  # type: ignore[attr-defined]
        thread.start()
        while fresh._turns._writer._work_queue.qsize() == queued:  # type: ignore[attr-defined]
            pass
    gate.set()
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_two_processes_write_to_one_file(fresh: Store, url: str) -> None:
    """A command and a server: each transaction short, each waiting for the other."""
    program = """
import sys
from sqlalchemy import text
from webapp.store import open_store

store = open_store(sys.argv[1])
for number in range(100):
    store.write(lambda session: session.execute(
        text("INSERT INTO editor (id, name, role, created_at) VALUES (:id, 'A', 'editor', '2027-01-01')"),
        {"id": f"{sys.argv[2]}-{number}"},
    ))
store.close()
"""
    children = [subprocess.Popen([sys.executable, "-c", program, url, name]) for name in "abc"]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert fresh.read(lambda session: session.query(EditorRow).count()) == 300


def test_under_gevent_writers_take_turns_and_the_hub_goes_on(url: str) -> None:
    """Patched as in the web process: greenlets save at once, first come first served, and a ticker goes on.

    By how much it is held up is measured by `python -m benchmarks.hub`.
    """
    upgrade(url)
    program = """
from gevent import monkey
monkey.patch_all()
import sys
import gevent
from sqlalchemy import text
from webapp.store import open_store
from webapp.store.turns import GeventTurns

store = open_store(sys.argv[1])
assert isinstance(store._turns, GeventTurns)
order, ticks = [], 0
running = True


def tick():
    global ticks
    while running:
        gevent.sleep(0.001)
        ticks += 1


def work(session, number):
    order.append(number)
    query = text("INSERT INTO editor (id, name, role, created_at) VALUES (:id, 'A', 'editor', '2027-01-01')")
    session.execute(query, {"id": str(number)})
    time_asleep(0.005)


time_asleep = monkey.get_original("time", "sleep")
ticker = gevent.spawn(tick)
writers = [gevent.spawn(store.write, lambda session, number=number: work(session, number)) for number in range(60)]
readers = [gevent.spawn(store.read, lambda session: time_asleep(0.02)) for _ in range(10)]
gevent.joinall(writers + readers, raise_error=True)
running = False
ticker.join()
assert order == list(range(60)), order
assert ticks > 50, ticks
assert store.read(lambda session: session.execute(text("SELECT count(*) FROM editor")).scalar()) == 60
store.close()
"""
    run = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def test_a_killed_greenlet_does_not_stop_the_queue(url: str) -> None:
    upgrade(url)
    program = """
from gevent import monkey
monkey.patch_all()
import sys
import gevent
from webapp.store import open_store

store = open_store(sys.argv[1])
time_asleep = monkey.get_original("time", "sleep")
done = []
greenlets = [
    gevent.spawn(store.write, lambda session, number=number: (time_asleep(0.05), done.append(number)))
    for number in range(5)
]
gevent.sleep(0.01)
greenlets[0].kill()
greenlets[2].kill()
gevent.joinall(greenlets)
store.write(lambda session: done.append("last"))
assert done[-1] == "last" and 2 not in done and {1, 3, 4} <= set(done), done
store.close()
"""
    run = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def test_settings_come_from_the_environment_and_hide_their_secrets(tmp_path: Path) -> None:
    given = {
        "CALLBOARD_DATA": str(tmp_path),
        "CALLBOARD_DATABASE": "postgresql+psycopg://callboard:hush@db/callboard",
        "CALLBOARD_PROXIES": "2",
    }
    settings = Settings.from_environment(given)
    assert (settings.data, settings.proxies) == (tmp_path, 2)
    assert "hush" in settings.database
    assert "hush" not in repr(settings)
    assert Settings.from_environment(given, database="sqlite:///x.db").database == "sqlite:///x.db"
    assert Settings.from_environment({}).data == Path("callboard-data")


def test_a_schedule_row_says_where_it_stands(fresh: Store) -> None:
    facts, schedule = conference(seed=1, sessions=30)
    importing.import_document(fresh, Imported(facts, schedule), slug="one", editor_id=None)
    row = fresh.read(lambda session: session.query(ScheduleRow).one())
    assert (row.version, row.status, row.published_version, row.last_seq) == (1, "ready_to_publish", None, 1)
    assert row.created_at.utcoffset() is not None
