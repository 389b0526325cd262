"""Which rows enter the table, and the reason given for those that do not."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aneos.catalogue import Catalogue, read_elements
from tests.catalogue.records import HEADER, csv, write

GOOD = {
    "designation": "1991 VG",
    "epoch_tdb_jd": "2461000.5",
    "a_au": "1.0323439",
    "e": "0.0524355",
    "i_deg": "1.42971",
    "node_deg": "71.27004",
    "peri_deg": "26.92757",
    "mean_anomaly_deg": "186.09864",
    "H": "28.3",
}
"""1991 VG in the MPC's list of 2026-02-12."""


def with_values(tmp_path: Path, **values: str) -> Catalogue:
    row = {**GOOD, **values}
    return read_elements(write(tmp_path / "one.csv", ",".join(row) + "\n" + ",".join(row.values()) + "\n"))


def reason(tmp_path: Path, **values: str) -> str:
    catalogue = with_values(tmp_path, **values)
    assert len(catalogue) == 0
    return catalogue.rejected[0].reason


@pytest.mark.parametrize("name", [name for name in GOOD if name != "H"])
def test_a_needed_value_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    expected = "designation is empty" if name == "designation" else f"{name} is missing"
    assert reason(tmp_path, **{name: ""}) == expected
    assert reason(tmp_path, **{name: "  "}) == expected


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan"])
def test_not_a_number_is_missing(tmp_path: Path, text: str) -> None:
    assert reason(tmp_path, e=text) == "e is missing"
    assert with_values(tmp_path, H=text, amr_m2kg=text).table.select("H", "amr_m2kg").row(0) == (None, None)


@pytest.mark.parametrize("text", ["inf", "-inf", "1e999"])
@pytest.mark.parametrize("name", ["a_au", "H", "mean_anomaly_deg", "amr_m2kg"])
def test_infinite_values_are_refused(tmp_path: Path, name: str, text: str) -> None:
    assert f"{name} is not finite" in reason(tmp_path, **{name: text})


@pytest.mark.parametrize("text", ["abc", "1_0", "0x1", "1d3", "1.0.0", "--1", "１"])
def test_text_in_place_of_a_number_is_quoted(tmp_path: Path, text: str) -> None:
    assert reason(tmp_path, i_deg=text) == f"i_deg: '{text}' is not a number"
    assert reason(tmp_path, arc_days=text) == f"arc_days: '{text}' is not a number"


def test_long_and_unprintable_text_is_cut_and_escaped(tmp_path: Path) -> None:
    assert reason(tmp_path, e="x" * 500) == f"e: '{'x' * 40}…' is not a number"
    assert reason(tmp_path, e="\x1b[31m") == "e: '\\x1b[31m' is not a number"
    assert reason(tmp_path, designation="\x1b[31m") == "designation '\\x1b[31m' is not a name"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"e": "-0.1"}, "e = -0.1 is negative"),
        ({"e": "1.2"}, "inconsistent elements: e = 1.2 (hyperbolic, needs a_au < 0) with a_au = 1.03234"),
        (
            {"a_au": "-1.5"},
            "inconsistent elements: e = 0.0524355 (elliptic, needs a_au > 0) with a_au = -1.5",
        ),
        ({"e": "1"}, "e = 1 (parabolic) has no finite semi-major axis, but a_au = 1.03234"),
        ({"a_au": "0"}, "a_au = 0"),
        ({"i_deg": "-0.01"}, "i_deg = -0.01 is outside 0…180"),
        ({"i_deg": "180.5"}, "i_deg = 180.5 is outside 0…180"),
        ({"node_deg": "3600.5"}, "node_deg = 3600.5 is outside ±3600"),
        ({"peri_deg": "-4000"}, "peri_deg = -4000 is outside ±3600"),
        ({"mean_anomaly_deg": "99999"}, "mean_anomaly_deg = 99999 is outside ±3600"),
        ({"H": "99.99"}, "H = 99.99 is outside -5…45"),
        ({"amr_sigma_m2kg": "-1"}, "amr_sigma_m2kg = -1 is negative, but a standard deviation"),
        ({"A2_sigma": "-1e-14"}, "A2_sigma = -1e-14 is negative, but a standard deviation"),
        ({"arc_days": "-3"}, "arc_days = -3 is negative"),
        ({"n_obs": "12.5"}, "n_obs: '12.5' is not a whole number"),
        ({"n_obs": "-2"}, "n_obs = -2 is negative"),
        ({"albedo": "0"}, "albedo = 0 is not positive"),
        ({"diameter_km": "-1"}, "diameter_km = -1 is not positive"),
        ({"rotation_h": "0"}, "rotation_h = 0 is not positive"),
        ({"U": "12"}, "U: '12' is not an uncertainty parameter (0…9 or a letter)"),
        ({"last_observation": "2020-02-31"}, "last_observation: '2020-02-31' is not a date (YYYY-MM-DD)"),
        ({"arc_is_lower_bound": "perhaps"}, "arc_is_lower_bound: 'perhaps' is not true or false"),
        ({"designation": "??"}, "designation '??' is not a name"),
        ({"designation": "x" * 65}, f"designation '{'x' * 40}…' is not a name"),
    ],
)
def test_values_out_of_range_are_refused(tmp_path: Path, values: dict[str, str], expected: str) -> None:
    assert reason(tmp_path, **values) == expected


