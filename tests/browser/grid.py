"""What a person does on the editor's grid, in one line each."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

GRAB = 6
"""How far below its top edge a card is taken, in pixels."""


def open_grid(page: Page) -> Page:
    """Wait until the grid is there and live."""
    expect(card(page, "Opening keynote")).to_be_visible()
    expect(page.get_by_text("Connecting")).to_have_count(0)
    return page


def card(page: Page, title: str) -> Locator:
    """A session on the grid."""
    return page.get_by_role("option", name=title)


def drag(page: Page, title: str, onto: str) -> None:
    """Take one session and drop it onto another, so that both start at once."""
    taken, target = card(page, title).bounding_box(), card(page, onto).bounding_box()
    assert taken is not None
    assert target is not None
    page.mouse.move(taken["x"] + 20, taken["y"] + GRAB)
    page.mouse.down()
    page.mouse.move(taken["x"] + 40, taken["y"] + 40, steps=3)
    page.mouse.move(target["x"] + 20, target["y"] + GRAB, steps=3)
    page.mouse.up()


def panel(page: Page) -> Locator:
    """The panel beside the grid."""
    return page.get_by_role("complementary")


def save(page: Page) -> None:
    """Save the edit and wait until it has come back."""
    panel(page).get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Your edit, not saved yet")).to_have_count(0)
    expect(page.get_by_text("Saving your edit")).to_have_count(0)
