"""Tickets hold for the schedule they were issued for, for a day, also after a restart, and nowhere else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webapp.live import tickets
from webapp.live.tickets import KEY_BYTES, Tickets


def test_a_ticket_holds_for_its_schedule_also_after_a_restart(tmp_path: Path) -> None:
    ticket = Tickets(tmp_path / "key").issue("one")
    again = Tickets(tmp_path / "key")
    assert again.holds(ticket, "one")
    assert not again.holds(ticket, "two")
    assert not Tickets(tmp_path / "another").holds(ticket, "one")


@pytest.mark.parametrize("ticket", ["", "-", "x", "ffff-", "ffffffff-00", "é-é"])
def test_what_is_none_does_not_hold(tmp_path: Path, ticket: str) -> None:
    assert not Tickets(tmp_path / "key").holds(ticket, "one")


def test_a_later_end_makes_it_void(tmp_path: Path) -> None:
    ours = Tickets(tmp_path / "key")
    until, _, fingerprint = ours.issue("one").partition("-")
    assert not ours.holds(f"{int(until, 16) + 1:x}-{fingerprint}", "one")


def test_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "TICKET_SECONDS", -1)
    ours = Tickets(tmp_path / "key")
    assert not ours.holds(ours.issue("one"), "one")


def test_the_key_is_nobodys_to_read_and_the_same_for_all(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with ThreadPoolExecutor() as pool:
        issued = list(pool.map(lambda _: Tickets(file).issue("one"), range(8)))
    assert all(Tickets(file).holds(ticket, "one") for ticket in issued)
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_bytes()) == KEY_BYTES
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_without_a_place_for_the_key_tickets_hold_for_this_process(tmp_path: Path) -> None:
    ours = Tickets(tmp_path / "not there" / "key")
    assert ours.holds(ours.issue("one"), "one")
