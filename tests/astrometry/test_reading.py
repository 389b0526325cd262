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
