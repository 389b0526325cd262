"""The MPC's nea_extended.json."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aneos.catalogue import Catalogue, read_nea_extended
from aneos.catalogue.mpc import arc_days
from aneos.errors import InputError
from tests.catalogue.records import NEA_EXTENDED, write


def read(tmp_path: Path, records: Any, name: str = "nea_extended.json") -> Catalogue:
    return read_nea_extended(write(tmp_path / name, json.dumps(records)), "2026-02-12")


def changed(**fields: Any) -> list[dict[str, Any]]:
    return [NEA_EXTENDED[1] | fields, NEA_EXTENDED[0]]


@pytest.mark.parametrize("name", ["nea_extended.json", "nea_extended.json.gz"])
def test_fields_arrive_in_their_columns(tmp_path: Path, name: str) -> None:
    eros, gh = read(tmp_path, NEA_EXTENDED, name).table.iter_rows(named=True)
    assert (eros["designation"], eros["number"], eros["name"], eros["aliases"]) == (
        "A898 PA",
        433,
        "Eros",
        ["1956 PC"],
    )
    assert (eros["epoch_tdb_jd"], eros["a_au"], eros["e"], eros["i_deg"]) == (
        2461000.5,
        1.458121,
        0.222836,
        10.82847,
    )
    assert (eros["node_deg"], eros["peri_deg"], eros["mean_anomaly_deg"]) == (304.2701, 178.92976, 310.55432)
    assert (eros["H"], eros["G"], eros["U"], eros["rms_arcsec"]) == (10.38, 0.15, "0", 0.62)
    assert (eros["n_obs"], eros["n_oppositions"], eros["last_observation"]) == (16951, 59, date(2026, 2, 10))
    assert (gh["designation"], gh["number"], gh["aliases"]) == ("2020 GH", None, None)
    assert (gh["arc_days"], gh["arc_is_lower_bound"]) == (1.0, False)


def test_other_fields_pass_through(tmp_path: Path) -> None:
    table = read(tmp_path, NEA_EXTENDED).table
    assert table["Orbit_type"].to_list() == ["Amor", "Apollo"]
    assert table["Hex_flags"].to_list() == ["1804", None]


def test_provenance_names_the_list_its_date_and_the_acknowledgement(tmp_path: Path) -> None:
    (provenance,) = read(tmp_path, NEA_EXTENDED).provenance
    assert (provenance.name, provenance.version) == ("mpc-nea", "2026-02-12")
    assert "Minor Planet Center" in provenance.acknowledgement


def test_the_mpc_marks_an_unknown_magnitude_by_99_99(tmp_path: Path) -> None:
    catalogue = read(tmp_path, changed(H=99.99))
    assert catalogue.table["H"].to_list() == [None, 10.38]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"e": "abc"}, "e: 'abc' is not a number"),
        ({"e": float("nan")}, "e is missing"),
        ({"a": float("inf")}, "a_au is not finite"),
        ({"a": None}, "a_au is missing"),
        ({"a": [1, 2]}, "a_au: '[1, 2]' is not a number"),
        ({"Epoch": True}, "epoch_tdb_jd: 'true' is not a number"),
        ({"Number": "(x)"}, "number: 'x' is not a whole number"),
        ({"Last_obs": "2020"}, "last_observation: '2020' is not a date (YYYY-MM-DD)"),
        ({"Arc_length": None, "Arc_years": "20-21"}, "arc '20-21' is not a span of years (YYYY-YYYY)"),
    ],
)
def test_a_bad_record_is_told_by_its_position(tmp_path: Path, fields: dict[str, Any], reason: str) -> None:
    catalogue = read(tmp_path, changed(**fields))
    assert catalogue.table["designation"].to_list() == ["A898 PA"]
    assert [(row.line, row.reason) for row in catalogue.rejected] == [(1, reason)]


def test_records_that_are_no_objects_are_rejected(tmp_path: Path) -> None:
    catalogue = read(tmp_path, [*NEA_EXTENDED, 7, None, "x"])
    assert [(row.line, row.reason) for row in catalogue.rejected] == [
        (3, "'7' is not a JSON object"),
        (4, "'None' is not a JSON object"),
        (5, "'x' is not a JSON object"),
    ]


@pytest.mark.parametrize("text", ["[]", "{}", "7", "[1, 2]", '[{"a": 1}]'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="is not the MPC's nea_extended"):
        read_nea_extended(write(tmp_path / "other.json", text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[\n{},\n", "line 3: is not valid JSON"),
        (b"[\xff]", "is not UTF-8 text"),
        (b"[" * 100_000, "is not usable JSON"),
        (b"[" + b"9" * 5000 + b"]", "is not usable JSON"),
    ],
)
def test_broken_json_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_nea_extended(write(tmp_path / "broken.json", text))


@pytest.mark.parametrize(
    ("length", "years", "last", "expected"),
    [
        ("30", None, "2020-04-03", ("30", False)),
        (None, None, None, (None, None)),
        # (99942) Apophis in 2010: 2004-03-15 to 2008-01-09 are 1395 d.
        (None, "2004-2008", "2008-01-09", ("1103", True)),
        (None, "2004-2008", None, ("1095", True)),
        # 2006 RH120: 2006-09-14 to 2007-06-22 are 281 d.
        (None, "2006-2007", "2007-06-22", ("172", True)),
        (None, "2019-2020", "2020-01-01", ("1", True)),
        (None, "2020-2020", "2020-05-01", ("1", True)),
    ],
)
def test_arc_of_several_oppositions_is_a_lower_bound(
    length: str | None, years: str | None, last: str | None, expected: tuple[str | None, bool | None]
) -> None:
    assert arc_days(length, years, last) == expected
