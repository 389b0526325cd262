"""Mixing extras into a catalogue loses and replaces nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from aneos.catalogue import COLUMNS, Catalogue, concat, load_bundled, read_elements
from tests.catalogue.records import HEADER, RH120, VG, csv, write

KEPLER = "2009-011A,2458337.82915783,1.01332135,0.0360775902,0.447667599,154.101207,294.063401,162.604026,"
"""The Kepler spacecraft on 2018-08-07, from its JPL Horizons trajectory; no near-Earth asteroid bears the name."""


def extra(tmp_path: Path, *rows: str, name: str = "extra.csv") -> Catalogue:
    return read_elements(write(tmp_path / name, csv(*rows)))


def test_extras_follow_the_base_with_their_provenance(tmp_path: Path) -> None:
    base, more = load_bundled(), extra(tmp_path, KEPLER)
    mixed = concat(base, more)
    assert len(mixed) == len(base) + 1
    assert mixed.table.row(-1, named=True)["designation"] == "2009-011A"
    assert mixed.provenance == base.provenance + more.provenance
    assert list(mixed.table.columns) == list(COLUMNS)
    assert mixed.table.head(len(base)).equals(base.table)


def test_nothing_to_mix_gives_the_base() -> None:
    base = load_bundled()
    assert concat(base) is base


@pytest.mark.parametrize(
    ("designation", "bearer"),
    [("2006 rh120", "2006 RH120"), ("Apophis", "2004 MN4"), ("99942", "2004 MN4"), ("1956PC", "A898 PA")],
)
def test_a_designation_in_use_is_rejected_naming_its_bearer(
    tmp_path: Path, designation: str, bearer: str
) -> None:
    more = extra(tmp_path, KEPLER, KEPLER.replace("2009-011A", designation))
    mixed = concat(load_bundled(), more)
    (row,) = mixed.rejected
    assert (row.line, row.designation, row.source) == (3, designation, str(tmp_path / "extra.csv"))
    assert row.reason == f"designation {designation} is already borne by {bearer} of mpc-nea 2026-02-12"
    assert len(mixed) == len(load_bundled()) + 1


def test_extras_clash_with_each_other_in_order(tmp_path: Path) -> None:
    one, two = extra(tmp_path, KEPLER, name="one.csv"), extra(tmp_path, KEPLER, VG, name="two.csv")
    mixed = concat(one, two)
    assert mixed.table["designation"].to_list() == ["2009-011A", "1991 VG"]
    assert [(row.line, row.source) for row in mixed.rejected] == [(2, str(tmp_path / "two.csv"))]


def test_rejections_of_all_are_kept(tmp_path: Path) -> None:
    one, two = extra(tmp_path, KEPLER, "bad", name="one.csv"), extra(tmp_path, "worse", VG, name="two.csv")
    assert len(concat(one, two).rejected) == 2


def test_unknown_columns_of_both_are_kept(tmp_path: Path) -> None:
    one = read_elements(write(tmp_path / "one.csv", f"{HEADER},left,both\n{KEPLER},1,7\n"))
    two = read_elements(write(tmp_path / "two.csv", f"{HEADER},both,right\n{VG},8,2\n"))
    numbers = Catalogue(two.table.with_columns(pl.col("both").cast(pl.Int64)), two.provenance)
    table = concat(one, numbers).table
    assert table.select("left", "both", "right").rows() == [("1", "7", None), (None, "8", "2")]


def test_many_extras_are_quick_and_conserved(tmp_path: Path) -> None:
    base = load_bundled()
    more = Catalogue(base.table.head(3000).with_columns(pl.col("designation") + " copy"), base.provenance)
    mixed = concat(base, more, extra(tmp_path, RH120, KEPLER))
    # A copy keeps the number of its original, where it has one, and is refused for that.
    numbered = base.table.head(3000)["number"].is_not_null().sum()
    assert len(mixed.rejected) == numbered + 1
    assert len(mixed) + len(mixed.rejected) == len(base) + 3000 + 2
