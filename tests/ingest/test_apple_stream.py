"""The XML stream: what a harmful file could hold is refused, what real files hold is read."""

from __future__ import annotations

import io
import time

import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.apple_stream import CHUNK_BYTES, stream_elements

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def elements(text: str | bytes) -> list[tuple[str, dict[str, str], int]]:
    raw = text.encode("utf-8") if isinstance(text, str) else text
    found: list[tuple[str, dict[str, str], int]] = []
    stream_elements(io.BytesIO(raw), "export.xml", lambda tag, fields, line: found.append((tag, fields, line())))
    return found


def refusal(text: str | bytes) -> str:
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        elements(text)
    assert time.monotonic() - started < 5
    return str(caught.value)


def test_elements_come_with_attributes_and_lines():
    assert elements(f'{HEAD}<HealthData>\n <Record a="1 &amp; 2"/>\n</HealthData>') == [
        ("HealthData", {}, 2),
        ("Record", {"a": "1 & 2"}, 3),
    ]


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE HealthData [\n<!-- version ]> 14 -->\n<!ELEMENT Record EMPTY>\n]>\n",
        # iOS 16 wrote a declaration twice and left one open, which is not well-formed.
        "<!DOCTYPE HealthData [\n<!ATTLIST Record\n  a CDATA #IMPLIED\n<!ELEMENT x (y*)>>\n]>\n",
        '<!DOCTYPE HealthData [\n<!ATTLIST Record a CDATA "]>">\n] >\n',
        "<!DOCTYPE HealthData>\n\n\n\n",
        "<!DOCTYPE HealthData [\n" + f"<!-- {'x' * CHUNK_BYTES} -->\n" + "]>\n\n",
    ],
)
def test_the_document_type_of_real_exports_is_no_attack(doctype):
    found = elements(f"{HEAD}{doctype}<HealthData>\n<Record/></HealthData>")
    assert [tag for tag, _, _ in found] == ["HealthData", "Record"]
    # Lines count as in the file.
    assert found[1][2] == 3 + doctype.count("\n")


def test_an_entity_bomb_is_refused():
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'{HEAD}<!DOCTYPE HealthData [<!ENTITY l0 "ha">{levels}]><HealthData><Record a="&l9;"/></HealthData>'
    assert "XML bomb" in refusal(bomb)


def test_an_outer_entity_is_refused():
    text = '<!DOCTYPE HealthData [<!ENTITY x SYSTEM "file:///etc/passwd">]><HealthData>&x;</HealthData>'
    assert "declares entities" in refusal(HEAD + text)


def test_a_document_type_that_hides_behind_a_long_comment_is_refused():
    hidden = f"<!--{'x' * (CHUNK_BYTES + 10)}--><!DOCTYPE HealthData [<!ENTITY x 'y'>]>"
    assert "declares a document type" in refusal(f"{HEAD}{hidden}<HealthData>&x;</HealthData>")


def test_a_document_type_without_end_is_refused():
    assert "has no end" in refusal(f"{HEAD}<!DOCTYPE HealthData [" + "<!ELEMENT x EMPTY>\n" * 200_000)


def test_a_field_of_ten_million_characters_is_refused():
    assert "more than 1,000,000 characters" in refusal(
        f'{HEAD}<HealthData><Record a="{"9" * 10_000_000}"/></HealthData>'
    )


def test_deep_nesting_is_refused():
    assert "nested too deeply" in refusal("<HealthData>" + "<a>" * 1_000_000)


@pytest.mark.parametrize("text", ["", "<HealthData>", "<HealthData></Health>", "<HealthData>&x;</HealthData>"])
def test_damage_is_named_with_its_line(text):
    assert refusal(HEAD + text).startswith("export.xml, line ")


def test_control_characters_of_real_exports_are_dropped():
    assert elements('<HealthData><Record a="x\x0by"/></HealthData>')[1][1] == {"a": "xy"}
