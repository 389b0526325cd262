"""The registry: who is in it, who is not, and how it is read."""

from pathlib import Path

import polars as pl
import pytest

from aneos.artificial.known import data_path, find, heliocentric_orbits, load_known, read_known, resolve
from aneos.catalogue.schema import COLUMNS
from aneos.errors import InputError, MissingResourceError, UnknownDesignationError
from aneos.orbits import KeplerianElements, check_elements

DESIGNATED = {
    "2001 DO47": "1994-071A",
    "J002E3": "1969-099B",
    "2007 VN84": "2004-006A",
    "2010 KQ": None,
    "2013 QW1": "2010-050B",
    "2015 HP116": "2013-074A",
    "WT1190F": None,
    "WE0913A": "2014-065B",
    "2018 AV2": None,
    "2018 CN41": "2018-017A",
    "2020 GL2": "2018-080A",
    "2020 SO": "1966-084B",
    "2022 UQ1": "2021-093B",
    "2023 NM": None,
}
"""Designations and survey names of artificial objects, with who they turned out to be."""


@pytest.mark.parametrize(("designation", "cospar"), DESIGNATED.items())
def test_the_cases_of_history_are_known(designation: str, cospar: str | None) -> None:
    assert resolve(designation).cospar == cospar


@pytest.mark.parametrize(
    "designation", ["1991 VG", "2000 SG344", "2020 KZ2", "2016 HO3", "2006 RH120", "2020 CD3"]
)
def test_disputed_and_natural_objects_have_no_entry(designation: str) -> None:
    assert find(designation) is None


def test_a_designation_is_matched_whole() -> None:
    assert find("2020") is None
    assert find("SO") is None
    assert find("2018 CN4") is None
    assert find("") is None


@pytest.mark.parametrize(
    "text", ["2018 CN41", "2018  cn41", "NORAD 43205", "2018-017A", "Starman", "tesla-roadster"]
)
def test_every_label_leads_to_its_object(text: str) -> None:
    assert resolve(text).id == "tesla-roadster"


def test_an_unknown_designation_is_named_in_the_error() -> None:
    with pytest.raises(UnknownDesignationError, match="'2019 OK'"):
        resolve("2019 OK")


def test_every_object_and_orbit_names_its_source() -> None:
    known = load_known()
    assert len({item.id for item in known}) == len(known)
    assert all(item.source for item in known)
    assert all(orbit.source for item in known for orbit in item.orbits)


def test_orbits_about_the_earth_are_not_given_heliocentric_elements() -> None:
    heliocentric = set(heliocentric_orbits()["object_id"])
    for item in load_known():
        if all(orbit.centre != "sun" for orbit in item.orbits):
            assert item.id not in heliocentric
    hyperbolas = [orbit for item in load_known() for orbit in item.orbits if orbit.e >= 1.0]
    assert len(hyperbolas) == 16
    assert all(orbit.centre == "earth" and orbit.a_au is None and orbit.q_au for orbit in hyperbolas)


def test_heliocentric_orbits_are_a_catalogue_table() -> None:
    table = heliocentric_orbits()
    assert table.columns[: len(COLUMNS)] == list(COLUMNS)
    assert check_elements(KeplerianElements.from_table(table)) == [None] * table.height
    assert table["object_id"].n_unique() >= 22


@pytest.mark.shared
def test_every_heliocentric_orbit_of_the_reference_data_is_held(shared_data: Path) -> None:
    held = {
        (round(row[0], 3), round(row[1], 5))
        for row in heliocentric_orbits()["epoch_tdb_jd", "a_au"].iter_rows()
    }
    given = pl.read_csv(shared_data / "artificial" / "heliocentric_artificial_elements.csv")
    fits = pl.read_csv(
        shared_data / "artificial" / "distant_artificial_orbit_fits.csv", infer_schema_length=None
    )
    fits = fits.filter(pl.col("center") == "sun")
    wanted = [*given["epoch_jd_tdb", "a_au"].iter_rows(), *fits["epoch_jd_tt", "a_au"].iter_rows()]
    assert [row for row in wanted if (round(row[0], 3), round(row[1], 5)) not in held] == []


# -- reading ---------------------------------------------------------------------------------------


def registry(folder: Path, objects: str = "", orbits: str = "") -> tuple[Path, Path]:
    """Two tables with the bundled headers and the given lines."""
    paths = []
    for name, body in (("known_objects.csv", objects), ("known_orbits.csv", orbits)):
        header = data_path(name).read_text(encoding="utf-8").splitlines()[0]
        path = folder / name
        path.write_text(f"{header}\n{body}", encoding="utf-8")
        paths.append(path)
    return paths[0], paths[1]


GOOD = "a,A,2020-001A,1,2020-01-01,upper stage,confirmed,heliocentric,false,,,,,somebody\n"
OTHER = "b,B,2020-002A,2,2020-01-01,upper stage,confirmed,heliocentric,false,,A,,,somebody\n"
ORBIT = "a,2459000.5,sun,ecliptic J2000,1.01,0.02,0.3,1,2,3" + "," * 23 + "somebody\n"


def test_a_registry_of_ones_own_is_read(tmp_path: Path) -> None:
    known = read_known(*registry(tmp_path, GOOD, ORBIT))
    assert [item.name for item in known] == ["A"]
    assert known[0].orbits[0].a_au == 1.01


@pytest.mark.parametrize(
    ("objects", "orbits", "reason"),
    [
        (GOOD.replace("2020-001A", "20001A"), "", "known_objects.csv, line 2: cospar is '20001A'"),
        (GOOD.replace("2020-01-01", "1 Jan"), "", "known_objects.csv, line 2: launch_date is '1 Jan'"),
        (GOOD.replace("upper stage", "rock"), "", "known_objects.csv, line 2: kind is 'rock'"),
        (GOOD + OTHER, "", "known_objects.csv, line 3: the label 'A' names a too"),
        (GOOD, ORBIT.replace("1.01", "x"), "known_orbits.csv, line 2: a_au is 'x', not a number"),
        (GOOD, ORBIT.replace("0.02", "1.02"), "known_orbits.csv, line 2: a hyperbola needs q_au"),
        (GOOD, "z" + ORBIT[1:], "no object has the id 'z'"),
        ("", "", None),
    ],
)
def test_a_fault_is_reported_with_file_and_line(
    tmp_path: Path, objects: str, orbits: str, reason: str | None
) -> None:
    paths = registry(tmp_path, objects, orbits)
    if reason is None:
        assert read_known(*paths) == ()
        return
    with pytest.raises(InputError, match=reason.replace("(", r"\(")):
        read_known(*paths)


def test_an_absent_table_is_a_missing_resource(tmp_path: Path) -> None:
    with pytest.raises(MissingResourceError, match=r"known_orbits\.csv"):
        read_known(tmp_path / "known_objects.csv", tmp_path / "known_orbits.csv")
