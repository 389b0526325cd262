from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from aneos.astrometry import parse_observations, read_observations
from aneos.errors import InputError
from tests.astrometry import lines


def test_ades_psv_is_read_with_its_uncertainties_and_its_wrong_record_named() -> None:
    got = parse_observations(lines.PSV)
    assert got.objects == ["2016 CQ18"]
    assert got.table["sigma_ra_arcsec"].to_list() == [0.15, 0.15]
    (row,) = got.rejected
    assert row.line == 7
    assert "2016-02-30" in row.reason or "day" in row.reason


def test_ades_xml_is_read_and_a_wrong_record_named_by_its_line() -> None:
    got = parse_observations(lines.XML)
    assert got.table["kind"].to_list() == ["optical", "delay"]
    assert got.table["delay_s"][1] == pytest.approx(14.820631)
    assert got.table["sigma_delay_s"][1] == pytest.approx(5e-6)
    (row,) = got.rejected
    assert row.line == 10
    assert "ra" in row.reason


def test_an_xml_bomb_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><ades version="2017">&b;</ades>'
    with pytest.raises(InputError, match="document type"):
        parse_observations(bomb)


def test_a_radar_table_of_jpl_is_read() -> None:
    text = (
        "101955 Bennu (1999 RQ36)\t1999-09-21 09:00:00\t135959\t5.000\tHz\t8560\t253\t253\tC\n"
        "101955 Bennu (1999 RQ36)\t1999-09-21 10:20:00\t15418454.\t10.00\tus\t8560\t-14\t-14\tC\n"
    )
    table = parse_observations(text).table
    assert table["object"].to_list() == ["101955", "101955"]
    assert table["kind"].to_list() == ["doppler", "delay"]
    assert table["station"].to_list() == ["253", "253"]


def test_completeness_states_lines_in_and_observations_out() -> None:
    got = parse_observations("COD G96\n" + lines.OPTICAL_2018_LA + lines.OPTICAL_2018_LA.splitlines()[0][:50])
    said = got.completeness()
    assert "5 lines: 4 records and 1 blank, comment or header lines" in said
    assert "3 observations of 1 object, 1 records rejected" in said


def test_several_objects_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "both.obs.gz"
    path.write_bytes(gzip.compress((lines.OPTICAL_2018_LA + lines.NUMBERED + "\n").encode()))
    assert read_observations(path).objects == ["2018 LA", "99942"]


def test_a_byte_order_mark_costs_no_line_of_pasted_text() -> None:
    assert len(parse_observations("\ufeff" + lines.OPTICAL_2018_LA)) == len(
        parse_observations(lines.OPTICAL_2018_LA)
    )


@pytest.mark.parametrize("head", ["\n  ", "<!-- saved by hand -->\n"])
def test_blanks_and_remarks_before_an_ades_document_do_no_harm(head: str) -> None:
    text = lines.XML if head.isspace() else head + lines.XML[lines.XML.index("<ades") :]
    got = parse_observations(head + text if head.isspace() else text)
    assert got.table["kind"].to_list() == ["optical", "delay"]
    assert got.rejected[0].line == (11 if head.isspace() else 10)


def test_a_program_code_of_ades_is_the_character_of_the_80_columns() -> None:
    header = "provID|stn|prog|obsTime|ra|dec|astCat\n"
    record = "2023 DW|309|{}|2023-03-19T00:00:57Z|166.1|-10.2|{}\n"
    text = header + record.format("0F", "Gaia2") + record.format("0A", "UNK") + record.format("1V", "")
    table = parse_observations(text).table
    assert table["program"].to_list() == ["&", "!", "z"]
    assert table["star_catalogue"].to_list() == ["Gaia2", None, None]


def test_80_columns_whose_leading_blanks_are_lost_are_recognised() -> None:
    text = "".join(line.lstrip() + "\n" for line in lines.OPTICAL_2018_LA.splitlines())
    with pytest.raises(InputError, match="begins in column 11 instead of 16") as caught:
        parse_observations(text)
    assert caught.value.line == 1


def test_ades_without_its_field_names_is_recognised() -> None:
    text = "# version=2017\n# observatory\n! mpcCode F51\n2016 CQ18|F51|2016-02-01T00:00:00Z|1|2\n"
    with pytest.raises(InputError, match="no line of field names"):
        parse_observations(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("<!doctype html><html><body>503</body></html>", "HTML"),
        ('{"data": []}', "JSON"),
        ("designation,epoch_tdb_jd,a_au,e,i_deg\nx,1,1,0,0\n", "orbital elements"),
        ("just some words\n", "no line of observations"),
        ("%PDF-1.7\n", "PDF"),
    ],
)
def test_a_file_of_another_kind_is_named(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_observations(text)


def test_a_file_without_a_single_usable_record_says_what_is_wrong_with_the_first() -> None:
    line = lines.OPTICAL_2018_LA.splitlines()[1]
    with pytest.raises(InputError, match="right ascension") as caught:
        parse_observations(line[:32] + "25 10 59.352" + line[44:] + "\n")
    assert caught.value.line == 1


def test_a_lone_surrogate_is_refused_in_words() -> None:
    text = '<ades version="2017"><obsBlock><obsData><optical><stn>7\ud80003</stn></optical></obsData></obsBlock></ades>'
    with pytest.raises(InputError, match="not well-formed XML"):
        parse_observations(text)
    with pytest.raises(InputError):
        parse_observations("just \ud800 words\n")
