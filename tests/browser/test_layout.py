"""How the grid lies: rooms as rows, and the times when somebody cannot come."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Open, Schedule
from tests.browser.grid import GRAB, card, open_grid, panel
from tests.browser.programme import DAY
from tests.browser.test_review import axe_in_both


def test_with_rooms_as_rows_sessions_are_dragged_and_carried_where_they_seem_to_go(
    opened: Open, schedule: Schedule
) -> None:
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    page.get_by_role("button", name="Rooms as rows").click()
    keynote, compilers, types = (
        card(page, title).bounding_box()
        for title in ("Opening keynote", "Compilers in the open", "Types for the tired")
    )
    assert keynote is not None
    assert compilers is not None
    assert types is not None
    assert compilers["y"] == keynote["y"]
    assert types["x"] == keynote["x"]
    assert types["y"] > keynote["y"]
    assert axe_in_both(page) == []
    page.mouse.move(compilers["x"] + GRAB, compilers["y"] + 20)
    page.mouse.down()
    page.mouse.move(compilers["x"] + 60, compilers["y"] + 40, steps=3)
    page.mouse.move(types["x"] + GRAB, types["y"] + 20, steps=3)
    page.mouse.up()
    expect(panel(page)).to_contain_text("11:00 Great Hall now 10:00 Attic")
    expect(panel(page)).to_contain_text("Room used twice Attic")
    panel(page).get_by_role("button", name="Discard").click()

    page.get_by_role("listbox").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(panel(page)).to_contain_text("11:00 Great Hall now 11:05 Yard")
    page.reload()
    expect(page.get_by_role("button", name="Rooms as rows")).to_have_attribute("aria-pressed", "true")


def test_the_times_when_speakers_cannot_come_are_shaded_while_their_session_is_chosen(
    opened: Open, schedule: Schedule
) -> None:
    away = {"op": "person_unavailable", "person": "cleo", "from": f"{DAY}T13:00", "to": f"{DAY}T17:00"}
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    schedule.post("/saves", {"saveAttemptId": schedule.slug, "expectedVersion": 1, "changes": [away]})
    expect(page.get_by_text("version 2")).to_be_visible()
    expect(page.get_by_text("Cleo cannot come")).to_have_count(0)
    card(page, "Types for the tired").click()
    shade = page.get_by_text("Cleo cannot come").locator("..")
    expect(shade).to_be_visible()
    box, parsers = shade.bounding_box(), card(page, "Parsers and patience").bounding_box()
    assert box is not None
    assert parsers is not None
    assert round(parsers["y"] - box["y"]) == round(box["height"] / 4) + 1
    assert axe_in_both(page) == []
    card(page, "Parsers and patience").click()
    expect(shade).to_have_count(0)
