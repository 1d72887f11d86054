"""A published schedule of the real world: imported, repaired in the editor, published, seen, and given back."""

from __future__ import annotations

from pathlib import Path

from lxml import etree
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Open, Schedule, Site
from tests.browser.grid import panel

FEED = "fosdem-2025-20241222.xml"
DOUBLE_BOOKED = "5680"
LATER = 40
"""Pixels: twenty minutes at the zoom that the editor begins with."""


def test_a_real_feed_is_repaired_published_seen_and_exported(
    browser: Browser, site: Site, opened: Open, shared_data: Path
) -> None:
    context = browser.new_context(storage_state=site.signed_in)
    schedule = Schedule("fosdem", context, site.url)
    editor = opened("/edit", editor=True)
    editor.get_by_label("File").set_input_files(shared_data / "fosdem" / FEED)
    editor.get_by_label("Short name").fill("fosdem")
    editor.get_by_role("button", name="Import").click()
    expect(panel(editor)).to_contain_text("Speaker in two places")
    assert schedule.place(DOUBLE_BOOKED) == ("K.3.601", "13:10")
    expect(editor.get_by_role("button", name="Publish")).to_be_disabled()
    panel(editor).get_by_role("button", name="Find a repair").click()
    expect(panel(editor).get_by_role("button", name="1 move · 10 min proved minimal")).to_be_visible()
    panel(editor).get_by_role("button", name="Accept and save").click()
    expect(editor.get_by_text("Ready to publish")).to_be_visible()
    assert schedule.place(DOUBLE_BOOKED) == ("K.3.601", "13:00")
    with editor.expect_response("**/publish") as publishing:
        editor.get_by_role("button", name="Publish").click()
    assert publishing.value.ok

    phone = opened("/fosdem", phone=True)
    shown = phone.locator(f"[data-session='{DOUBLE_BOOKED}']").first
    expect(shown).to_contain_text("13:00–13:30")

    exported = context.request.get(f"{site.url}/api/v1/schedules/fosdem/export.xml").body()
    document = etree.fromstring(exported)
    etree.XMLSchema(etree.parse(str(shared_data / "schedule-format" / "schedule.xml.xsd"))).assertValid(document)
    event = document.find(f".//event[@id='{DOUBLE_BOOKED}']")
    assert event is not None
    assert event.findtext("start") == "13:00"

    card = editor.locator(f"[role=option][data-session='{DOUBLE_BOOKED}']")
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    assert box is not None
    editor.mouse.move(box["x"] + 20, box["y"] + 8)
    editor.mouse.down()
    editor.mouse.move(box["x"] + 20, box["y"] + 8 + LATER, steps=6)
    editor.mouse.up()
    expect(panel(editor).get_by_role("heading", name="This breaks 1 rule")).to_be_visible()
    panel(editor).get_by_role("button", name="Accept and save").click()
    expect(editor.get_by_text("Ready to publish")).to_be_visible()
    room, start = schedule.place(DOUBLE_BOOKED)
    assert (room, start) == ("K.3.601", "13:20")
    editor.get_by_role("button", name="Publish").click()
    expect(shown).to_contain_text("13:20–13:50")
    editor.get_by_role("button", name="Undo: ").click()
    editor.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(card).to_contain_text("13:00–13:30")
    context.close()