def test_a_modified_julian_date_is_suspected(tmp_path: Path) -> None:
    assert reason(tmp_path, epoch_tdb_jd="61000") == (
        "epoch_tdb_jd = 61000.0 is outside 2378496.5…2524593.5 (years 1800–2200) "
        "(it looks like a modified Julian date)"
    )
    assert "looks like" not in reason(tmp_path, epoch_tdb_jd="3000000.5")


def test_every_fault_of_a_row_is_told(tmp_path: Path) -> None:
    assert reason(tmp_path, e="x", i_deg="190", H="inf") == (
        "e: 'x' is not a number; H is not finite; i_deg = 190 is outside 0…180"
    )


@pytest.mark.parametrize(
    "values",
    [
        {"e": "0", "i_deg": "0"},
        {"a_au": "-2.5", "e": "1.4", "mean_anomaly_deg": "99999"},
        {"i_deg": "180"},
        {"mean_anomaly_deg": "-190"},
        {"H": ""},
        {"amr_m2kg": "-0.001", "amr_sigma_m2kg": "0"},
        {"A1": "-3e-10"},
        {"U": "E"},
        {"n_obs": "30.0", "arc_days": "0"},
        {"epoch_tdb_jd": "2378496.5"},
    ],
)
def test_unusual_but_valid_rows_are_kept(tmp_path: Path, values: dict[str, str]) -> None:
    catalogue = with_values(tmp_path, **values)
    assert catalogue.rejected == ()
    assert len(catalogue) == 1


def test_a_repeated_designation_names_the_line_of_the_first(tmp_path: Path) -> None:
    good = ",".join(GOOD.values())
    rows = [good.replace("0.05", "-0.05"), good, "x", good.replace("1991 VG", "1991vg"), good]
    catalogue = read_elements(write(tmp_path / "twice.csv", csv(*rows)))
    assert catalogue.table["source_line"].to_list() == [3]
    assert [(row.line, row.reason) for row in catalogue.rejected] == [
        (2, "e = -0.0524355 is negative"),
        (4, "has 1 fields where the header has 9"),
        (5, "designation 1991vg repeats line 3"),
        (6, "designation 1991 VG repeats line 3"),
    ]


def test_repeats_are_seen_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aneos.catalogue.elements.CHUNK_CELLS", 18)
    good = ",".join(GOOD.values())
    rows = [good.replace("1991 VG", f"object {k % 5}") for k in range(11)]
    catalogue = read_elements(write(tmp_path / "chunks.csv", csv(*rows)))
    assert len(catalogue) == 5
    assert [row.line for row in catalogue.rejected] == [7, 8, 9, 10, 11, 12]


FEW = settings(max_examples=max(25, settings().max_examples // 4))


@FEW
@given(st.lists(st.tuples(st.text("ab1 é", max_size=3), st.floats(), st.floats()), min_size=1, max_size=20))
def test_no_record_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float, float]]
) -> None:
    text = csv(*[f"{name},2461000.5,{a!r},{e!r},1,2,3,4,20" for name, a, e in rows])
    catalogue = read_elements(write(tmp_path_factory.mktemp("rows") / "rows.csv", text))
    assert len(catalogue) + len(catalogue.rejected) == len(rows)
    assert sorted([*catalogue.table["source_line"], *(row.line for row in catalogue.rejected)]) == list(
        range(2, len(rows) + 2)
    )
    assert all(math.isfinite(value) for value in catalogue.table["a_au"])


@FEW
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-3, max_value=1e6))
def test_numbers_are_read_to_the_last_bit(tmp_path_factory: pytest.TempPathFactory, value: float) -> None:
    text = f"{HEADER}\nx,2461000.5,{value!r},0.5,1,2,3,4,20\n"
    catalogue = read_elements(write(tmp_path_factory.mktemp("bits") / "one.csv", text))
    assert catalogue.table["a_au"].to_list() == [value]
