"""The launch lists: known departures with their dates and energies."""

from pathlib import Path

import polars as pl
import pytest

from aneos.artificial.build_launches import departure_energy, stages
from aneos.artificial.launches import FIRST_LAUNCH_JD, load_launches, orbital_launches
from aneos.errors import InputError


def by_tag(tag: str):
    return next(item for item in load_launches() if item.launch == tag)


def test_known_departures_are_listed() -> None:
    tags = {item.launch for item in load_launches()}
    expected = {
        "1966-084", "1969-099", "1994-071", "1998-001", "2004-006", "2010-050", "2013-074", "2014-065", "2018-017",
        "2018-080", "2021-093", "2021-130", "2024-030", "1989-084", "1990-090",
    }  # fmt: skip
    assert expected <= tags


def test_surveyor_2_left_on_its_day_with_a_centaur() -> None:
    launch = by_tag("1966-084")
    assert launch.date == "1966-09-20"
    assert launch.stages == "Centaur"


@pytest.mark.parametrize(
    ("tag", "c3"),
    [("1998-061", 3.0), ("2007-043", 11.3), ("2018-080", 12.1)],
    ids=["Deep Space 1", "Dawn", "BepiColombo"],
)
def test_departure_energies_agree_with_the_missions_own(tag: str, c3: float) -> None:
    """C3 of Deep Space 1, Dawn and BepiColombo as published by the missions."""
    assert by_tag(tag).c3_km2s2 == pytest.approx(c3, abs=0.4)


def test_escapes_have_positive_energy_and_nothing_left_before_sputnik() -> None:
    for item in load_launches():
        assert item.jd_utc > FIRST_LAUNCH_JD
        if item.c3_km2s2 is not None:
            assert item.c3_km2s2 > -20.0
        if item.c3_km2s2 is not None and item.c3_km2s2 > 0:
            assert item.regime == "escape"


def test_every_listed_launch_is_an_orbital_launch() -> None:
    every = set(orbital_launches()["launch"].to_list())
    assert {item.launch for item in load_launches()} <= every
    assert len(every) > 6000


def test_a_circular_orbit_has_negative_energy() -> None:
    assert departure_energy(200.0, 200.0) == pytest.approx(-60.6, abs=0.1)
    assert departure_energy(None, 200.0) is None
    assert stages("Nobody's rocket") is None


def test_a_file_of_ones_own_extends_the_list(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("launch,date,jd_utc,vehicle,payload\n2026-999,2026-06-01,2461192.5,Test rocket,Probe\n")
    extended = load_launches(own)
    assert len(extended) == len(load_launches()) + 1
    assert extended[-1].name == "2026-999 Probe (Test rocket)"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "missing columns"),
        ("launch,date,jd_utc,vehicle\nX,2026-01-01,soon,V\n", "line 2"),
        ("launch,date,jd_utc,vehicle\n1966-084,1966-09-20,2439389.0,V\n", "already listed"),
    ],
)
def test_unusable_files_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    own = tmp_path / "own.csv"
    own.write_text(text)
    with pytest.raises(InputError, match=reason):
        load_launches(own)


def test_the_table_has_no_launch_twice() -> None:
    table = pl.DataFrame({"launch": [item.launch for item in load_launches()]})
    assert table["launch"].is_unique().all()
