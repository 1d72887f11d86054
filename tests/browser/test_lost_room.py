"""A room of a real conference is lost for a day: a job, reviewed, saved, published, and on the attendees' screens."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Open, Schedule, Site

FEED = "fosdem-2025-20250126.xml"
LOST, SUNDAY = "Janson", "2025-02-02"
IN_IT = 8
"""Sessions in that room on that day: each must move, and no other."""


def test_a_lost_room_is_a_job_that_ends_on_the_attendees_screens(
    browser: Browser, site: Site, opened: Open, shared_data: Path
) -> None:
    context = browser.new_context(storage_state=site.signed_in)
    imported = context.request.post(
        f"{site.url}/api/v1/schedules?slug=fosdem-lost&name={FEED}",
        headers={"Origin": site.url, "Content-Type": "application/xml"},
        data=(shared_data / "fosdem" / FEED).read_bytes(),
    )
    assert imported.status == 201, imported.text()
    schedule = Schedule("fosdem-lost", context, site.url)
    schedule.post("/publish", {"expectedVersion": 1})
    attendee = opened("/fosdem-lost")

    jobs = opened("/edit/fosdem-lost/jobs", editor=True)
    jobs.locator("[name=kind]").select_option("close")
    jobs.locator("[name=room]").select_option(LOST)
    jobs.locator("[name=day]").select_option(SUNDAY)
    jobs.get_by_role("button", name="Ask for it").click()
    expect(jobs.get_by_text("proposed", exact=True)).to_be_visible(timeout=60_000)
    expect(jobs.get_by_text("proved minimal")).to_be_visible()
    expect(jobs.get_by_text(f"{IN_IT}, at least {IN_IT}", exact=True)).to_be_visible()
    expect(jobs.get_by_role("heading", name=f"{IN_IT + 1} changes")).to_be_visible()
    before = {one["sessionId"]: one for one in schedule.get()["sessions"]}
    jobs.get_by_role("button", name="Save these changes").click()
    expect(jobs.get_by_text("applied", exact=True)).to_be_visible()
    draft = schedule.get()
    after = {one["sessionId"]: one for one in draft["sessions"]}
    moved = {one for one in after if after[one] != before[one]}
    assert moved == {one for one in before if before[one]["roomId"] == LOST and before[one]["startTime"][:10] == SUNDAY}
    assert len(moved) == IN_IT
    assert all(after[one]["roomId"] != LOST or after[one]["startTime"][:10] != SUNDAY for one in moved)

    expect(attendee.get_by_text("Live", exact=True)).to_be_visible()
    attendee.evaluate("window.sameDocument = true")
    schedule.post("/publish", {"expectedVersion": draft["version"]})
    expect(attendee.get_by_role("heading", name=f"{IN_IT} changes just now")).to_be_visible()
    assert attendee.evaluate("window.sameDocument") is True
    context.close()
