"""Published measurements of natural look-alikes, and how they join a catalogue."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import polars as pl
import pytest

from aneos.catalogue import COLUMNS, Catalogue, Provenance
from aneos.catalogue.measurements import (
    NOTES,
    NUMBERS,
    SCHEMA,
    load_measurements,
    with_measurements,
)
from aneos.constants import A1_PER_AMR_AU_D2
from aneos.errors import InputError, MissingResourceError

SMALL_NATURAL = [
    "2006 RH120", "2009 BD", "2011 MD", "2012 LA", "2012 TC4", "2015 TC25", "2020 CD3", "2020 GE", "2020 WY",
    "2021 GM1", "2021 VH2",
]  # fmt: skip
"""Small natural near-Earth asteroids with an A1 fitted by JPL."""

DARK_COMETS = [
    "1998 FR11", "1998 KY26", "2001 ME1", "2003 RM", "2005 UY6", "2005 VL1", "2006 RH120", "2010 RF12",
    "2010 VL65", "2012 UR158", "2013 BA74", "2013 XY20", "2016 GW221", "2016 NJ33",
]  # fmt: skip
"""The fourteen of Seligman et al. 2024, Table 1."""

SMALLEST_ARTIFICIAL_AMR = 0.0026
"""m²/kg; smallest of 81 published orbit fits of stages and spacecraft, thin debris left out."""


def catalogue_of(*designations: str, **given: object) -> Catalogue:
    """A catalogue with these objects; ``given`` columns have the same value in every row."""
    columns = {name: pl.Series(name, [None] * len(designations), dtype) for name, dtype in COLUMNS.items()}
    columns["designation"] = pl.Series("designation", designations)
    table = pl.DataFrame(columns).with_columns(
        pl.lit(value, dtype=COLUMNS.get(name)).alias(name) for name, value in given.items()
    )
    return Catalogue(table=table, provenance=(Provenance("test", "2026-02-12", "made here", "0" * 64),))


def only_row(catalogue: Catalogue) -> dict[str, object]:
    return catalogue.table.row(0, named=True)


def write(path: Path, **changes: str) -> Path:
    """A table with one row, that of 2012 LA as published, with changes."""
    row = {
        "designation": "2012 LA", "amr_m2kg": "0.0002964", "amr_sigma_m2kg": "5.236e-05", "A1": "6.713e-11",
        "A1_sigma": "1.186e-11", "statement": "Measured.", "source": "JPL SBDB", "checked": "true",
    } | changes  # fmt: skip
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(SCHEMA), lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerow(row)
    return path


def test_every_row_has_its_type_source_and_statement() -> None:
    table = load_measurements()
    assert dict(table.schema) == SCHEMA
    assert (
        table.select("designation", "source", "statement", "natural_by", "checked").null_count().row(0)
        == (0,) * 5
    )
    assert table["statement"].str.ends_with(".").all()


def test_hard_negatives_and_dark_comets_are_all_there() -> None:
    named = set(load_measurements()["designation"])
    assert named >= {*SMALL_NATURAL, *DARK_COMETS, "2024 PT5", "2016 HO3", "2022 NX1", "1991 VG"}


def test_area_to_mass_ratio_is_that_of_a1_where_both_are_given() -> None:
    both = load_measurements().drop_nulls(["A1", "amr_m2kg"])
    assert both.height == len(SMALL_NATURAL) + 1  # and Apophis
    for a1, amr in (("A1", "amr_m2kg"), ("A1_sigma", "amr_sigma_m2kg")):
        ratio = both[a1] / A1_PER_AMR_AU_D2 / both[amr]
        assert (ratio - 1).abs().max() < 1e-3


def test_small_natural_asteroids_have_the_known_distribution() -> None:
    amr = load_measurements().filter(pl.col("designation").is_in(SMALL_NATURAL))["amr_m2kg"]
    assert amr.len() == 11
    assert amr.median() == pytest.approx(3.3e-4, abs=0.05e-4)
    assert amr.log10().std() == pytest.approx(0.25, abs=0.01)
    assert amr.max() == pytest.approx(7.8e-4, abs=0.05e-4)


def test_measured_natural_area_to_mass_ratios_lie_three_sigma_below_artificial_ones() -> None:
    measured = load_measurements().drop_nulls("amr_m2kg")
    assert measured.height == 14
    upper = measured["amr_m2kg"] + 3 * measured["amr_sigma_m2kg"]
    assert upper.max() < SMALLEST_ARTIFICIAL_AMR


def test_dark_comets_have_a_significant_transverse_or_normal_acceleration() -> None:
    dark = load_measurements().filter(pl.col("designation").is_in(DARK_COMETS))
    assert dark.height == 14
    significance = dark.select(
        pl.max_horizontal((pl.col(a) / pl.col(f"{a}_sigma")).abs() for a in ("A2", "A3")).alias("sigmas")
    )["sigmas"]
    assert significance.min() > 3.0


def test_only_one_dark_comet_has_an_area_to_mass_ratio() -> None:
    dark = load_measurements().filter(pl.col("designation").is_in(DARK_COMETS)).drop_nulls("amr_m2kg")
    assert dark["designation"].to_list() == ["2006 RH120"]


def test_numbers_fill_an_empty_row() -> None:
    row = only_row(with_measurements(catalogue_of("2006 RH120")))
    assert (row["A1"], row["A1_sigma"]) == (1.38e-10, 7.79e-12)
    assert (row["A2"], row["A3"]) == (-5.07e-11, -1.30e-11)
    assert row["amr_m2kg"] == pytest.approx(6.09e-4, rel=1e-3)
    assert row["rotation_h"] == 0.04583
    assert "Seligman" in str(row["measurement_source"])
    assert row["natural_by"] == "area-to-mass ratio"


def test_objects_without_measurements_stay_as_they_were() -> None:
    before = catalogue_of("2020 SO", "2006 RH12")
    after = with_measurements(before).table
    assert after.select(before.table.columns).equals(before.table)
    assert after.select(list(NOTES)).null_count().row(0) == (2,) * len(NOTES)


def test_a_value_of_the_catalogue_is_never_overwritten() -> None:
    row = only_row(with_measurements(catalogue_of("2011 MD", diameter_km=0.011, A2=1e-12)))
    assert row["diameter_km"] == 0.011
    assert row["A2"] == 1e-12
    assert row["A2_sigma"] is None, "an error of another solution"
    assert row["albedo"] == 0.3


def test_a_given_a1_with_its_error_gets_no_foreign_area_to_mass_ratio() -> None:
    row = only_row(with_measurements(catalogue_of("2012 LA", A1=1e-10, A1_sigma=2e-11)))
    assert (row["A1"], row["A1_sigma"]) == (1e-10, 2e-11)
    assert row["amr_m2kg"] is None
    assert row["amr_sigma_m2kg"] is None


def test_a_given_a1_without_error_gains_the_published_area_to_mass_ratio() -> None:
    row = only_row(with_measurements(catalogue_of("2012 LA", A1=6.7e-11)))
    assert (row["A1"], row["A1_sigma"]) == (6.7e-11, None)
    assert row["amr_m2kg"] == pytest.approx(2.964e-4)


def test_a_given_area_to_mass_ratio_gets_no_foreign_a1() -> None:
    row = only_row(with_measurements(catalogue_of("2012 LA", amr_m2kg=5e-4)))
    assert row["amr_m2kg"] == 5e-4
    assert [row[name] for name in ("amr_sigma_m2kg", "A1", "A1_sigma")] == [None] * 3


def test_an_alias_finds_the_row() -> None:
    row = only_row(with_measurements(catalogue_of("101955", aliases=["Bennu", "1999 RQ36"])))
    assert row["designation"] == "101955"
    assert row["amr_m2kg"] == pytest.approx(2.636e-6)


def test_order_rows_and_unknown_columns_survive() -> None:
    names = ("2020 WY", "2010 AB", "1991 VG", "2020 WY")
    before = catalogue_of(*names, colour="red")
    after = with_measurements(before).table
    assert after["designation"].to_list() == list(names)
    assert after.columns == [*before.table.columns, *NOTES]
    assert after["colour"].to_list() == ["red"] * 4
    assert after["amr_m2kg"].is_not_null().to_list() == [True, False, False, True]


def test_applying_it_twice_changes_nothing_more() -> None:
    once = with_measurements(catalogue_of("2005 VL1", "2012 TC4", "2010 AB"))
    twice = with_measurements(once)
    assert twice.table.equals(once.table)
    assert twice.provenance == once.provenance


def test_a_spectral_type_of_the_catalogue_stays() -> None:
    assert only_row(with_measurements(catalogue_of("2015 TC25", spectral_type="Xe")))["spectral_type"] == "Xe"


def test_provenance_names_the_file_and_its_digest() -> None:
    before = catalogue_of("2009 BD")
    after = with_measurements(before)
    assert after.provenance[:-1] == before.provenance
    assert after.provenance[-1].name == "published-measurements"
    assert len(after.provenance[-1].sha256) == 64


def test_an_empty_catalogue_gains_only_the_columns() -> None:
    empty = catalogue_of("2009 BD")
    after = with_measurements(replace(empty, table=empty.table.clear())).table
    assert after.height == 0
    assert after.columns == [*COLUMNS, *NOTES]


def test_numbers_that_were_not_checked_are_not_used(tmp_path: Path) -> None:
    row = only_row(with_measurements(catalogue_of("2012 LA"), write(tmp_path / "m.csv", checked="false")))
    assert [row[name] for name in NUMBERS] == [None] * len(NUMBERS)
    assert row["measurement_note"] == "Measured."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"designation": ""}, "no designation"),
        ({"source": ""}, "no source"),
        ({"statement": ""}, "no statement"),
        ({"checked": ""}, "checked is neither true nor false"),
        ({"A1_sigma": "-1e-12"}, "A1_sigma is not positive"),
        ({"A1": ""}, "A1_sigma without A1"),
        ({"A1": "small"}, "not a table of measurements"),
    ],
)
def test_a_faulty_table_is_refused_with_its_reason(
    tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        load_measurements(write(tmp_path / "m.csv", **changes))


def test_a_repeated_designation_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv")
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(InputError, match="line 2: designation given twice"):
        load_measurements(path)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(write(tmp_path / "n.csv").read_text().replace("A1,A1_sigma,A2", "A2,A1_sigma,A1", 1))
    with pytest.raises(InputError, match="the columns must be"):
        load_measurements(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingResourceError, match=r"m\.csv"):
        load_measurements(tmp_path / "m.csv")


def test_forty_thousand_rows_take_milliseconds() -> None:
    """30 ms are promised; the bound leaves room for a busy machine."""
    catalogue = catalogue_of(
        *(f"2030 AA{i}" for i in range(40_000)), *SMALL_NATURAL, aliases=["1901 XX", "X"]
    )
    with_measurements(catalogue)
    spent = []
    for _ in range(5):
        start = perf_counter()
        with_measurements(catalogue)
        spent.append(perf_counter() - start)
    assert min(spent) < 0.15


@pytest.mark.shared
def test_every_designation_is_a_principal_one_of_the_mpc_list(shared_data: Path) -> None:
    with gzip.open(shared_data / "catalogue" / "mpc_nea_2026-02-12.csv.gz", "rt") as handle:
        listed = {row["Principal_desig"] for row in csv.DictReader(handle)}
    assert set(load_measurements()["designation"]) <= listed


@pytest.mark.shared
def test_numbers_agree_with_jpl_files(shared_data: Path) -> None:
    """Rounded values of the SBDB's list of October 2025, of other solutions than ours."""
    with (shared_data / "catalogue" / "jpl_sbdb_pha_2025-10.csv").open() as handle:
        jpl = {
            row["full_name"].split("(")[1].rstrip(")"): row
            for row in csv.DictReader(handle)
            if "(" in row["full_name"]
        }
    ours = {row["designation"]: row for row in load_measurements().to_dicts()}
    for designation, column in [
        ("2004 MN4", "A1"),
        ("2004 MN4", "A2"),
        ("1989 AC", "A1"),
        ("1989 AC", "A2"),
        ("2001 ME1", "A2"),
    ]:
        row = ours[designation]
        assert abs(row[column] - float(jpl[designation][column])) < 1.5 * row[f"{column}_sigma"], (
            designation,
            column,
        )
    for designation in ("1999 RQ36", "2004 MN4", "1989 AC"):
        for column, name in (("diameter_km", "diameter"), ("albedo", "albedo"), ("rotation_h", "rot_per")):
            assert ours[designation][column] == pytest.approx(float(jpl[designation][name]), rel=1e-6)
