"""A running day: a room is late by a quarter of an hour, and every attendee's screen is right within a second."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Schedule
from tests.browser.programme import DAY

NOW = f"{DAY}T14:07"
SEEN_WITHIN = 1.0
WATCH = """(text) => {
  new MutationObserver(() => {
    window.seenAt ??= document.body.textContent.includes(text) ? Date.now() : undefined;
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def watched(page: Page) -> Page:
    """A page that notes when the new time is first on it."""
    expect(page.locator("body")).to_contain_text("15:00")
    page.evaluate(WATCH, "15:05")
    return page


def test_a_room_that_runs_late_is_one_action_and_seen_on_every_screen(opened: Open, schedule: Schedule) -> None:
    lightning = {"op": "move", "session": "lightning", "room": "back yard", "start": f"{DAY}T15:00"}
    attempt = {"saveAttemptId": f"lightning-{schedule.slug}", "expectedVersion": 1, "changes": [lightning]}
    schedule.post("/saves", {**attempt, "publish": True})
    before = {one["sessionId"]: one for one in schedule.get()["sessions"]}
    screens = [
        watched(opened(f"/{schedule.slug}?{query}"))
        for query in (f"at={NOW}", f"mode=sign&room=back%20yard&at={NOW}", "")
    ]
    for screen in (screens[0], screens[2]):
        expect(screen.get_by_text("Live", exact=True)).to_be_visible()

    editor = opened(f"/edit/{schedule.slug}/late?at={NOW}", editor=True)
    editor.get_by_label("Room").select_option("Yard")
    editor.get_by_role("button", name="See what moves").click()
    expect(editor.get_by_role("listitem").filter(has_text="Lightning talks")).to_contain_text("15:00 → 15:05")
    with editor.expect_response(lambda answer: answer.request.method == "POST") as publishing:
        editor.get_by_role("button", name="Save and publish").click()
    assert publishing.value.status == 303
    published = time.time()
    for screen in screens:
        expect(screen.locator("body")).to_contain_text("15:05")
        assert screen.evaluate("window.seenAt") / 1000 - published < SEEN_WITHIN
    expect(editor).to_have_url(f"{schedule.url}/edit/{schedule.slug}")

    after = {one["sessionId"]: one for one in schedule.get()["sessions"]}
    assert {one for one in after if after[one] != before[one]} == {"lightning"}
    assert schedule.get()["publishedVersion"] == 3


def test_the_editor_finds_the_action_by_typing(opened: Open, schedule: Schedule) -> None:
    editor = opened(f"/edit/{schedule.slug}", editor=True)
    expect(editor.get_by_role("heading", name="Harbour Conference")).to_be_visible()
    editor.keyboard.press("/")
    editor.keyboard.type("yard late")
    editor.keyboard.press("Enter")
    expect(editor.get_by_role("heading", name="Running late")).to_be_visible()
    expect(editor.get_by_label("Room")).to_have_value("back yard")
