"""A published schedule of the real world: imported, repaired in the editor, published, seen, and given back."""

from __future__ import annotations

from pathlib import Path

from lxml import etree
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Open, Schedule, Site
from tests.browser.grid import panel

FEED = "fosdem-2025-20241222.xml"
DOUBLE_BOOKED = "5680"


def test_a_real_feed_is_repaired_published_seen_and_exported(
    browser: Browser, site: Site, opened: Open, shared_data: Path
) -> None:
    context = browser.new_context(storage_state=site.signed_in)
    answer = context.request.post(
        f"{site.url}/api/v1/schedules?slug=fosdem&name={FEED}",
        headers={"Origin": site.url, "Content-Type": "application/xml"},
        data=(shared_data / "fosdem" / FEED).read_bytes(),
    )
    assert answer.status == 201, answer.text()
    schedule = Schedule("fosdem", context, site.url)
    assert schedule.place(DOUBLE_BOOKED) == ("K.3.601", "13:10")

    editor = opened("/edit/fosdem", editor=True)
    expect(panel(editor)).to_contain_text("Speaker in two places")
    expect(editor.get_by_role("button", name="Publish")).to_be_disabled()
    panel(editor).get_by_role("button", name="Find a repair").click()
    expect(panel(editor).get_by_role("button", name="1 move · 10 min proved minimal")).to_be_visible()
    panel(editor).get_by_role("button", name="Accept and save").click()
    expect(editor.get_by_text("Ready to publish")).to_be_visible()
    assert schedule.place(DOUBLE_BOOKED) == ("K.3.601", "13:00")
    with editor.expect_response("**/publish") as publishing:
        editor.get_by_role("button", name="Publish").click()
    assert publishing.value.ok

    attendee = opened("/fosdem")
    expect(attendee.locator(f"[data-session='{DOUBLE_BOOKED}']").first).to_contain_text("13:00–13:30")

    exported = context.request.get(f"{site.url}/api/v1/schedules/fosdem/export.xml").body()
    document = etree.fromstring(exported)
    etree.XMLSchema(etree.parse(str(shared_data / "schedule-format" / "schedule.xml.xsd"))).assertValid(document)
    event = document.find(f".//event[@id='{DOUBLE_BOOKED}']")
    assert event is not None
    assert event.findtext("start") == "13:00"
    context.close()
