"""The attendees' view: Now and Next, the full schedule, lost connections, and life without JavaScript."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import Open, Schedule, Troubles
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
    expect(room(page, "Great Hall")).to_contain_text("Compilers in the open 11:00–11:50 · in 30 min Ben")
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


def star(page: Page, title: str) -> None:
    page.get_by_role("button", name=f"Add {title} to the favourites").click()


def test_favourites_stay_on_the_device_and_say_what_clashes(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}")
    star(page, "Types for the tired")
    star(page, "Fuzzing by moonlight")
    star(page, "Parsers and patience")
    page.reload()
    page.get_by_role("button", name="Favourites 3").click()
    expect(page.get_by_role("status").filter(has_text="clash")).to_have_text("2 sessions clash with another favourite")
    expect(page.locator("[data-session=types]")).to_contain_text("At the same time: Fuzzing by moonlight")
    address = page.get_by_role("link", name="In your calendar").get_attribute("href")
    calendar = page.request.get(f"{schedule.url}{address}").text()
    assert re.findall(r"SUMMARY:(.*)\r", calendar) == [
        "Types for the tired",
        "Fuzzing by moonlight",
        "Parsers and patience",
    ]
    page.get_by_role("button", name="Take Fuzzing by moonlight off the favourites").click()
    expect(page.get_by_text("At the same time")).to_have_count(0)
    expect(page.locator("[data-session]")).to_have_count(2)


def test_who_comes_back_is_told_what_has_changed_since(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.goto("about:blank")
    move_parsers(schedule)
    page.goto(f"/{schedule.slug}")
    changes = page.get_by_role("region", name="Changes")
    expect(changes.get_by_role("heading")).to_contain_text("1 change since your visit of")
    expect(changes).to_contain_text("Parsers and patience was 14:00–14:50 in Yard now 15:00–15:50 in Attic")
    page.reload()
    changes.get_by_role("button", name="Close the list of changes").click()
    page.reload()
    expect(page.locator("[data-session=parsers]")).to_contain_text("15:00–15:50 · Attic")
    expect(changes).to_have_count(0)


def test_sessions_and_people_have_addresses_that_stay_and_pages_that_are_live(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}")
    page.get_by_role("link", name="Parsers and patience").click()
    expect(page).to_have_url(re.compile(f"/{schedule.slug}/sessions/parsers$"))
    expect(page.get_by_role("definition")).to_have_text(
        ["Saturday 6 February, 14:00–14:50 Europe/Brussels time", "Yard", "Ben"]
    )
    page.get_by_role("link", name="Ben").click()
    expect(page.get_by_role("heading", name="Sessions of Ben")).to_be_visible()
    expect(page.locator("[data-session]")).to_have_count(2)
    page.go_back()
    page.reload()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    move_parsers(schedule)
    expect(page.get_by_role("definition").first).to_contain_text("15:00–15:50")
    expect(page.get_by_text("Moved, was 14:00, Yard")).to_be_visible()
    page.get_by_role("link", name="Back to the schedule").click()
    expect(page).to_have_url(re.compile(f"/{schedule.slug}$"))


def test_times_can_be_read_in_ones_own_zone(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}", timezone_id="Asia/Tokyo")
    row = page.locator("[data-session=keynote]")
    expect(row).to_contain_text("10:00–10:50")
    page.get_by_role("button", name="Your time").click()
    expect(row).to_contain_text("18:00–18:50")
    expect(page.get_by_text("Times are in Asia/Tokyo time.")).to_be_visible()
    page.reload()
    expect(row).to_contain_text("18:00–18:50")
    near = opened(f"/{schedule.slug}", timezone_id="Europe/Madrid")
    expect(near.locator("[data-session=keynote]")).to_be_visible()
    expect(near.get_by_role("button", name="Your time")).to_have_count(0)


def test_the_pages_speak_german(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}?at={DAY}T10:30", locale="de-DE")
    expect(room(page, "Great Hall")).to_contain_text("Jetzt Opening keynote 10:00–10:50 · noch 20 min")
    expect(page.get_by_text("Samstag, 6. Februar, Zeitzone Europe/Brussels, Probe")).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(room(page, "Great Hall")).to_contain_text("20 min left")
    page.goto(f"/{schedule.slug}?at={DAY}T10:30")
    expect(room(page, "Great Hall")).to_contain_text("20 min left")


def test_without_a_network_the_last_schedule_is_there_and_says_how_old_it_is(
    opened: Open, schedule: Schedule, troubles: Troubles
) -> None:
    troubles.expected += ["ERR_INTERNET_DISCONNECTED", "WebSocket connection"]
    page = opened(f"/{schedule.slug}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.wait_for_function(
        "async (paths) => (await Promise.all(paths.map((path) => caches.match(path)))).every(Boolean)",
        arg=[f"/{schedule.slug}", f"/api/v1/schedules/{schedule.get()['scheduleId']}/published"],
    )
    page.context.set_offline(True)
    page.goto(f"/{schedule.slug}?at={DAY}T14:20")
    expect(room(page, "Yard")).to_contain_text("Parsers and patience 14:00–14:50 · 30 min left")
    expect(page.get_by_text(re.compile("Not live, reconnecting, as of ")).first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=20_000)


def test_a_sign_at_the_door_shows_one_room_and_follows_it(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}?mode=sign&room=back%20yard&at={DAY}T13:55")
    expect(page.get_by_role("heading", name="Yard")).to_be_visible()
    expect(page.get_by_role("region", name="Next")).to_contain_text("14:00–14:50 · in 5 min Parsers and patience Ben")
    move_parsers(schedule)
    expect(page.get_by_role("heading", name="Done for today")).to_be_visible()
    page.goto(f"/{schedule.slug}?mode=sign&room=cellar")
    page.get_by_role("link", name="Attic").click()
    expect(page.get_by_role("heading", name="Attic")).to_be_visible()


def test_a_page_of_ours_can_show_the_schedule_in_a_frame(opened: Open, schedule: Schedule) -> None:
    page = opened(f"/{schedule.slug}")
    page.evaluate(
        "(path) => { const frame = document.createElement('iframe'); frame.src = path; document.body.append(frame); }",
        f"/embed/{schedule.slug}",
    )
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Parsers and patience").click()
    expect(frame.get_by_role("definition").first).to_contain_text("14:00–14:50")


def test_where_sockets_are_turned_off_the_page_asks_instead(opened: Open, schedule: Schedule) -> None:
    page = opened()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))

    def without_sockets(route: Route) -> None:
        answer = route.fetch()
        assert '"live": true' in answer.text()
        route.fulfill(response=answer, body=answer.text().replace('"live": true', '"live": false'))

    page.route(f"**/{schedule.slug}", without_sockets)
    page.goto(f"/{schedule.slug}")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    move_parsers(schedule)
    # The network is back, says the browser: the page asks at once, and not only after some seconds.
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-session=parsers]")).to_contain_text("15:00–15:50 · Attic")
    assert sockets == []
