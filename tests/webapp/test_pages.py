"""The pages' own logic: which built files a page asks for, the plain schedule, and a front end that is not built."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
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
from webapp.pages.plain import Row, plain_days, plain_session
from webapp.pages.words import WORDS
from webapp.settings import Settings

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


def shown(row: Row) -> tuple[str, ...]:
    return row.time, row.title, row.room, row.speakers


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
    first, second = plain_days(conference, schedule, WORDS["en"])
    assert first.title == "Saturday, 29 March 2025"
    assert [shown(row) for row in first.rows] == [("01:30–03:30", "Late", "Hall", "Ada, ben")]
    assert second.title == "Sunday, 30 March 2025"
    assert [shown(row) for row in second.rows] == [
        ("12:00–12:30", "Twin", "Hall", ""),
        ("12:00–12:30", "noon", "yard", ""),
        ("18:30–19:00", "Stray", "Hall", ""),
    ]
    assert plain_days(conference, schedule, WORDS["de"], ["late"])[0].title == "Samstag, 29. März 2025"
    late = plain_session(conference, schedule, WORDS["de"], "late")
    assert (late.day, late.row.time) == ("Samstag, 29. März 2025", "01:30–03:30")
    assert plain_session(conference, schedule, WORDS["en"], "nowhere").day == ""


@pytest.mark.parametrize("path", ["/edit", "/edit/mill"])
def test_only_editors_may_open_the_editor(app: Flask, caller: Callable[[str], Caller], path: str) -> None:
    statuses = {role: app.test_client().get(path, headers=caller(role).headers).status_code for role in ROLES}
    assert statuses == {"anonymous": 401, "viewer": 403, "editor": 200, "admin": 200}


def test_a_draft_has_no_page_for_attendees(app: Flask, schedule_id: str) -> None:
    client = app.test_client()
    assert client.get("/mill").status_code == 404
    assert "Mill Days" not in client.get("/").text


def test_a_session_and_a_person_have_pages_of_their_own(app: Flask, editor: Caller) -> None:
    editor.publish()
    client = app.test_client()
    session = next(one for one in editor.draft()["sessions"] if one["speakerIds"])
    page = client.get(f"/mill/sessions/{session['sessionId']}")
    assert (page.status_code, session["title"] in page.text) == (200, True)
    assert f"/mill/people/{session['speakerIds'][0]}" in page.text
    theirs = client.get(f"/mill/people/{session['speakerIds'][0]}")
    assert (theirs.status_code, session["title"] in theirs.text) == (200, True)
    assert client.get("/mill/sessions/nothing-of-the-kind").status_code == 404
    assert client.get("/mill/people/nobody-at-all").status_code == 404


def test_the_shell_speaks_the_readers_language(app: Flask, editor: Caller) -> None:
    editor.publish()
    client = app.test_client()
    german = client.get("/mill", headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})
    assert '<html lang="de"' in german.text
    assert "Accept-Language" in german.headers["Vary"]
    english = client.get("/mill?lang=en", headers={"Accept-Language": "de"})
    assert '<html lang="en"' in english.text
    assert english.headers["ETag"] != german.headers["ETag"]
    assert '<html lang="en"' in client.get("/mill", headers={"Accept-Language": "fr"}).text


def test_only_those_named_may_show_the_schedule_in_a_frame(app: Flask, editor: Caller) -> None:
    editor.publish()
    client = app.test_client()
    alone, framed = client.get("/mill"), client.get("/embed/mill")
    assert "frame-ancestors 'none'" in alone.headers["Content-Security-Policy"]
    assert alone.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'self'" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    app.extensions["callboard.settings"] = replace(
        app.extensions["callboard.settings"], embedders="https://conference.example"
    )
    named = client.get("/embed/mill").headers["Content-Security-Policy"]
    assert "frame-ancestors https://conference.example" in named
    with pytest.raises(ValueError, match="CALLBOARD_EMBEDDERS: 'everybody' is not an origin"):
        Settings.from_environment({"CALLBOARD_EMBEDDERS": "https://a.example everybody"})


def test_the_service_worker_is_served_where_it_may_keep_every_page(app: Flask) -> None:
    with app.test_client().get("/worker.js") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert answer.headers["Cache-Control"] == "no-cache"


def test_built_files_are_compressed_for_those_who_can_read_it(app: Flask) -> None:
    client, script = app.test_client(), f"/static/{built.assets('live').script}"
    with client.get(script) as plain, client.get(script, headers={"Accept-Encoding": "gzip"}) as packed:
        assert "Content-Encoding" not in plain.headers
        assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data)) == ("gzip", plain.data)
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "immutable" in packed.headers["Cache-Control"]
        assert len(packed.data) < len(plain.data) / 2
    font = f"/static/{built.assets('live').font}"
    with client.get(font, headers={"Accept-Encoding": "gzip"}) as as_it_is:
        assert "Content-Encoding" not in as_it_is.headers
