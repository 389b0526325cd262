"""Names that a file links are one object; names that it links with two objects are not."""

from __future__ import annotations

import pytest

from aneos.astrometry.reading import parse_observations

PSV = ["# version=2022", "permID|provID|trkSub|mode|stn|obsTime|ra|dec"]
XML = "<ades version='2022'><obsBlock><obsData>{}</obsData></obsBlock></ades>"


def _psv(*names: tuple[str, str, str]) -> str:
    rows = [
        f"{'|'.join(name)}|CCD|703|2018-06-02T08:{14 + k}:20.7Z|{245.1 + k / 100:.4f}|-12.4"
        for k, name in enumerate(names)
    ]
    return "\n".join([*PSV, *rows]) + "\n"


@pytest.mark.parametrize(
    ("names", "objects"),
    [
        ([("", "", "ZLAF9B2"), ("", "2018 LA", "ZLAF9B2")], ["2018 LA"]),
        ([("", "", "x"), ("", "2004 MN4", "x"), ("99942", "2004 MN4", "")], ["99942"]),
        ([("", "2004 MN4", ""), ("99942", "2004 MN4", "")], ["99942"]),
        ([("", "", "x"), ("", "2018 LA", "x"), ("", "2024 BX1", "x")], ["x", "2018 LA", "2024 BX1"]),
        ([("", "", "x"), ("", "", "y"), ("", "2018 LA", "")], ["x", "y", "2018 LA"]),
    ],
)
def test_a_record_with_two_names_links_them(names: list[tuple[str, str, str]], objects: list[str]) -> None:
    found = parse_observations(_psv(*names))
    assert found.objects == objects
    assert found.table.height == len(names)


def test_xml_links_as_psv_does() -> None:
    record = (
        "<optical>{}<mode>CCD</mode><stn>703</stn><obsTime>2018-06-02T08:1{}:20Z</obsTime><ra>245.1</ra>"
        "<dec>-12.4</dec></optical>"
    )
    both = record.format("<provID>2018 LA</provID><trkSub>Z1</trkSub>", 1)
    assert parse_observations(XML.format(record.format("<trkSub>Z1</trkSub>", 0) + both)).objects == [
        "2018 LA"
    ]


def test_80_columns_with_number_and_designation_link_those_with_one() -> None:
    line = "{:<12}  C2004 06 19.22131 10 38 38.75 +15 30 41.5                      703"
    text = "\n".join(line.format(name) for name in ("     K04M04N", "99942K04M04N", "99942"))
    assert parse_observations(text).objects == ["99942"]
