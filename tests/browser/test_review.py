"""What is looked at before it is done: the draft against what attendees see, and repairs side by side."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Schedule
from tests.browser.grid import card, drag, open_grid, panel
from tests.browser.programme import DAY
from tests.browser.test_pages import axe

REPAINTED = 250
"""Milliseconds; a page that has just become dark is painted once more."""


def axe_in_both(page: Page) -> list[str]:
    """What axe finds in light and in dark."""
    found = axe(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_timeout(REPAINTED)
    found += axe(page)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found


def test_the_draft_is_held_against_what_attendees_see_before_it_is_published(opened: Open, schedule: Schedule) -> None:
    version = schedule.get()["version"]
    changes = [
        {"op": "move", "session": "parsers", "room": "hall", "start": f"{DAY}T15:00"},
        {"op": "move", "session": "lightning", "room": "attic", "start": f"{DAY}T15:00"},
        {"op": "unplace", "session": "types"},
        {"op": "resize", "session": "fuzzing", "minutes": 40},
    ]
    schedule.post("/saves", {"saveAttemptId": schedule.slug, "expectedVersion": version, "changes": changes})
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    page.get_by_role("button", name="What changes").click()
    dialog = page.get_by_role("dialog", name="What publishing changes")
    expect(dialog).to_contain_text("4 sessions: 2 changed, 1 new, 1 taken off.")
    expect(dialog).to_contain_text("3 speakers are concerned.")
    shown = dialog.locator("[data-difference]")
    expect(shown).to_have_count(4)
    expect(shown.filter(has_text="Parsers and patience")).to_contain_text(re.compile(r"14:00 Yard.*15:00 Great Hall"))
    expect(shown.filter(has_text="Lightning talks")).to_contain_text(re.compile(r"new.*not placed.*15:00 Attic", re.S))
    expect(shown.filter(has_text="Types for the tired")).to_contain_text("taken off")
    expect(shown.filter(has_text="Fuzzing by moonlight")).to_contain_text("25 → 40 minutes")
    assert axe_in_both(page) == []
    dialog.get_by_role("button", name="Publish now").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Published", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="What changes")).to_have_count(0)
    assert schedule.get("/published")["version"] == version + 1


def test_repairs_are_compared_side_by_side_and_one_is_accepted(opened: Open, schedule: Schedule) -> None:
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    drag(page, "Fuzzing by moonlight", "Compilers in the open")
    panel(page).get_by_role("button", name="Compare side by side").click()
    dialog = page.get_by_role("dialog", name="repairs side by side")
    expect(dialog.get_by_role("columnheader", name="1 move · 25 min")).to_contain_text("proved minimal")
    row = dialog.get_by_role("row", name="Compilers in the open")
    expect(row.get_by_role("cell").first).to_contain_text(re.compile(r"11:00 Great Hall.*11:25 Great Hall"))
    expect(dialog.get_by_role("row", name="Speakers to tell")).to_contain_text("Ben")
    assert axe_in_both(page) == []
    dialog.get_by_role("button", name="Show").nth(1).click()
    expect(dialog).to_be_hidden()
    expect(panel(page).get_by_role("button", expanded=True).filter(has_text="proved next best")).to_be_visible()
    panel(page).get_by_role("button", name="Compare side by side").click()
    dialog.get_by_role("button", name="Accept 1 move · 25 min").first.click()
    expect(card(page, "Compilers in the open")).to_contain_text("11:25–12:15")
    expect(page.get_by_text("Ready to publish")).to_be_visible()


def test_a_job_is_asked_for_from_what_is_chosen_and_reviewed_as_a_repair(opened: Open, schedule: Schedule) -> None:
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    for title in ("Compilers in the open", "Databases under water"):
        card(page, title).click(modifiers=["Shift"])
    panel(page).get_by_role("button", name="Shift as a job…").click()
    form = page.get_by_role("dialog", name="Shift sessions")
    expect(form).to_contain_text("2 sessions: Compilers in the open, Databases under water")
    form.get_by_label("Minutes").fill("10")
    assert axe(page) == []
    form.get_by_role("button", name="Ask for it").click()
    job = panel(page).get_by_role("region", name="Shift by 10 min")
    expect(job).to_contain_text("Nothing else has to move. 2 changes.", timeout=20_000)
    expect(page.locator("[data-ghost=compilers]")).to_contain_text("11:10–12:00")
    expect(job).to_contain_text(re.compile(r"11:00 Attic.*11:10 Attic"))
    assert axe_in_both(page) == []
    job.get_by_role("button", name="Accept and save").click()
    expect(job).to_have_count(0)
    expect(card(page, "Databases under water")).to_contain_text("11:10–12:00")

    page.get_by_role("button", name="Attic", exact=True).click()
    panel(page).get_by_role("button", name="Close this room…").click()
    form = page.get_by_role("dialog", name="Close a room")
    expect(form.get_by_label("Room")).to_have_value("attic")
    form.get_by_label("From").fill("09:00")
    form.get_by_role("button", name="Ask for it").click()
    job = panel(page).get_by_role("region", name="Attic is closed")
    expect(job).to_contain_text("Attic is closed, 09:00–17:00", timeout=20_000)
    expect(page.locator("[data-ghost]")).to_have_count(2)
    job.get_by_role("link", name="Its page").click()
    page.get_by_role("link", name="See them on the grid").click()
    expect(page.locator("[data-ghost]")).to_have_count(2)
    job.get_by_role("button", name="Decline").click()
    expect(job).to_have_count(0)
    assert schedule.place("types") == ("attic", "10:00")
