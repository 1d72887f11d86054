"""The editor by mouse, by form and by keyboard; what it says, and that no edit is ever lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Open, Schedule, Troubles
from tests.browser.grid import card, drag, open_grid, panel, save


@pytest.fixture
def editor(opened: Open, schedule: Schedule) -> Page:
    return open_grid(opened(f"/edit/{schedule.slug}", editor=True))


def test_an_edit_that_breaks_nothing_is_saved_as_it_is(editor: Page, schedule: Schedule) -> None:
    drag(editor, "Parsers and patience", "Fuzzing by moonlight")
    expect(panel(editor)).to_contain_text("This breaks")
    panel(editor).get_by_role("button", name="Change where Parsers and patience goes").click()
    editor.get_by_label("Start").fill("12:30")
    editor.get_by_role("button", name="Move here").click()
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    save(editor)
    assert schedule.place("parsers") == ("back yard", "12:30")
    expect(editor.get_by_text("version 2, published: 1")).to_be_visible()


def test_a_form_moves_a_session_and_the_person_is_named_who_would_be_in_two_places(editor: Page) -> None:
    card(editor, "Databases under water").click()
    panel(editor).get_by_role("button", name="Move to…").click()
    dialog = editor.get_by_role("dialog")
    dialog.get_by_label("Room").select_option("Yard (60 seats)")
    dialog.get_by_label("Day").select_option("Saturday 6 February")
    dialog.get_by_label("Start").fill("10:25")
    dialog.get_by_role("button", name="Move here").click()
    expect(panel(editor)).to_contain_text("Speaker in two places Ada")
    for title in ("Databases under water", "Opening keynote"):
        expect(card(editor, title)).to_have_accessible_name(re.compile("Speaker in two places"))
    panel(editor).get_by_role("button", name="Discard").click()
    expect(card(editor, "Databases under water")).to_contain_text("11:00–11:50")
    expect(card(editor, "Opening keynote")).not_to_have_accessible_name(re.compile("Speaker"))


def test_what_cannot_be_repaired_says_why(editor: Page) -> None:
    drag(editor, "Compilers in the open", "Opening keynote")
    expect(panel(editor)).to_contain_text("No repair exists. This cannot hold together:")
    expect(panel(editor).get_by_role("region", name="Repairs").get_by_role("listitem")).not_to_have_count(0)
    expect(panel(editor).get_by_role("button", name="Accept and save")).to_have_count(0)
    panel(editor).get_by_role("button", name=re.compile("Do it.*Unpin “Opening keynote”")).click()
    expect(panel(editor)).to_contain_text("no longer pinned")
    expect(panel(editor)).to_contain_text("proved minimal")
    panel(editor).get_by_role("button", name="Accept and save").click()
    expect(editor.get_by_text("version 2, published: 1")).to_be_visible()


def test_a_session_is_moved_by_keyboard_alone(editor: Page, schedule: Schedule) -> None:
    keys = editor.keyboard
    editor.get_by_role("listbox").focus()
    for key in ("ArrowRight", "ArrowRight"):
        keys.press(key)
    expect(editor.get_by_role("listbox")).to_have_attribute("aria-activedescendant", "session-fuzzing")
    keys.press("m")
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft", "ArrowRight", "Shift+ArrowDown"):
        keys.press(key)
    expect(editor.get_by_role("status").filter(has_text="Yard, 10:10–10:40")).to_have_count(1)
    keys.press("Enter")
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    for _ in range(8):
        keys.press("Tab")
        if editor.evaluate("document.activeElement.textContent.trim()") == "Save":
            break
    keys.press("Enter")
    expect(editor.get_by_text("version 2, published: 1")).to_be_visible()
    assert schedule.place("fuzzing") == ("back yard", "10:10")


def test_escape_leaves_a_session_where_it_was(editor: Page) -> None:
    editor.get_by_role("listbox").focus()
    for key in ("m", "ArrowDown", "ArrowDown", "Escape"):
        editor.keyboard.press(key)
    expect(panel(editor)).not_to_contain_text("Your edit")
    expect(card(editor, "Opening keynote")).to_contain_text("10:00–10:50")


def test_a_part_of_a_repair_says_what_it_leaves_broken(editor: Page, schedule: Schedule, troubles: Troubles) -> None:
    troubles.expected.append("409 (CONFLICT)")
    drag(editor, "Fuzzing by moonlight", "Compilers in the open")
    expect(panel(editor)).to_contain_text("1 move ·")
    card(editor, "Parsers and patience").click()
    panel(editor).get_by_role("button", name="Move to…").click()
    editor.get_by_label("Room").select_option("Attic (60 seats)")
    editor.get_by_label("Start").fill("10:00")
    editor.get_by_role("button", name="Move here").click()
    expect(panel(editor)).to_contain_text("2 moves ·")
    whole = panel(editor).get_by_role("button", name="Accept and save")
    compilers = panel(editor).get_by_role("checkbox", name="Move Compilers in the open")
    types = panel(editor).get_by_role("checkbox", name="Move Types for the tired")

    types.uncheck()
    expect(panel(editor)).to_contain_text("Left broken, unless “Types for the tired” moves as well:")
    expect(panel(editor).get_by_role("region", name="Repairs")).to_contain_text("Room used twice Attic")
    compilers.uncheck()
    expect(panel(editor)).to_contain_text("“Compilers in the open” move as well:")
    compilers.check()
    panel(editor).get_by_role("button", name="Save 1 of 2 moves with conflicts…").click()
    dialog = editor.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Save with 1 conflict?")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()

    types.check()
    expect(panel(editor)).not_to_contain_text("Left broken")
    whole.click()
    expect(editor.get_by_text("version 2, published: 1")).to_be_visible()
    assert schedule.get()["status"] == "ready_to_publish"


def test_an_unplaced_session_is_dragged_onto_the_grid(editor: Page, schedule: Schedule) -> None:
    item = panel(editor).get_by_role("listitem").filter(has_text="Lightning talks").bounding_box()
    below = card(editor, "Opening keynote").bounding_box()
    assert item is not None
    assert below is not None
    editor.mouse.move(item["x"] + 20, item["y"] + 2)
    editor.mouse.down()
    editor.mouse.move(below["x"] + 40, below["y"] + 200, steps=4)
    editor.mouse.move(below["x"] + 40, below["y"] + 360, steps=2)
    editor.mouse.up()
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    save(editor)
    assert schedule.place("lightning")[0] == "hall"
    expect(panel(editor)).not_to_contain_text("Unplaced")


def test_conflicts_are_saved_with_a_reason_only_and_block_publishing(
    editor: Page, schedule: Schedule, troubles: Troubles
) -> None:
    troubles.expected.append("409 (CONFLICT)")
    drag(editor, "Fuzzing by moonlight", "Compilers in the open")
    panel(editor).get_by_role("button", name="Save with conflicts…").click()
    dialog = editor.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Save with 1 conflict?")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save anyway")).to_be_disabled()
    dialog.get_by_role("button", name="Cancel").click()
    assert schedule.get()["version"] == 1
    expect(panel(editor)).to_contain_text("Your edit, not saved yet")

    panel(editor).get_by_role("button", name="Save with conflicts…").click()
    dialog.get_by_label("Reason").fill("Both speakers agreed to share the hall")
    dialog.get_by_role("button", name="Save anyway").click()
    expect(editor.get_by_text("Has conflicts")).to_be_visible()
    publish = editor.get_by_role("button", name="Publish")
    expect(publish).to_have_attribute("aria-disabled", "true")
    expect(publish).to_have_accessible_description("1 conflict in the way")
    assert schedule.get()["status"] == "conflicted"

    panel(editor).get_by_role("button", name="Close details").click()
    panel(editor).get_by_role("button", name="Find a repair").click()
    panel(editor).get_by_role("button", name="Accept and save").click()
    expect(editor.get_by_text("Ready to publish")).to_be_visible()


def test_a_save_that_comes_too_late_says_what_changed_and_keeps_the_edit(
    opened: Open, schedule: Schedule, troubles: Troubles
) -> None:
    troubles.expected.append("412 (PRECONDITION FAILED)")
    page = opened(editor=True)
    page.route_web_socket("**/collab/**", lambda socket: _only_ready(socket))
    page.goto(f"/edit/{schedule.slug}")
    expect(card(page, "Opening keynote")).to_be_visible()
    drag(page, "Fuzzing by moonlight", "Types for the tired")
    panel(page).get_by_role("button", name="Change where Fuzzing by moonlight goes").click()
    page.get_by_label("Start").fill("13:30")
    page.get_by_role("button", name="Move here").click()
    expect(panel(page)).to_contain_text("Nothing breaks.")

    start = "2027-02-06T15:00"
    move = {"op": "move", "session": "parsers", "room": "back yard", "start": start}
    attempt = {"saveAttemptId": "0b0f3a60-0000-4000-8000-000000000001", "expectedVersion": 1, "changes": [move]}
    schedule.post("/saves", {**attempt, "saveAttemptId": _attempt(schedule.slug)})

    panel(page).get_by_role("button", name="Save", exact=True).click()
    expect(panel(page)).to_contain_text("Not saved: the schedule has changed.")
    expect(panel(page)).to_contain_text("“Parsers and patience” was moved by admin")
    expect(panel(page)).to_contain_text("Your edit would still do.")
    panel(page).get_by_role("button", name="Load it and check my edit again").click()
    expect(panel(page)).to_contain_text("Nothing breaks.")
    expect(card(page, "Parsers and patience")).to_contain_text("15:00–15:50")
    save(page)
    assert schedule.place("fuzzing") == ("attic", "13:30")


def test_an_edit_outlives_a_server_that_does_not_answer(editor: Page, schedule: Schedule, troubles: Troubles) -> None:
    troubles.expected.append("net::ERR_FAILED")
    card(editor, "Closing words")
    drag(editor, "Parsers and patience", "Databases under water")
    panel(editor).get_by_role("button", name="Change where").click()
    editor.get_by_label("Start").fill("13:00")
    editor.get_by_role("button", name="Move here").click()
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    editor.route("**/saves", lambda route: _fail(route))
    panel(editor).get_by_role("button", name="Save", exact=True).click()
    expect(editor.get_by_role("alert")).to_contain_text("The server cannot be reached. Your edit is kept")
    editor.unroute("**/saves")
    save(editor)
    assert schedule.place("parsers") == ("attic", "13:00")


def test_a_save_whose_answer_is_lost_is_known_by_its_event(
    editor: Page, schedule: Schedule, troubles: Troubles
) -> None:
    troubles.expected.append("net::ERR_FAILED")

    def save_and_stay_silent(route: Route) -> None:
        route.fetch()
        route.abort()

    card(editor, "Parsers and patience").click()
    panel(editor).get_by_role("button", name="Move to…").click()
    editor.get_by_label("Start").fill("13:00")
    editor.get_by_role("button", name="Move here").click()
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    editor.route("**/saves", save_and_stay_silent)
    panel(editor).get_by_role("button", name="Save", exact=True).click()
    expect(editor.get_by_text("version 2, published: 1")).to_be_visible()
    expect(panel(editor)).not_to_contain_text("Your edit")
    expect(editor.get_by_role("alert")).to_have_text("")
    assert schedule.get()["version"] == 2


def test_another_editors_save_arrives_and_the_own_edit_is_checked_again(
    opened: Open, editor: Page, schedule: Schedule
) -> None:
    drag(editor, "Fuzzing by moonlight", "Compilers in the open")
    expect(panel(editor)).to_contain_text("1 move · 25 min")
    move = {"op": "move", "session": "compilers", "room": "hall", "start": "2027-02-06T13:00"}
    schedule.post("/saves", {"saveAttemptId": _attempt(schedule.slug), "expectedVersion": 1, "changes": [move]})
    expect(card(editor, "Compilers in the open")).to_contain_text("13:00–13:50")
    expect(panel(editor)).to_contain_text("Nothing breaks.")
    expect(panel(editor)).to_contain_text("The repair that you were looking at would still do, but:")
    expect(panel(editor)).to_contain_text("“Compilers in the open” (compilers) need not move any more.")
    save(editor)
    assert schedule.place("fuzzing") == ("hall", "11:00")


def test_a_repair_of_what_stands_broken_is_judged_again_when_somebody_else_saves(
    opened: Open, schedule: Schedule
) -> None:
    clash = {"op": "move", "session": "fuzzing", "room": "hall", "start": "2027-02-06T11:00"}
    attempt = {"saveAttemptId": _attempt(schedule.slug), "expectedVersion": 1, "changes": [clash]}
    schedule.post("/saves", {**attempt, "override": {"reason": "for now"}})
    editor = open_grid(opened(f"/edit/{schedule.slug}", editor=True))
    panel(editor).get_by_role("button", name="Find a repair").click()
    expect(panel(editor).get_by_role("button", name="Accept and save")).to_be_visible()

    away = {"op": "move", "session": "closing", "room": "hall", "start": "2027-02-07T14:00"}
    attempt = {"saveAttemptId": _attempt(schedule.slug)[:-1] + "f", "expectedVersion": 2, "changes": [away]}
    schedule.post("/saves", {**attempt, "override": {"reason": "for now"}})
    expect(panel(editor)).to_contain_text("The repair that you were looking at still holds.")
    panel(editor).get_by_role("button", name="Close this notice").click()
    expect(panel(editor)).not_to_contain_text("Somebody else has saved")
    panel(editor).get_by_role("button", name="Accept and save").click()
    expect(editor.get_by_text("Ready to publish")).to_be_visible()
    assert schedule.get()["version"] == 4


def test_a_finger_picks_up_places_and_never_needs_to_drag(opened: Open, schedule: Schedule) -> None:
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True, phone=True))
    card(page, "Types for the tired").tap()
    panel(page).get_by_role("button", name="Pick up").tap()
    target = card(page, "Opening keynote").bounding_box()
    assert target is not None
    page.touchscreen.tap(target["x"] + 40, target["y"] + 4)
    expect(panel(page)).to_contain_text("Room used twice Great Hall")


def test_a_finger_that_rests_on_a_card_carries_it(opened: Open, schedule: Schedule) -> None:
    page = open_grid(opened(f"/edit/{schedule.slug}", editor=True, phone=True))
    touch = page.context.new_cdp_session(page)
    taken, target = card(page, "Compilers in the open").bounding_box(), card(page, "Opening keynote").bounding_box()
    assert taken is not None
    assert target is not None
    x, y = taken["x"] + 30, taken["y"] + 10

    def finger(what: str, height: float) -> None:
        points = [] if what == "touchEnd" else [{"x": x, "y": height}]
        touch.send("Input.dispatchTouchEvent", {"type": what, "touchPoints": points})

    finger("touchStart", y)
    expect(page.locator("#carried-ghost")).to_be_visible()
    for step in range(1, 6):
        finger("touchMove", y + (target["y"] - taken["y"]) * step / 5)
    finger("touchEnd", 0)
    expect(panel(page)).to_contain_text("Room used twice Great Hall")
    expect(panel(page)).to_contain_text("11:00 Great Hall now 10:00 Great Hall")


def _only_ready(socket: WebSocketRoute) -> None:
    """A channel that is open and brings nothing."""
    socket.send('{"type": "feed.ready", "lastSeq": 0}')


def _fail(route: Route) -> None:
    route.abort()


def _attempt(slug: str) -> str:
    """A save attempt's id of this schedule's own."""
    return f"0b0f3a60-0000-4000-8000-{int(slug.rpartition('-')[2]):012d}"
