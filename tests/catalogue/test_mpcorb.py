"""Orbit lines of the MPC (MPCORB.DAT)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from mpc_designation import pack

from aneos.catalogue import Catalogue, load_bundled, read_mpcorb
from aneos.catalogue.mpcorb import unpacked_epoch
from aneos.errors import InputError
from tests.catalogue.records import APOPHIS, MPCORB_APOPHIS, MPCORB_GH, csv, write

HEADER = "MINOR PLANET CENTER ORBIT DATABASE (MPCORB)\n\nDes'n     H     G   Epoch     M\n" + "-" * 160 + "\n"


def read(tmp_path: Path, *lines: str, name: str = "MPCORB.DAT", end: str = "\n") -> Catalogue:
    return read_mpcorb(write(tmp_path / name, end.join([*lines, ""])))


def test_fields_are_cut_at_their_columns(tmp_path: Path) -> None:
    row = read(tmp_path, MPCORB_APOPHIS).table.row(0, named=True)
    assert (row["designation"], row["number"], row["name"]) == ("99942", 99942, "Apophis")
    assert (row["epoch_tdb_jd"], row["a_au"], row["e"]) == (2455400.5, 0.9223398, 0.1911104)
    assert (row["i_deg"], row["node_deg"], row["peri_deg"]) == (3.33173, 204.43202, 126.41859)
    assert (row["mean_anomaly_deg"], row["H"], row["G"], row["U"]) == (202.49545, 19.2, 0.15, "1")
    assert (row["n_obs"], row["n_oppositions"], row["rms_arcsec"]) == (1397, 2, 0.4)
    assert (row["arc_days"], row["arc_is_lower_bound"]) == (1103.0, True)
    assert (row["last_observation"], row["reference"]) == (date(2008, 1, 9), "MPO164109")


def test_a_single_opposition_gives_its_arc_in_days(tmp_path: Path) -> None:
    row = read(tmp_path, MPCORB_GH).table.row(0, named=True)
    assert (row["designation"], row["number"], row["name"]) == ("2020 GH", None, None)
    assert (row["arc_days"], row["arc_is_lower_bound"], row["last_observation"]) == (
        1.0,
        False,
        date(2020, 4, 3),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["MPCORB.DAT", "MPCORB.DAT.gz"])
def test_header_and_blank_lines_are_skipped_but_counted(tmp_path: Path, name: str, end: str) -> None:
    lines = [*HEADER.splitlines(), MPCORB_APOPHIS, "", MPCORB_GH]
    catalogue = read(tmp_path, *lines, name=name, end=end)
    assert catalogue.table["source_line"].to_list() == [5, 7]
    assert catalogue.rejected == ()


def test_an_extract_may_end_after_the_semi_major_axis(tmp_path: Path) -> None:
    row = read(tmp_path, MPCORB_GH[:103]).table.row(0, named=True)
    assert (row["designation"], row["a_au"], row["U"], row["arc_days"]) == ("2020 GH", 2.0972341, None, None)


def test_a_numbered_object_without_name_keeps_its_provisional_designation(tmp_path: Path) -> None:
    line = MPCORB_APOPHIS.replace("99942  ", "F2671  ", 1).replace(
        "(99942) Apophis    ", "(152671) 1998 HL3  "
    )
    row = read(tmp_path, line).table.row(0, named=True)
    assert (row["designation"], row["number"], row["name"]) == ("1998 HL3", 152671, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (MPCORB_GH[:80], "has 80 characters where an orbit line has at least 103"),
        (MPCORB_GH.replace("K25BL", "K25ZL"), "'K25ZL' is not a packed epoch"),
        (
            MPCORB_GH.replace("K25BL", "K252U"),
            "'K252U' is not a packed epoch (day is out of range for month)",
        ),
        (MPCORB_GH.replace("K20G00H", "?????? "), "'??????' is not a packed designation"),
        (MPCORB_GH.replace("0.5782942", "  abc    "), "e: 'abc' is not a number"),
        (MPCORB_GH.replace("0.5782942", "         "), "e is missing"),
        (MPCORB_GH.replace("   1 days", "20x0-2021"), "arc '20x0-2021' is not a span of years (YYYY-YYYY)"),
        (
            MPCORB_GH.replace("20200403", "20201303"),
            "last_observation: '2020-13-03' is not a date (YYYY-MM-DD)",
        ),
        (MPCORB_APOPHIS, "designation 99942 repeats line 1"),
    ],
)
def test_a_bad_line_does_not_stop_the_others(tmp_path: Path, line: str, reason: str) -> None:
    catalogue = read(tmp_path, MPCORB_APOPHIS, line, MPCORB_GH.replace("K20G00H", "K20G01A"))
    assert catalogue.table["designation"].to_list() == ["99942", "2020 GA1"]
    assert [(row.line, row.reason) for row in catalogue.rejected] == [(2, reason)]


def test_a_file_without_orbit_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no orbit lines"):
        read_mpcorb(write(tmp_path / "orbits.csv", csv(APOPHIS)))


@pytest.mark.parametrize(
    ("packed", "julian_date"),
    [
        ("J9611", 2450083.5),
        ("J961A", 2450092.5),
        ("J969U", 2450356.5),
        ("J96AV", 2450387.5),
        ("K01AM", 2452204.5),
    ],
)
def test_packed_epochs(packed: str, julian_date: float) -> None:
    # The examples of the MPC's description of packed dates: 1996 Jan 1, Jan 10, Sept 30, Oct 31; 2001 Oct 22.
    assert unpacked_epoch(packed) == julian_date


def test_the_mpc_list_written_as_orbit_lines_reads_back(tmp_path: Path) -> None:
    known = pl.col("epoch_tdb_jd") == 2461000.5
    table = load_bundled().table.filter(known & pl.col("H").is_not_null() & pl.col("number").is_null())[::20]
    lines = [
        f"{pack(row['designation'])} {row['H']:5.2f} {row['G']:5.2f} K25BL {row['mean_anomaly_deg']:9.5f}  "
        f"{row['peri_deg']:9.5f}  {row['node_deg']:9.5f}  {row['i_deg']:9.5f}  {row['e']:9.7f} {0:11.8f} "
        f"{row['a_au']:11.7f}  {row['U'] or ' '}"
        for row in table.iter_rows(named=True)
    ]
    back = read(tmp_path, *lines).table
    columns = [
        "designation",
        "epoch_tdb_jd",
        "a_au",
        "e",
        "i_deg",
        "node_deg",
        "peri_deg",
        "mean_anomaly_deg",
        "H",
    ]
    assert back.height > 1500
    assert back.select(*columns, "U").equals(table.select(*columns, "U"))
