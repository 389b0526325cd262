"""Replies of JPL's Small-Body Database."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aneos.catalogue import Catalogue, read_sbdb
from aneos.catalogue.sbdb import identity
from aneos.errors import InputError
from tests.catalogue.records import SBDB_OBJECT, SBDB_QUERY, write


def read(tmp_path: Path, content: Any, name: str = "sbdb.json") -> Catalogue:
    return read_sbdb(write(tmp_path / name, json.dumps(content)))


def query(**changes: Any) -> dict[str, Any]:
    """The query's reply with some values of its first row changed."""
    reply = copy.deepcopy(SBDB_QUERY)
    for field, value in changes.items():
        reply["data"][0][reply["fields"].index(field)] = value  # type: ignore[index, attr-defined]
    return reply


@pytest.mark.parametrize("name", ["sbdb.json", "sbdb.json.gz"])
def test_query_fields_arrive_in_their_columns(tmp_path: Path, name: str) -> None:
    apophis, ob5 = read(tmp_path, SBDB_QUERY, name).table.iter_rows(named=True)
    assert (apophis["designation"], apophis["number"], apophis["name"]) == ("2004 MN4", 99942, "Apophis")
    assert (apophis["epoch_tdb_jd"], apophis["a_au"], apophis["e"]) == (
        2461000.5,
        0.9223803173917017,
        0.1911663355386932,
    )
    assert (apophis["node_deg"], apophis["peri_deg"]) == (203.8996515621043, 126.6728325163065)
    assert (apophis["A1"], apophis["A1_sigma"], apophis["A2"]) == (5e-13, 4.892e-13, -2.901766637153165e-14)
    assert (apophis["diameter_km"], apophis["rotation_h"], apophis["U"]) == (0.34, 30.56, "0")
    assert (apophis["arc_days"], apophis["arc_is_lower_bound"], apophis["n_obs"]) == (6599.0, False, 7370)
    assert apophis["last_observation"] == date(2022, 4, 9)
    assert (ob5["designation"], ob5["number"], ob5["name"], ob5["A1"]) == ("2022 OB5", None, None, None)


def test_normalised_residuals_are_not_taken_for_arcseconds(tmp_path: Path) -> None:
    table = read(tmp_path, SBDB_QUERY).table
    assert table["rms_arcsec"].to_list() == [None, None]
    assert table["rms"].to_list() == [".25657", ".58651"]
    assert table["class"].to_list() == ["ATE", "APO"]


def test_single_object_reply_with_area_to_mass_ratio(tmp_path: Path) -> None:
    (bennu,) = read(tmp_path, SBDB_OBJECT).table.iter_rows(named=True)
    assert (bennu["designation"], bennu["number"], bennu["name"]) == ("1999 RQ36", 101955, "Bennu")
    assert (bennu["amr_m2kg"], bennu["amr_sigma_m2kg"]) == (2.635943157e-6, 1.908e-7)
    assert (bennu["epoch_tdb_jd"], bennu["a_au"], bennu["mean_anomaly_deg"]) == (
        2455562.5,
        1.126391025894812,
        101.703952002457,
    )
    assert (bennu["H"], bennu["rotation_h"]) == (20.21, 4.296061)


def test_other_units_and_frames_are_refused(tmp_path: Path) -> None:
    in_km = copy.deepcopy(SBDB_OBJECT)
    in_km["orbit"]["elements"][1]["units"] = "km"  # type: ignore[index]
    assert read(tmp_path, in_km).rejected[0].reason == "a has units 'km', expected au"
    b1950 = copy.deepcopy(SBDB_OBJECT)
    b1950["orbit"]["equinox"] = "B1950"  # type: ignore[index]
    assert read(tmp_path, b1950).rejected[0].reason == "equinox 'B1950' is not J2000"


