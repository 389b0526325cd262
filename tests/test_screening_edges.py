"""Orbits at the edge of what an orbit is: judged with finite numbers, or rejected with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import aneos
from aneos.catalogue import Catalogue, read_any

HEADER = "designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H"


def _read(path: Path, *rows: str) -> Catalogue:
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return read_any(path)


def test_an_orbit_through_the_centre_of_the_sun_is_rejected(tmp_path: Path) -> None:
    objects = _read(
        tmp_path / "a.csv", "x,2460000.5,1.5,0.99999999999,10,0,10,0,28", "y,2460000.5,1,0.1,1,0,10,0,28"
    )
    report = aneos.assess(objects=objects)
    assert [item.designation for item in report.assessments] == ["y"]
    (row,) = report.rejected
    assert (row.line, row.designation) == (2, "x")
    assert "centre of the Sun" in row.reason


@pytest.mark.parametrize(
    "elements",
    [
        "1.0000010,0.0167086,0,0,102.937,100",
        "0.001,0.1,10,0,10,0",
        "1e9,0.999999999,10,0,10,0",
        "1e6,0.1,10,0,10,0",
        "1.0,0.0167,180,0,102,0",
        "30,0.99999,90,0,102,0",
    ],
)
def test_strange_orbits_get_finite_numbers(tmp_path: Path, elements: str) -> None:
    (found,) = aneos.assess(objects=_read(tmp_path / "a.csv", f"x,2460000.5,{elements},28")).assessments
    numbers = [
        found.probability_artificial,
        *found.interval,
        found.log10_bayes_factor,
        found.p_value,
        found.q_value,
    ]
    assert np.isfinite([number for number in numbers if number is not None]).all()
    assert "nan" not in found.verdict + " ".join(line.summary for line in found.evidence)


def test_centre_and_frame_are_heeded_by_the_library_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        f"{HEADER},centre,frame\n"
        "sun,2460000.5,1.03,0.03,0.1,0,10,0,28,Sun,ecliptic\n"
        "tilted,2460000.5,1.03,0.03,23.4,0,10,0,28,Sun,equatorial\n"
        "mars,2460000.5,1.03,0.03,0.1,0,10,0,28,Mars,ecliptic\n"
    )
    result = aneos.screen(read_any(path))
    tilt = dict(result.table.select("designation", "i_deg").iter_rows())
    assert tilt["sun"] == 0.1
    assert tilt["tilted"] == pytest.approx(0.04, abs=0.01)
    assert [row.designation for row in result.rejected] == ["mars"]


def test_order_and_company_change_no_object() -> None:
    from dataclasses import replace

    from aneos.catalogue import load_bundled

    whole = load_bundled()
    some = whole.table.sample(300, seed=3)
    columns = ["designation", "log10_bayes_factor", "p_value", "prob_lo", "prob_hi"]
    forwards = aneos.screen(replace(whole, table=some)).table.select(columns).sort("designation")
    shuffled = some.sample(fraction=0.5, shuffle=True, seed=4).select(sorted(some.columns))
    fewer = aneos.screen(replace(whole, table=shuffled)).table.select(columns).sort("designation")
    assert fewer.equals(forwards.filter(pl.col("designation").is_in(fewer["designation"].implode())))


def test_an_identity_does_not_depend_on_what_else_the_file_tells() -> None:
    """A row without arc or U beside rows that have them is tried as if it were alone."""
    from dataclasses import replace

    from aneos.artificial.by_name import known_catalogue
    from aneos.catalogue import concat, load_bundled, select

    centaur = known_catalogue("2020 SO")
    assert centaur is not None
    bare = replace(centaur, table=centaur.table.with_columns(arc_days=pl.lit(None, pl.Float64)))
    (alone,) = aneos.assess(objects=bare).assessments
    beside = aneos.assess(objects=concat(select(load_bundled(), "433"), bare)).assessments[1]
    assert beside.identity == alone.identity
    assert beside.log10_bayes_factor == alone.log10_bayes_factor


def test_a_published_width_widens_the_interval(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        f"x{width},2460000.5,1.0345,0.0353,0.13,96.6,284.4,15,28.3,{width}" for width in ("", "1e-6", "0.05")
    ]
    path.write_text("\n".join([f"{HEADER},sigma_a_au", *rows]) + "\n")
    plain, narrow, wide = aneos.assess(objects=read_any(path)).assessments
    assert plain.log10_bayes_factor == narrow.log10_bayes_factor == wide.log10_bayes_factor
    assert narrow.interval == pytest.approx(plain.interval, abs=1e-3)
    assert wide.interval[0] < plain.interval[0] - 0.02
    assert "The orbit is poor" in wide.evidence[0].summary


def test_a_smaller_p_never_has_a_larger_q() -> None:
    from aneos.screening import q_against_reference

    p = np.concatenate([[0.0], np.logspace(-9, 0, 4001)])
    q = q_against_reference(p)
    assert (np.diff(q) >= -1e-12).all()
    assert q[0] == 0.0
    assert 0.99 < q[-1] <= 1.0
    assert q_against_reference(np.array([1e-7]))[0] == pytest.approx(1e-7 * 40_875)
