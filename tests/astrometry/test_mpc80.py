from __future__ import annotations

import random

import pytest

from aneos.astrometry.mpc80 import Mpc80Reader, readable_designation
from aneos.constants import AU_KM
from tests.astrometry import lines

ODD = (0, 9, 32, 46, 48, 57, 65, 178, 955, 0xD800, 0x1F600)
"""Characters that a format meets only by accident: NUL, tab, a superscript, Greek, half a surrogate pair, a face."""


def read(text: str) -> Mpc80Reader:
    reader = Mpc80Reader("file")
    reader.feed(text.splitlines())
    return reader


def reason(line: str) -> str:
    reader = read(line)
    assert not reader.rows
    (row,) = reader.rejected
    assert row.line == 1
    return row.reason


def test_an_optical_line_is_read_in_all_its_columns() -> None:
    row = read(lines.OPTICAL_2018_LA).rows[1]
    assert row["object"] == "2018 LA"
    assert row["jd_utc"] == pytest.approx(2458271.848508, abs=1e-9)
    assert row["time_utc"] == "2018-06-02T08:21:51.091Z"
    assert row["ra_deg"] == pytest.approx(15.0 * (16 + 10 / 60 + 59.352 / 3600), abs=1e-12)
    assert row["dec_deg"] == pytest.approx(-(11 + 20 / 60 + 21.37 / 3600), abs=1e-12)
    assert (row["mag"], row["band"], row["star_catalogue"]) == (18.2, "G", "V")
    assert (row["station"], row["mode"], row["program"]) == ("G96", "C", "t")


def test_a_replaced_observation_is_kept_and_marked() -> None:
    rows = read(lines.OPTICAL_2018_LA).rows
    assert [row["superseded"] for row in rows] == [True, False, False]
    assert rows[0]["discovery"]


def test_find_orbs_mark_of_exclusion_in_column_65_is_honoured() -> None:
    line = lines.OPTICAL_2018_LA.splitlines()[1]
    assert read(line[:64] + "x" + line[65:]).rows[0]["superseded"]


def test_the_number_goes_before_the_provisional_designation() -> None:
    assert read(lines.NUMBERED).rows[0]["object"] == "99942"


@pytest.mark.parametrize(
    ("number", "provisional", "readable"),
    [
        ("", "K24P05T", "2024 PT5"),
        ("A1955", "J99R36Q", "101955"),
        ("C", "K19Y040", "C/2019 Y4"),
        ("", "C45PQ51", "C45PQ51"),
        ("", "A11xbcg", "A11xbcg"),
    ],
)
def test_designations_are_unpacked_where_they_are_packed(
    number: str, provisional: str, readable: str
) -> None:
    assert readable_designation(number, provisional) == readable


def test_a_spacecraft_brings_its_position_in_km() -> None:
    (row,) = read(lines.SPACECRAFT).rows
    assert (row["observer_x_km"], row["observer_y_km"], row["observer_z_km"]) == (-5000.1234, 1000.0, -300.5)


def test_a_spacecraft_position_in_au_becomes_km() -> None:
    first, second = lines.SPACECRAFT.splitlines()
    second = second.replace("- 5000.1234", "- 0.0100000").replace("+ 1000.0000", "+ 0.0200000")
    (row,) = read(f"{first}\n{second[:32]}2{second[33:]}".replace("300.5000", "0.000100")).rows
    assert row["observer_x_km"] == pytest.approx(-0.01 * AU_KM)


def test_a_roving_observer_brings_the_place() -> None:
    (row,) = read(lines.ROVING).rows
    assert (row["observer_lon_deg"], row["observer_lat_deg"], row["observer_alt_m"]) == (
        248.4123,
        31.9612,
        2096.0,
    )


def test_a_radar_record_gives_delay_and_uncertainty_in_seconds() -> None:
    (row,) = read("\n".join(lines.RADAR)).rows
    assert row["kind"] == "delay"
    assert row["delay_s"] == pytest.approx(14.80010619)
    assert row["sigma_delay_s"] == pytest.approx(0.1e-6)
    assert row["frequency_hz"] == pytest.approx(2380e6)
    assert (row["transmitter"], row["station"]) == ("251", "251")


@pytest.mark.parametrize(
    ("start", "text", "said"),
    [
        (15, "2018 06 31.348508", "no date of the calendar"),
        (15, "2018 13 02.348508", "no date of the calendar"),
        (32, "25 10 59.352", "right ascension"),
        (32, "16 61 59.352", "beyond 60"),
        (44, " 11 20 21.37", "no sign"),
        (44, "-91 20 21.37", "out of range"),
        (65, "1a.2 ", "magnitude"),
        (77, "?96", "observatory code"),
        (0, "            ", "no designation"),
    ],
)
def test_a_wrong_field_is_named_with_its_columns(start: int, text: str, said: str) -> None:
    line = lines.OPTICAL_2018_LA.splitlines()[1]
    assert said in reason(line[:start] + text + line[start + len(text) :])


def test_a_missing_second_line_is_said() -> None:
    assert "second line" in reason(lines.SPACECRAFT.splitlines()[0])
    assert "without its first" in reason(lines.SPACECRAFT.splitlines()[1])


def test_a_short_line_is_rejected_and_a_remark_is_not() -> None:
    assert "columns instead of 80" in reason(lines.OPTICAL_2018_LA.splitlines()[1][:70])
    reader = read("COD G96\n\nThe residuals follow.\n" + lines.OPTICAL_2018_LA)
    assert (reader.other_lines, reader.records, len(reader.rows), reader.rejected) == (3, 3, 3, [])


def test_no_line_crashes_the_reader_and_every_record_is_accounted_for() -> None:
    """200,000 lines in ``python -m benchmarks.astrometry fuzz 200000``; here 4,000."""
    rng = random.Random(20260212)
    good = [
        *([line] for line in lines.OPTICAL_2018_LA.splitlines()),
        lines.SPACECRAFT.splitlines(),
        lines.ROVING.splitlines(),
        list(lines.RADAR),
    ]
    text = [mutated(line, rng) for _ in range(3000) for line in rng.choice(good)][:4000]
    reader = Mpc80Reader("fuzz")
    reader.feed(text)
    two_line = sum(row["mode"] in ("S", "V", "R") for row in reader.rows)
    assert reader.lines == 4000
    assert reader.records == len(reader.rows) + len(reader.rejected) - doubled(reader)
    assert two_line > 0


def doubled(reader: Mpc80Reader) -> int:
    """Radar records that gave two rows."""
    radar = [row["source_line"] for row in reader.rows if row["mode"] == "R"]
    return len(radar) - len(set(radar))


def mutated(line: str, rng: random.Random) -> str:
    for _ in range(rng.choice((0, 1, 1, 2, 5, 30))):
        place = rng.randrange(len(line) + 1)
        what = rng.randrange(4)
        if what == 0:
            line = line[:place] + chr(rng.choice(ODD)) + line[place + 1 :]
        elif what == 1:
            line = line[:place]
        elif what == 2:
            line = line[:place] + line[place + 1 :]
        else:
            line = line[:place] + rng.choice("0123456789+-. eE") + line[place + 1 :]
    return line
