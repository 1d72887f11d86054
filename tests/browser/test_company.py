"""Two editors at one schedule: each sees the other, what they carry and hold, and what their saves touch."""

from __future__ import annotations

import re
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Schedule, Site
from tests.browser.grid import GRAB, card, drag, open_grid, panel
from tests.browser.programme import DAY

IN_HAND = re.compile("admin has it in hand")
SILENT = re.compile("fell silent: it can be taken over")


def two_editors(opened: Open, site: Site, schedule: Schedule) -> tuple[Page, Page]:
    ada = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    ben = opened(site.fresh_link())
    ben.goto(f"/edit/{schedule.slug}")
    open_grid(ben)
    for page in (ada, ben):
        expect(page.get_by_text("1 other editor")).to_be_visible()
    return ada, ben


def lift(page: Page, title: str, over: str) -> None:
    """Take a session, carry it over another and keep it in hand."""
    taken, target = card(page, title).bounding_box(), card(page, over).bounding_box()
    assert taken is not None
    assert target is not None
    page.mouse.move(taken["x"] + 20, taken["y"] + GRAB)
    page.mouse.down()
    page.mouse.move(taken["x"] + 40, taken["y"] + 40, steps=3)
    page.mouse.move(target["x"] + 20, target["y"] + GRAB, steps=3)


def test_what_one_carries_the_other_sees_and_a_race_is_told(opened: Open, site: Site, schedule: Schedule) -> None:
    ada, ben = two_editors(opened, site, schedule)
    card(ada, "Types for the tired").click()
    expect(card(ben, "Types for the tired")).to_have_accessible_name(re.compile("admin looking"))
    lift(ada, "Fuzzing by moonlight", "Compilers in the open")
    expect(card(ben, "Fuzzing by moonlight")).to_have_accessible_name(IN_HAND)
    ghost = ben.locator("[data-carried=fuzzing]")
    expect(ghost).to_contain_text("11:00–11:25")
    expect(ada.locator("#carried-ghost")).to_contain_text("breaks 1 rule")
    expect(ghost).to_contain_text("breaks 1 rule")
    ada.mouse.up()
    expect(ghost).to_have_count(0)

    expect(panel(ada).get_by_role("button", name="1 move · 25 min proved minimal")).to_be_visible()
    ben.get_by_text("1 other editor").click()
    ben.get_by_role("button", name="Show me their repair").click()
    expect(panel(ben).get_by_role("region", name="admin’s repair")).to_contain_text("Compilers in the open")
    panel(ben).get_by_role("button", name="Close their repair").click()
    ben.get_by_text("1 other editor").click()

    # A lock warns; Ben goes on all the same, and each is told.
    drag(ben, "Fuzzing by moonlight", "Parsers and patience")
    expect(ben.get_by_text("admin has “Fuzzing by moonlight” in hand just now.")).to_be_visible()
    panel(ben).get_by_role("button", name="Discard").click()
    drag(ada, "Types for the tired", "Databases under water")
    theirs = Schedule(schedule.slug, ben.context, schedule.url)
    change = {"op": "move", "session": "fuzzing", "start": f"{DAY}T13:00"}
    version = theirs.get()["version"]
    theirs.post("/saves", {"saveAttemptId": str(uuid4()), "expectedVersion": version, "changes": [change]})
    touched = panel(ada).get_by_text("has just changed “Fuzzing by moonlight”, which you are editing")
    expect(touched).to_be_visible()
    panel(ada).get_by_role("button", name="Keep only what nobody else changed").click()
    expect(touched).to_have_count(0)
    expect(panel(ada).get_by_role("button", name="Take back Fuzzing by moonlight")).to_have_count(0)
    expect(panel(ada).get_by_role("button", name="Take back Types for the tired")).to_be_visible()
    expect(card(ben, "Fuzzing by moonlight")).not_to_have_accessible_name(IN_HAND)


def test_a_lock_is_heeded_where_required_and_taken_over_after_silence(
    opened: Open, site: Site, schedule: Schedule
) -> None:
    policy = {"lockPolicy": {"mode": "required", "leaseSeconds": 5}}
    schedule.put("/settings", policy)
    ada, ben = two_editors(opened, site, schedule)
    drag(ada, "Parsers and patience", "Fuzzing by moonlight")
    expect(card(ben, "Parsers and patience")).to_have_accessible_name(IN_HAND)
    drag(ben, "Parsers and patience", "Types for the tired")
    expect(ben.get_by_text("admin has “Parsers and patience” in hand. Once nothing is heard")).to_be_visible()
    expect(ben.get_by_text("Your edit, not saved yet")).to_have_count(0)
    ada.evaluate("WebSocket.prototype.send = () => {}")
    expect(card(ben, "Parsers and patience")).to_have_accessible_name(SILENT, timeout=15_000)
    drag(ben, "Parsers and patience", "Types for the tired")
    expect(ben.get_by_text("Your edit, not saved yet")).to_be_visible()
    expect(ada.get_by_text("admin has taken over “Parsers and patience”.")).to_be_visible()
    expect(card(ada, "Parsers and patience")).to_have_accessible_name(IN_HAND)
