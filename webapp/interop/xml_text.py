"""XML from strangers: no document type, no entities, no network, bounded depth and size."""

from __future__ import annotations

import re

from lxml import etree

from webapp.interop.document import DocumentError, check_size
from webapp.interop.json_text import line_of, refuse_merge_markers

_DOCTYPE_OR_ROOT = re.compile(rb"<!DOCTYPE|<[A-Za-z_]")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_xml(data: bytes, name: str) -> etree._Element:
    """The root element; raises `DocumentError` with the line where the XML cannot be trusted."""
    check_size(data, name)
    refuse_merge_markers(data, name)
    first = _DOCTYPE_OR_ROOT.search(data)
    if first and first.group().startswith(b"<!"):
        raise _has_document_type(name, line_of(data, first.start()))
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _not_xml(error, data, name) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _has_document_type(name, 1)
    return root


def xml_safe(text: str) -> str:
    """`text` without the characters that XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def _has_document_type(name: str, line: int) -> DocumentError:
    return DocumentError(name, f"line {line}", "a document type (<!DOCTYPE …>) or entities are not accepted")


def _not_xml(error: Exception, data: bytes, name: str) -> DocumentError:
    whole = data.rstrip()
    last = line_of(whole, len(whole))
    line, column = getattr(error, "position", (1, 0))
    line = min(max(line or 1, 1), last)
    reason = str(getattr(error, "msg", None) or error)
    reason = re.sub(r",? ?line \d+, column \d+$", "", reason.split("\n")[0]).strip()
    if re.search("not proper UTF-8|Invalid bytes|encoding error", reason):
        return DocumentError(name, f"line {line}", "the text is not in the encoding that the file declares (or UTF-8)")
    if "depth" in reason.lower():
        return DocumentError(name, f"line {line}", "the elements are nested too deeply")
    at_end = line == last and column >= len(whole) - (whole.rfind(b"\n") + 1)
    if "Premature end" in reason or (at_end and "mismatch" not in reason):
        return DocumentError(name, f"line {line}", "the XML breaks off before its end")
    return DocumentError(name, f"line {line}", f"this is not well-formed XML: {reason or 'no reason is known'}")
