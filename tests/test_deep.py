"""Depth: tracing files and names, and adding the departure line to what the quick lines leave open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import aneos
from aneos import full_depth, screening
from aneos.catalogue import load_bundled, read_any, select
from aneos.deep import Settings, Traced, orbit_of, trace_file, trace_named
from aneos.errors import InputError, UnknownDesignationError

IM_1_STAGE = """designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H,amr_m2kg,amr_sigma_m2kg,\
n_obs,arc_days,last_observation
IM-1 stage,2460440.5,0.9942851098,0.024650426,0.2610735,216.8879781,240.9226009,130.4368004774,26.59,0.013599,\
0.000164,192,120.0,2024-06-15
far away,2300000.5,1.0,0.1,1,10,20,30,27,,,,,
"""
"""2024-030B (B. Gray, tles/24030b.tle), and a row whose epoch no kernel holds."""

SHORT = Settings(clones=40, look_alikes=40, seed=5, until_tdb_jd=2458849.5)


@pytest.fixture(scope="module")
def elements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deep") / "elements.csv"
    path.write_text(IM_1_STAGE)
    return path


@pytest.fixture(scope="module")
def traced(elements: Path) -> Traced:
    return trace_file(elements, SHORT)


def test_a_file_is_traced_in_the_shape_of_every_command(traced: Traced) -> None:
    report = traced.report.to_dict()
    model = report["signature"]["model"]
    assert (model["depth"], model["seed"], model["clones"]) == ("full", 5, 40)
    assert model["forces"]["kernels"]
    (found,) = report["assessments"]
    assert found["departures"][0]["launch"] == "2024-030"
    assert set(found["departures"][0]) == {"launch", "date", "score", "chance_probability"}
    (line,) = found["evidence"]
    assert line["line"] == "departure"
    assert line["log10_bayes_factor"] > 1.0
    assert line["interval"][0] <= line["log10_bayes_factor"] <= line["interval"][1]


def test_a_row_that_cannot_be_traced_is_named_and_stops_nothing(traced: Traced) -> None:
    (row,) = traced.report.rejected
    assert (row.line, row.designation) == (3, "far away")
    assert "epoch" in row.reason


def test_full_depth_adds_the_line_to_the_undecided_only(elements: Path) -> None:
    objects = read_any(elements)
    usable = replace(objects, table=objects.table.head(1))
    quick = screening.assess(load_bundled(), usable, without=["identity"])
    assert quick.assessments[0].object_class in full_depth.UNDECIDED
    full = full_depth.assess(load_bundled(), usable, without=["identity"], settings=SHORT)
    (item,) = full.assessments
    assert [line.line for line in item.evidence][-1] == "departure"
    assert item.departures
    assert item.log10_bayes_factor == pytest.approx(
        quick.assessments[0].log10_bayes_factor + item.evidence[-1].log10_bayes_factor
    )
    assert full.signature["model"]["depth"] == "full"


def test_a_settled_object_is_not_integrated() -> None:
    eros = select(load_bundled(), "433")
    report = full_depth.assess(load_bundled(), eros, settings=SHORT)
    named = aneos.assess("433", depth="full", settings=SHORT)
    assert named.assessments[0].to_dict() == report.assessments[0].to_dict()
    assert report.assessments[0].object_class == "natural"
    assert [line.line for line in report.assessments[0].evidence] == list(screening.LINES)
    assert report.assessments[0].departures is None


def test_names_are_found_in_the_catalogue_and_in_the_registry() -> None:
    eros, provenance = orbit_of("433", SHORT)
    assert provenance
    assert np.linalg.norm(eros.states.position_au[0]) < 2.0
    stage, _ = orbit_of("2020 SO", SHORT)
    assert stage.uncertainty is not None
    assert stage.uncertainty.centre == "Earth"
    with pytest.raises(UnknownDesignationError):
        trace_named("nobody", SHORT)
    with pytest.raises(InputError, match="its own push"):
        orbit_of("2020 SO", replace(SHORT, amr=(0.01, 0.001)))
