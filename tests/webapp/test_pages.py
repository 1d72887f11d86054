"""The pages' own logic: which built files a page asks for, the plain schedule, and a front end that is not built."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from solver.conference import Conference, Day, Interval, Person, Placement, Room, Session
from solver.grid import Clock
from tests.webapp.small import Caller
from webapp.auth.identity import ROLES
from webapp.pages import assets as built
from webapp.pages.plain import plain_days

MANIFEST: dict[str, dict[str, Any]] = {
    "src/live.ts": {"file": "live-a1.js", "css": ["live-b2.css"], "imports": ["_base.js", "_shared.js"]},
    "_base.js": {"file": "base-c3.js", "css": ["base-d4.css"], "imports": ["_shared.js"]},
    "_shared.js": {"file": "shared-e5.js"},
    built.ICON: {"file": "icon-f6.svg"},
    built.FONT: {"file": "font-g7.woff2"},
}


def written(folder: Path, manifest: dict[str, Any]) -> Path:
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_page_asks_for_every_file_its_entry_needs_once(tmp_path: Path) -> None:
    found = built.assets("live", written(tmp_path, MANIFEST))
    assert found.script == "live-a1.js"
    assert found.chunks == ("base-c3.js", "shared-e5.js")
    assert (found.icon, found.font) == ("icon-f6.svg", "font-g7.woff2")


def test_an_entrys_own_styles_come_after_those_it_shares(tmp_path: Path) -> None:
    assert built.assets("live", written(tmp_path, MANIFEST)).styles == ("base-d4.css", "live-b2.css")


def test_only_files_of_the_manifest_are_kept_for_ever(tmp_path: Path) -> None:
    static = written(tmp_path, MANIFEST)
    assert built.is_hashed("live-a1.js", static)
    assert built.is_hashed("base-d4.css", static)
    assert not built.is_hashed("manifest.json", static)
    assert not built.is_hashed("THIRD-PARTY-LICENCES.txt", static)


def test_a_new_build_is_noticed_without_a_restart(tmp_path: Path) -> None:
    built.assets("live", written(tmp_path, MANIFEST))
    before = built.fingerprint(tmp_path)
    written(tmp_path, {**MANIFEST, "src/live.ts": {"file": "live-new.js"}})
    assert built.assets("live", tmp_path).script == "live-new.js"
    assert built.fingerprint(tmp_path) != before


def test_a_missing_build_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(built.AssetsMissing, match=str(tmp_path)):
        built.assets("live", tmp_path)
    with pytest.raises(built.AssetsMissing, match=r"src/signage\.ts"):
        built.assets("signage", written(tmp_path, MANIFEST))


def test_without_a_build_every_page_says_how_to_make_one(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built, "STATIC", tmp_path)
    answer = app.test_client().get("/")
    assert answer.status_code == 503
    assert "make assets" in answer.text


CLOCK = Clock("Europe/Brussels", 5)


def minute(local: str) -> int:
    return CLOCK.minute(datetime.fromisoformat(local))


def day(start: str, end: str) -> Day:
    return Day(datetime.fromisoformat(start).date(), Interval(minute(start), minute(end)))


def test_the_plain_schedule_is_right_across_midnight_and_a_clock_change() -> None:
    conference = Conference(
        days=(
            day("2025-03-29T20:00", "2025-03-30T04:00"),
            day("2025-03-30T10:00", "2025-03-30T18:00"),
            day("2025-03-31T10:00", "2025-03-31T18:00"),
        ),
        rooms=(Room("hall", "Hall"), Room("yard")),
        people=(Person("ada", "Ada"), Person("ben")),
        sessions=(
            Session("late", 60, "Late", speakers=("ada", "ben")),
            Session("noon", 30),
            Session("twin", 30, "Twin"),
            Session("stray", 30, "Stray"),
            Session("nowhere", 30, "Nowhere"),
        ),
        timezone="Europe/Brussels",
    )
    schedule = {
        "noon": Placement("yard", minute("2025-03-30T12:00")),
        "twin": Placement("hall", minute("2025-03-30T12:00")),
        "late": Placement("hall", minute("2025-03-30T01:30")),
        "stray": Placement("hall", minute("2025-03-30T18:30")),
    }
    first, second = plain_days(conference, schedule)
    assert first.title == "Saturday, 29 March 2025"
    assert [astuple(row) for row in first.rows] == [("01:30–03:30", "Late", "Hall", "Ada, ben")]
    assert second.title == "Sunday, 30 March 2025"
    assert [astuple(row) for row in second.rows] == [
        ("12:00–12:30", "Twin", "Hall", ""),
        ("12:00–12:30", "noon", "yard", ""),
        ("18:30–19:00", "Stray", "Hall", ""),
    ]


@pytest.mark.parametrize("path", ["/edit", "/edit/mill"])
def test_only_editors_may_open_the_editor(app: Flask, caller: Callable[[str], Caller], path: str) -> None:
    statuses = {role: app.test_client().get(path, headers=caller(role).headers).status_code for role in ROLES}
    assert statuses == {"anonymous": 401, "viewer": 403, "editor": 200, "admin": 200}


def test_a_draft_has_no_page_for_attendees(app: Flask, schedule_id: str) -> None:
    client = app.test_client()
    assert client.get("/mill").status_code == 404
    assert "Mill Days" not in client.get("/").text
