"""The attendees' view: Now and Next, the full schedule, lost connections, and life without JavaScript."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import Open, Schedule
from tests.browser.programme import DAY, NAME


def room(page: Page, name: str) -> Any:
    return page.get_by_role("article", name=name)


def move_parsers(schedule: Schedule) -> None:
    """Move a session and publish, from somewhere else."""
    move = {"op": "move", "session": "parsers", "room": "attic", "start": f"{DAY}T15:00"}
    number = int(schedule.slug.rpartition("-")[2])
    attempt = f"0b0f3a60-0000-4000-8000-{number:012d}"
    schedule.post("/saves", {"saveAttemptId": attempt, "expectedVersion": 1, "changes": [move], "publish": True})


def test_now_and_next_say_what_is_on_and_until_when_a_room_is_free(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}?at={DAY}T10:30")
    expect(page.get_by_role("heading", name="10:30")).to_be_visible()
    expect(room(page, "Great Hall")).to_contain_text("Opening keynote 10:00–10:50 · 20 min left Ada")
    expect(room(page, "Great Hall")).to_contain_text("Compilers in the open 11:00–11:50 Ben")
    expect(room(page, "Yard")).to_contain_text("Free until 14:00")
    page.goto(f"/{schedule.slug}?at={DAY}T16:30")
    expect(room(page, "Great Hall")).to_contain_text("Done for today")
    expect(room(page, "Great Hall")).to_contain_text("Closing words Sun 7 Feb, 15:00–15:30")
    expect(page.get_by_text("Nothing more in Attic, Yard.")).to_be_visible()


def test_an_instant_with_an_offset_is_meant_as_it_says(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}?at={DAY}T04:30-05:00", timezone_id="Asia/Tokyo")
    expect(page.get_by_role("heading", name="10:30")).to_be_visible()


def test_before_the_conference_it_says_when_it_begins(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}?at=2027-01-01T10:00")
    expect(page.get_by_role("heading", name="Saturday 6 February")).to_be_visible()
    page.get_by_role("button", name="Now").click()
    expect(page.get_by_role("heading", name="It begins on Saturday 6 February at 10:00")).to_be_visible()


def test_the_schedule_is_searched_and_filtered(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}")
    rows = page.locator("[data-session]")
    expect(rows).to_have_count(6)
    page.get_by_label("Search sessions, people and rooms").fill("ada")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Sun 7 Feb 1 found").click()
    expect(rows).to_have_text(["Closing words 15:00–15:30 · Great Hall · Ada"])
    page.get_by_label("Search sessions, people and rooms").fill("")
    page.get_by_role("button", name="Sat 6 Feb").click()
    page.get_by_role("combobox", name="Track").select_option("Languages")
    expect(rows).to_have_count(3)
    page.get_by_role("combobox", name="Room").select_option("Attic")
    expect(rows).to_have_count(1)
    page.get_by_label("Search sessions, people and rooms").fill("nothing like it")
    page.get_by_role("button", name="Show everything").click()
    expect(rows).to_have_count(6)


def test_a_change_says_was_and_now(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    move_parsers(schedule)
    changes = page.get_by_role("region", name="Changes")
    expect(changes).to_contain_text("Parsers and patience was 14:00–14:50 in Yard now 15:00–15:50 in Attic")
    expect(page.locator("[data-session=parsers]")).to_contain_text("Moved, was 14:00, Yard")
    changes.get_by_role("button", name="Close the list of changes").click()
    expect(changes).to_have_count(0)
    expect(page.locator("[data-session=parsers]")).to_contain_text("Moved, was 14:00, Yard")


def test_a_lost_connection_is_admitted_and_what_was_missed_is_made_up_for(opened: Open, schedule: Schedule) -> None:
    page = opened()
    sockets: list[WebSocketRoute] = []
    refused: list[str] = []
    is_down = False

    def connect(socket: WebSocketRoute) -> None:
        if is_down:
            refused.append(socket.url)
            socket.close(code=1013)
            return
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/live/**", connect)
    page.goto(f"/{schedule.slug}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    is_down = True
    sockets[-1].close(code=1012)
    expect(page.get_by_text("Not live, reconnecting")).to_be_visible()
    move_parsers(schedule)
    is_down = False
    expect(page.locator("[data-session=parsers]")).to_contain_text("15:00–15:50 · Attic", timeout=15_000)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_the_schedule_can_be_read_without_javascript(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}", java_script_enabled=False)
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(page.get_by_role("row", name="14:00–14:50 Parsers and patience Yard · Ben")).to_be_visible()
    expect(page.get_by_role("heading", name="Sunday, 7 February 2027")).to_be_visible()
    expect(page.get_by_text("Lightning talks")).to_have_count(0)
