"""Objects beside the Earth at the epoch of their elements: what the lines say of them, in every form they come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import aneos
from aneos.artificial.orbit_tables import read_objects
from aneos.assessment import Assessment
from aneos.catalogue import load_bundled

HEADER = "designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H,centre,frame"


def _assess(path: Path, text: str) -> tuple[Assessment, ...]:
    path.write_text(text)
    return aneos.assess(objects=read_objects(path)).assessments


def test_a_tight_orbit_about_the_earth_is_judged_as_such(tmp_path: Path) -> None:
    (found,) = _assess(
        tmp_path / "orbit.csv", f"{HEADER}\nx,2459400.5,0.0011,0.6,20,96.6,284.4,180,28.3,Earth,equatorial\n"
    )
    lines = {item.line: item for item in found.evidence}
    assert found.object_class == "probably_artificial"
    assert lines["orbit"].inputs["tightly_bound"] is True
    assert "bound to the Earth" in lines["orbit"].summary
    assert lines["identity"].status == "not applicable"
    assert "bound to the Earth" in found.verdict


def test_a_wide_orbit_about_the_earth_weighs_less_than_a_tight_one(tmp_path: Path) -> None:
    rows = "\n".join(
        f"{name},2459400.5,{a},0.3,20,96.6,284.4,180,28.3,Earth,equatorial"
        for name, a in (("tight", 0.0011), ("wide", 0.0050))
    )
    tight, wide = _assess(tmp_path / "orbits.csv", f"{HEADER}\n{rows}\n")
    assert wide.evidence[0].inputs["tightly_bound"] is False
    assert 0.0 < wide.evidence[0].log10_bayes_factor < tight.evidence[0].log10_bayes_factor
    assert (wide.p_value or 0.0) > (tight.p_value or 1.0)


def test_a_known_object_is_named_where_the_earth_bends_its_orbit() -> None:
    """2020 SO two hours after its passage of 2021-02-02: elements about the Sun match nothing, places do."""
    from aneos.artificial import known
    from aneos.artificial.registry_orbits import axes_of, usable_orbits

    item = known.find("2020 SO")
    assert item is not None
    placed = next(one for one in usable_orbits(item) if abs(one.orbit.epoch_tdb_jd - 2_459_248.5) < 1.0)
    elements = axes_of(placed).take([0]).elements()
    row = (
        load_bundled()
        .table.head(1)
        .with_columns(
            pl.lit("x").alias("designation"),
            pl.lit(None, pl.Float64).alias("H"),
            *(
                pl.lit(float(getattr(elements, name)[0])).alias(name)
                for name in ("epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
            ),
        )
    )
    (found,) = aneos.assess(objects=replace(load_bundled(), table=row)).assessments
    assert found.object_class == "known_artificial"
    assert found.identity is not None
    assert found.identity.cospar == "1966-084B"
    assert found.probability_artificial > 0.5
    line = next(item for item in found.evidence if item.line == "identity")
    assert line.inputs["from"] == "n-body"


def test_an_object_that_passes_by_is_told_that_the_elements_hold_for_a_moment(tmp_path: Path) -> None:
    (found,) = _assess(
        tmp_path / "orbit.csv", f"{HEADER}\nx,2459400.5,-0.001,4.0,20,96.6,284.4,60,28.3,Earth,equatorial\n"
    )
    (line,) = (item for item in found.evidence if item.line == "orbit")
    assert line.inputs["earth_distance_at_epoch_au"] < 0.01
    assert "hold for that moment only" in line.summary
    assert "bound_to_earth" not in line.inputs


def test_a_bound_orbit_from_less_than_a_day_is_not_believed(tmp_path: Path) -> None:
    rows = "\n".join(
        f"x{arc},2459400.5,0.0011,0.6,20,96.6,284.4,180,28.3,Earth,equatorial,{arc}" for arc in (0.1, 3)
    )
    short, longer = _assess(tmp_path / "orbit.csv", f"{HEADER},arc_days\n{rows}\n")
    assert short.evidence[0].status == "missing"
    assert "less than a day" in short.evidence[0].summary
    assert longer.evidence[0].status == "measured"


@pytest.mark.parametrize("line", ["identity", "orbit"])
def test_a_line_can_be_left_out(tmp_path: Path, line: str) -> None:
    path = tmp_path / "orbit.csv"
    path.write_text(f"{HEADER}\nx,2459400.5,0.0011,0.6,20,96.6,284.4,180,28.3,Earth,equatorial\n")
    (found,) = aneos.assess(objects=read_objects(path), without=[line]).assessments
    assert line not in {item.line for item in found.evidence}
