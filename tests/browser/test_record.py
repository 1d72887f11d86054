"""What is on record, in the editor and beside it: undo and redo, overrides, times, history, settings, people."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Schedule, Site, Troubles
from tests.browser.grid import card, open_grid, panel
from tests.browser.programme import DAY
from tests.browser.test_pages import axe
from webapp.auth import tokens
from webapp.store import open_store


def move(session: str, room: str, time: str) -> dict[str, str]:
    return {"op": "move", "session": session, "room": room, "start": f"{DAY}T{time}"}


def saved(schedule: Schedule, *changes: dict[str, str], reason: str | None = None) -> None:
    version = schedule.get()["version"]
    body = {"saveAttemptId": f"{schedule.slug}-{version}", "expectedVersion": version, "changes": list(changes)}
    schedule.post("/saves", body if reason is None else {**body, "override": {"reason": reason}})


def test_undo_and_redo_say_what_they_will_do_before_they_do_it(opened: Open, schedule: Schedule) -> None:
    saved(schedule, move("parsers", "back yard", "12:30"))
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    undo, redo = (page.get_by_role("button", name=re.compile(name)) for name in ("^Undo: Parsers", "^Redo: Parsers"))
    expect(undo).to_have_accessible_name(re.compile("12:30–13:20 Yard → Sat 6 Feb, 14:00–14:50 Yard"))
    expect(page.get_by_role("button", name="Redo: Nothing to redo")).to_be_disabled()
    undo.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Undo your change of version 2?")
    expect(dialog).to_contain_text("12:30–13:20 Yard → Sat 6 Feb, 14:00–14:50 Yard")
    assert schedule.place("parsers") == ("back yard", "12:30")
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog).to_be_hidden()
    expect(card(page, "Parsers and patience")).to_contain_text("14:00–14:50")
    expect(redo).to_be_enabled()
    page.keyboard.press("Control+Shift+z")
    expect(dialog).to_contain_text("Make your undone change again?")
    dialog.get_by_role("button", name="Redo").click()
    expect(card(page, "Parsers and patience")).to_contain_text("12:30–13:20")


def test_an_undo_in_the_way_of_somebody_else_says_whose_and_makes_room(
    opened: Open, schedule: Schedule, site: Site, troubles: Troubles
) -> None:
    troubles.expected.append("409 (CONFLICT)")
    saved(schedule, move("parsers", "back yard", "12:30"))
    somebody_else(site, schedule, move("fuzzing", "back yard", "14:10"))
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    page.get_by_role("button", name=re.compile("^Undo: Parsers")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("alert")).to_contain_text("because of what Ben changed at version 3")
    expect(dialog).to_contain_text("Room used twice")
    assert axe(page) == []
    dialog.get_by_role("button", name="Put it back with the repair").click()
    expect(card(page, "Parsers and patience")).to_contain_text("14:00–14:50")
    expect(panel(page)).to_contain_text("None.")


def somebody_else(site: Site, schedule: Schedule, change: dict[str, str]) -> None:
    """Ben, a program, saves as well."""
    store = open_store(site.database)
    token = tokens.create(store, "editor", name="Ben")
    store.close()
    version = schedule.get()["version"]
    body = {"saveAttemptId": f"{schedule.slug}-ben", "expectedVersion": version, "changes": [change]}
    answer = schedule.context.request.post(
        f"{site.url}/api/v1/schedules/{schedule.slug}/saves", data=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.ok, answer.text()


def test_the_editor_shows_who_accepted_what_and_what_is_only_a_warning(opened: Open, schedule: Schedule) -> None:
    saved(schedule, move("fuzzing", "hall", "11:00"), reason="The yard is flooded.")
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    expect(panel(page)).to_contain_text("The yard is flooded.")
    expect(panel(page)).to_contain_text("accepted by admin at version 2")
    expect(panel(page)).to_contain_text(re.compile("Attendees last told.*Conflicts last settled", re.DOTALL))
    expect(page.get_by_text("1 conflict in the way")).to_be_visible()
    settings(page, schedule)
    page.get_by_label("Room overlap").select_option("warns")
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_role("status")).to_contain_text("version 3")
    page.get_by_role("link", name="Conflicts").click()
    expect(page.get_by_text("accepted by admin at version 2")).to_be_visible()
    page.get_by_role("link", name="Editor").click()
    open_grid(page)
    expect(panel(page)).to_contain_text("warning")
    expect(page.get_by_role("button", name="Publish")).to_be_enabled()


def settings(page: Page, schedule: Schedule) -> None:
    panel(page).get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
