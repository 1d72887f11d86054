"""What the attendees' shells say, in each language.  The pages' own words are in `webapp/frontend/src/words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import request

ENGLISH = "en"


@dataclass(frozen=True)
class Words:
    """One language."""

    code: str
    days: tuple[str, ...]
    months: tuple[str, ...]
    dated: str
    reload: str
    nothing: str
    schedules: str
    no_schedule: str
    will_be_listed: str
    when: str
    room: str
    speakers: str
    back: str
    unplaced: str
    sessions_of: str
    for_organisers: str

    def day(self, day: date) -> str:
        """A date, written out: `Saturday, 1 February 2025`."""
        return self.dated.format(
            weekday=self.days[day.weekday()], day=day.day, month=self.months[day.month - 1], year=day.year
        )


WORDS: Mapping[str, Words] = {
    words.code: words
    for words in (
        Words(
            code=ENGLISH,
            days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
            months=(
                *("January", "February", "March", "April", "May", "June"),
                *("July", "August", "September", "October", "November", "December"),
            ),
            dated="{weekday}, {day} {month} {year}",
            reload="This is the schedule as it is now; reload the page for changes.",
            nothing="No session has a room and a time yet.",
            schedules="Schedules",
            no_schedule="Nothing is published yet.",
            will_be_listed="As soon as an organiser publishes a schedule, it is listed here.",
            when="When",
            room="Room",
            speakers="Speakers",
            back="Back to the schedule",
            unplaced="This session has no room and time at the moment.",
            sessions_of="Sessions of {name}",
            for_organisers="For organisers",
        ),
        Words(
            code="de",
            days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
            months=(
                *("Januar", "Februar", "März", "April", "Mai", "Juni"),
                *("Juli", "August", "September", "Oktober", "November", "Dezember"),
            ),
            dated="{weekday}, {day}. {month} {year}",
            reload="Das ist das Programm, wie es jetzt ist; für Änderungen die Seite neu laden.",
            nothing="Noch hat kein Vortrag einen Raum und eine Zeit.",
            schedules="Programme",
            no_schedule="Noch ist nichts veröffentlicht.",
            will_be_listed="Sobald ein Programm veröffentlicht ist, steht es hier.",
            when="Wann",
            room="Raum",
            speakers="Vortragende",
            back="Zurück zum Programm",
            unplaced="Dieser Vortrag hat zurzeit keinen Raum und keine Zeit.",
            sessions_of="Vorträge von {name}",
            for_organisers="Für die Organisation",
        ),
    )
}


def asked() -> Words:
    """The language that the request names in its address, else the one that the reader's browser prefers."""
    named = WORDS.get(request.args.get("lang", ""))
    return named or WORDS[request.accept_languages.best_match(list(WORDS), default=ENGLISH) or ENGLISH]
