"""JSON and files to facts, and back: the only judge of untrusted input."""

from webapp.interop.document import DocumentError, Imported
from webapp.interop.json_text import parse_json
from webapp.schemas.answers import answer_json, camel_keys, progress_json, stretch_json, violation_json
from webapp.schemas.bulk import expand_edits
from webapp.schemas.callboard import callboard_json, read_callboard, read_days
from webapp.schemas.documents import FORMATS, read_document, write_document
from webapp.schemas.edits import apply_edits, read_edits
from webapp.schemas.moves import read_moves

__all__ = [
    "FORMATS",
    "DocumentError",
    "Imported",
    "answer_json",
    "apply_edits",
    "callboard_json",
    "camel_keys",
    "expand_edits",
    "parse_json",
    "progress_json",
    "read_callboard",
    "read_days",
    "read_document",
    "read_edits",
    "read_moves",
    "stretch_json",
    "violation_json",
    "write_document",
]
