"""Streams the elements of an Apple Health export, with memory that does not grow with the file.

The parser is expat, fed in chunks. The document type at the top of every real export is harmless but, in exports of
iOS 16, not well-formed; so it is looked at, cut out, and never given to the parser. What a harmful file could hold is
refused: entity declarations (there or anywhere), a token of more than a million characters, deep nesting. Control
characters that XML forbids, which stand in some real exports, are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import BinaryIO
from xml.parsers import expat

from sleepcot_utils.errors import InputError

CHUNK_BYTES = 256 * 1024
#: The document type of real exports has about 10 KB.
MAX_DOCTYPE_BYTES = 1024 * 1024
MAX_TOKEN_BYTES = 1_000_000
#: Real exports nest four elements deep.
MAX_DEPTH = 64
EXPECTED = "the export.xml that the Health app writes"
FORBIDDEN = bytes(set(range(32)) - {9, 10, 13})
DOCTYPE = re.compile(rb"<!DOCTYPE\b")
FIRST_ELEMENT = re.compile(rb"<[A-Za-z_]")
#: Parts of a document type in which brackets do not count: comments and quoted values within one line.
DOCTYPE_END = re.compile(rb"<!--.*?-->|\"[^\"\n]*\"|'[^'\n]*'|(?P<end>\]\s*>)", re.DOTALL)

Element = Callable[[str, dict[str, str], Callable[[], int]], None]


def stream_elements(stream: BinaryIO, name: str, on_element: Element) -> None:
    """Call `on_element` with name and attributes of each element, in order, and a function that gives its line.

    Parameters
    ----------
    stream : binary stream
        The XML.
    name : str
        Name of the file, for messages.
    on_element : callable
        May raise; the parsing ends then.

    Raises
    ------
    InputError
        If the XML is damaged, with the line, or does one of the things that are refused.
    """
    parser = expat.ParserCreate()
    depth = 0

    def line() -> int:
        # Expat counts lines only when asked, which takes as long as all the rest.
        return parser.CurrentLineNumber

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise InputError("the XML is nested too deeply", where=_line(parser, name), expected=EXPECTED)
        on_element(tag, attributes, line)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise InputError("the XML declares a document type or an entity", where=_line(parser, name), expected=EXPECTED)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    fed = 0
    try:
        chunk = _without_doctype(stream, name)
        while chunk:
            parser.Parse(chunk.translate(None, FORBIDDEN), False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > MAX_TOKEN_BYTES + CHUNK_BYTES:
                raise InputError(
                    f"a field has more than {MAX_TOKEN_BYTES:,} characters",
                    where=_line(parser, name),
                    expected=EXPECTED,
                )
            chunk = stream.read(CHUNK_BYTES)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise InputError(
            f"the XML is damaged ({reason}); what follows is lost",
            where=f"{name}, line {error.lineno}",
            expected=EXPECTED,
        ) from error


def _line(parser: expat.XMLParserType, name: str) -> str:
    return f"{name}, line {parser.CurrentLineNumber}"


def _without_doctype(stream: BinaryIO, name: str) -> bytes:
    """First bytes of the XML, in which line feeds stand for the document type, so that lines keep their numbers."""
    first = stream.read(CHUNK_BYTES)
    found = DOCTYPE.search(first)
    element = FIRST_ELEMENT.search(first)
    if found is None or (element is not None and element.start() < found.start()):
        return first
    begin = found.start()
    while True:
        stop = _doctype_stop(first, begin)
        if stop is not None:
            break
        more = stream.read(CHUNK_BYTES)
        if not more or len(first) > MAX_DOCTYPE_BYTES:
            raise InputError("the document type at the top has no end", where=name, expected=EXPECTED)
        first += more
    doctype = first[begin:stop]
    if b"<!ENTITY" in doctype:
        raise InputError("the document type declares entities, as in an XML bomb", where=name, expected=EXPECTED)
    return first[:begin] + b"\n" * doctype.count(b"\n") + first[stop:]


def _doctype_stop(text: bytes, begin: int) -> int | None:
    bracket, close = text.find(b"[", begin), text.find(b">", begin)
    if close != -1 and (bracket == -1 or close < bracket):
        return close + 1
    if bracket == -1:
        return None
    for match in DOCTYPE_END.finditer(text, bracket):
        if match["end"]:
            return match.end()
    return None
