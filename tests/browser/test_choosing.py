"""Choosing many sessions and changing them at once, finding by typing, and what each place would cost the others."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Schedule
from tests.browser.grid import card, open_grid, panel, save


@pytest.fixture
def editor(opened: Open, schedule: Schedule) -> Page:
    return open_grid(opened(f"/edit/{schedule.slug}", editor=True))


def said(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_have_count(1)


def find(page: Page, typed: str, offer: str) -> None:
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Find or do").fill(typed)
    page.get_by_role("option", name=offer).click()


def test_while_a_session_is_carried_every_place_says_what_it_would_cost(editor: Page) -> None:
    editor.get_by_role("listbox").focus()
    for key in ("ArrowRight", "ArrowRight", "m"):
        editor.keyboard.press(key)
    expect(editor.locator(".map i.free").first).to_be_attached()
    expect(editor.locator(".map i.never").first).to_be_attached()
    editor.keyboard.press("ArrowLeft")
    said(editor, "Attic, 10:00–10:25. 1 other must move, proved")
    editor.keyboard.press("ArrowLeft")
    expect(editor.get_by_role("status").filter(has_text="Great Hall, 10:00–10:25.")).to_contain_text("Opening keynote")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        editor.keyboard.press(key)
    said(editor, "Yard, 10:05–10:30. Free")
    editor.keyboard.press("Escape")
    expect(editor.locator(".map")).to_have_count(0)


def test_sessions_chosen_together_are_shifted_in_one_save(editor: Page, schedule: Schedule) -> None:
    card(editor, "Databases under water").click()
    card(editor, "Parsers and patience").click(modifiers=["Shift"])
    chosen = panel(editor).get_by_role("region", name="2 sessions chosen")
    chosen.get_by_role("button", name="+5", exact=True).click()
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    save(editor)
    assert schedule.place("databases") == ("attic", "11:05")
    assert schedule.place("parsers") == ("back yard", "14:05")
    assert schedule.get()["version"] == 2


def test_a_box_chooses_what_it_touches(editor: Page) -> None:
    yard = card(editor, "Fuzzing by moonlight").bounding_box()
    attic = card(editor, "Types for the tired").bounding_box()
    assert yard is not None
    assert attic is not None
    editor.mouse.move(attic["x"] + 40, attic["y"] - 12)
    editor.mouse.down()
    editor.mouse.move(yard["x"] + 40, yard["y"] + 10, steps=4)
    editor.mouse.up()
    chosen = panel(editor).get_by_role("region", name="2 sessions chosen")
    expect(chosen.get_by_role("button", name="Types for the tired")).to_be_visible()
    expect(chosen.get_by_role("button", name="Fuzzing by moonlight")).to_be_visible()
    editor.keyboard.press("Escape")
    expect(chosen).to_have_count(0)


def test_two_chosen_sessions_change_places(editor: Page, schedule: Schedule) -> None:
    editor.get_by_role("listbox").focus()
    for key in ("ArrowRight", "x", "ArrowRight", "x"):
        editor.keyboard.press(key)
    panel(editor).get_by_role("button", name="Swap the two").click()
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    save(editor)
    assert (schedule.place("types"), schedule.place("fuzzing")) == (("back yard", "10:00"), ("attic", "10:00"))


def test_typing_finds_sessions_narrows_the_grid_and_chooses(editor: Page) -> None:
    find(editor, "closing", "Session Closing words")
    expect(panel(editor).get_by_role("heading", name="Closing words")).to_be_visible()
    expect(editor.get_by_role("button", name="Sun 7 Feb")).to_have_attribute("aria-pressed", "true")
    find(editor, "saturday", "Day Saturday 6 February")
    find(editor, "lang", "Track Languages")
    expect(card(editor, "Databases under water")).to_have_class(re.compile("passed"))
    expect(card(editor, "Compilers in the open")).not_to_have_class(re.compile("passed"))
    editor.get_by_role("button", name="Choose all").click()
    expect(panel(editor).get_by_role("heading", name="3 sessions chosen")).to_be_visible()
    editor.get_by_role("button", name="Show everything").click()
    expect(card(editor, "Databases under water")).not_to_have_class(re.compile("passed"))
    find(editor, "11:00", "Choose all from 11:00 on this day")
    expect(panel(editor).get_by_role("heading", name="3 sessions chosen")).to_be_visible()
    find(editor, "attic", "Choose all in Attic on this day")
    expect(panel(editor).get_by_role("heading", name="2 sessions chosen")).to_be_visible()
