"""Files by the pages: a schedule is imported, and a newer feed that lacks much is questioned, then obeyed."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from fixtures.generate import conference as generated
from tests.browser.conftest import Open
from tests.browser.grid import panel
from tests.browser.test_pages import axe
from tests.browser.test_review import axe_in_both
from webapp.schemas import callboard_json

SESSIONS = 60
VANISHED = 15


def test_a_feed_is_previewed_questioned_and_taken_over(opened: Open, tmp_path: Path) -> None:
    document = callboard_json(*generated(sessions=SESSIONS, seed=3))
    whole, thinned = tmp_path / "programme.json", tmp_path / "later.json"
    whole.write_text(json.dumps(document))
    placed = [one for one in document["sessions"] if one.get("room")]
    thinned.write_text(json.dumps({**document, "sessions": placed[VANISHED:], "apart": [], "order": []}))
    page = opened("/edit", editor=True)
    assert axe(page) == []
    page.get_by_label("File").set_input_files(whole)
    page.get_by_role("button", name="Import").click()
    expect(panel(page)).to_contain_text("A newer feed")
    panel(page).get_by_role("link", name="A newer feed").click()
    assert axe(page) == []
    page.get_by_label("File").set_input_files(thinned)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text(f"{VANISHED} sessions have vanished from the feed. Is that meant?")).to_be_visible(
        timeout=20_000
    )
    assert axe_in_both(page) == []
    page.get_by_role("button", name="They are cancelled").click()
    expect(page.get_by_role("button", name="Save these changes")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("heading", name=f"Gone {VANISHED}")).to_be_visible()
    page.get_by_role("link", name="See them on the grid").click()
    expect(panel(page).get_by_role("region", name="A new feed")).to_contain_text("loses its place")
    panel(page).get_by_role("button", name="Accept and save").click()
    expect(panel(page).get_by_role("heading", name="Unplaced")).to_contain_text(str(VANISHED))
