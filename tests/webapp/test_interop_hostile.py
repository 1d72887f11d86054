"""XML that attacks, breaks off, or is no XML: one clear sentence with its line, and soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from webapp.schemas import DocumentError, read_document

LAUGHS = "".join(
    f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' if level else '<!ENTITY l0 "ha">' for level in range(12)
)
DOCUMENT_TYPE = "a document type (<!DOCTYPE …>) or entities are not accepted"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"<?xml version='1.0'?>\n<!DOCTYPE s [{LAUGHS}]><schedule>&l11;</schedule>", f"line 2: {DOCUMENT_TYPE}"),
        (f"<!DOCTYPE s [{LAUGHS}]><schedule a='&l11;'/>", f"line 1: {DOCUMENT_TYPE}"),
        ("<!DOCTYPE s SYSTEM 'file:///etc/passwd'><schedule/>", f"line 1: {DOCUMENT_TYPE}"),
        ("<!DOCTYPE s [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><schedule>&x;</schedule>", DOCUMENT_TYPE),
        (f"<!-- <a> --><!DOCTYPE s [{LAUGHS}]><schedule/>", DOCUMENT_TYPE),
        (f"<!-- <a> --><!DOCTYPE s [{LAUGHS}]><schedule>&l11;</schedule>", "line 1: "),
        ("<schedule>&nbsp;</schedule>", "line 1: this is not well-formed XML: Entity 'nbsp' not defined"),
        ("<schedule>\n<<<<<<< HEAD\n<day/>\n=======\n>>>>>>> x\n</schedule>", "line 2: a merge left its markers"),
        ("<schedule>\n<day/>\n>>>>>>> theirs\n</schedule>", "line 3: a merge left its markers in the file"),
        ("<schedule>\n<day>", "line 2: the XML breaks off before its end"),
        ("<schedule><day></schedule>", "line 1: this is not well-formed XML"),
        ("<schedule>\x00</schedule>", "line 1: "),
        ("<" * 10, "line 1: this is not well-formed XML"),
        ("<" + "a" * 50, "line 1: the XML breaks off before its end"),
        ("<a>" * 100_000, "line 1: the elements are nested too deeply"),
        ("<html/>", "line 1: the root element is <html>, not <schedule>"),
        ("<schedule/>", "line 1: the schedule has no <day>"),
        ("<?xml version='1.0' encoding='utf-99'?><schedule/>", "line 1: "),
    ],
)
def test_one_sentence_with_its_line(text: str, sentence: str) -> None:
    began = time.process_time()
    with pytest.raises(DocumentError) as caught:
        read_document(text.encode(), "bad.xml")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("bad.xml: line ")
    assert "\n" not in str(caught.value)
    assert time.process_time() - began < 1


def test_text_in_another_encoding_than_declared() -> None:
    with pytest.raises(DocumentError, match=r"bad\.xml: line 2: the text is not in the encoding"):
        read_document("<schedule>\n<day>é</day></schedule>".encode("latin-1"), "bad.xml")


def test_a_declared_encoding_is_read() -> None:
    day = '<day date="2025-02-01"><room name="Café"></room></day>'
    text = f"<?xml version='1.0' encoding='iso-8859-1'?><schedule>{day}</schedule>"
    assert read_document(text.encode("latin-1"), "latin.xml").conference.rooms[0].id == "Café"


def test_an_external_file_is_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<day/>", encoding="utf-8")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}"/>'
    with pytest.raises(DocumentError, match="the schedule has no <day>"):
        read_document(f"<schedule>{include}</schedule>".encode(), "include.xml")


def test_a_file_cut_anywhere_is_refused_in_one_line(shared_data: Path) -> None:
    whole = (shared_data / "fosdem" / "fosdem-2012-no-room-elements.xml").read_bytes().rstrip()
    for cut in [*range(1, 1000, 37), *range(1000, len(whole), 20_011), len(whole) - 1]:
        with pytest.raises(DocumentError) as caught:
            read_document(whole[:cut], "cut.xml")
        assert "\n" not in str(caught.value)
        assert "the XML breaks off before its end" in str(caught.value), cut


def test_a_huge_feed_is_refused_before_it_is_read() -> None:
    with pytest.raises(DocumentError, match="larger than 32 MB"):
        read_document(b"<schedule>" + b" " * 32_000_000, "huge.xml")
    with pytest.raises(DocumentError, match="there are more than 50000 events"):
        read_document(b"<schedule><day>" + b"<event/>" * 50_001 + b"</day></schedule>", "many.xml")