def test_a_table_exported_as_csv(tmp_path: Path) -> None:
    text = (
        '"full_name","pdes","H","epoch_mjd","e","a","i","om","w","ma"\n'
        '"   433 Eros (A898 PA)",433,10.31,60000,0.2228,1.458,10.83,304.29,178.93,110.78\n'
        '"   719 Albert (A911 TB)",719,15.59,60000,0.5470,2.637\n'
    )
    catalogue = read_sbdb(write(tmp_path / "sbdb.csv", text))
    assert catalogue.table.select("designation", "number", "epoch_tdb_jd").row(0) == (
        "A898 PA",
        433,
        2460000.5,
    )
    assert [(row.line, row.reason) for row in catalogue.rejected] == [
        (3, "has 6 fields where the header has 10")
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"e": "x"}, "e: 'x' is not a number"),
        ({"a": None}, "a_au is missing"),
        ({"last_obs": "1893-??-??"}, "last_observation: '1893-??-??' is not a date (YYYY-MM-DD)"),
        ({"A1_sigma": "-1"}, "A1_sigma = -1 is negative, but a standard deviation"),
        ({"full_name": None, "pdes": None}, "designation is empty"),
    ],
)
def test_a_bad_row_is_told_by_its_position(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    catalogue = read(tmp_path, query(**changes))
    assert [(row.line, row.reason) for row in catalogue.rejected] == [(1, reason)]
    assert len(catalogue) == 1


def test_a_row_of_another_length_is_rejected(tmp_path: Path) -> None:
    reply = query()
    reply["data"][0].pop()
    assert read(tmp_path, reply).rejected[0].reason == "has 21 values where the reply has 22 fields"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"fields": ["pdes", "e"], "data": []}, "missing SBDB fields a, i, om, w, ma, H, epoch"),
        (
            {"code": "200", "message": "specified object was not found"},
            "the service answered: 'specified object",
        ),
        ({"signature": {}, "count": "0"}, "holds no records"),
        ({"fields": 1, "data": 2}, "is not a reply of JPL's Small-Body Database"),
        ([1], "is not a reply of JPL's Small-Body Database"),
        ("x", "is not a table of JPL's Small-Body Database"),
    ],
)
def test_unusable_replies_are_refused(tmp_path: Path, content: Any, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("full_name", "pdes", "expected"),
    [
        (" 99942 Apophis (2004 MN4)", "99942", ("99942", "2004 MN4", "Apophis")),
        ("152671 (1998 HL3)", "152671", ("152671", "1998 HL3", None)),
        ("       (2022 OB5)", "2022 OB5", (None, "2022 OB5", None)),
        ("1 Ceres", "1", ("1", "1", "Ceres")),
        ("2309 Mr. Spock (1971 QX1)", "2309", ("2309", "1971 QX1", "Mr. Spock")),
        ("", "433", ("433", "433", None)),
        ("", "2022 OB5", (None, "2022 OB5", None)),
        ("", "6743 P-L", (None, "6743 P-L", None)),
        ("67P/Churyumov-Gerasimenko", "67P", (None, "67P", None)),
        ("C/2019 Q4 (Borisov)", "2019 Q4", (None, "2019 Q4", None)),
        ("", "", (None, None, None)),
    ],
)
def test_names_are_taken_apart(
    full_name: str, pdes: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    assert identity(full_name, pdes, "") == expected


@pytest.mark.shared
def test_every_recorded_reply_is_read(shared_data: Path) -> None:
    replies = sorted((shared_data / "services").glob("*sbdb*.json"))
    assert len(replies) >= 17
    for reply in replies:
        catalogue = read_sbdb(reply)
        assert (len(catalogue), catalogue.rejected) == (1, ()), reply.name


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("jpl_sbdb_neo_sigmas_2020-09.csv", 972),
        ("jpl_sbdb_numbered_neo_2023-02.csv", 3111),
        ("jpl_sbdb_pha_2025-10.csv", 2463),
        ("jpl_sbdb_pha_plus_bright_2026-07-04.json", 4056),
    ],
)
def test_every_exported_table_is_read_whole(shared_data: Path, name: str, objects: int) -> None:
    catalogue = read_sbdb(shared_data / "catalogue" / name)
    assert (len(catalogue), catalogue.rejected) == (objects, ())
