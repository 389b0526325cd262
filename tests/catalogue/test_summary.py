"""Figures of a catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from aneos.catalogue import Catalogue, load_bundled, orbit_class, read_elements, summary
from tests.catalogue.records import csv, write


def test_figures_of_the_bundled_catalogue() -> None:
    figures = summary(load_bundled())
    assert figures["objects"] == sum(figures["orbit_classes"].values()) == 40_874
    assert set(figures["orbit_classes"]) == {"Atira", "Aten", "Apollo", "Amor"}
    assert figures["H"] == {"min": 9.17, "median": 24.0, "max": 34.37, "unknown": 11}
    assert figures["epoch_tdb_jd"]["commonest"] == 2461000.5
    assert figures["epoch_tdb_jd"]["share_at_commonest"] == pytest.approx(40_813 / 40_874)
    # 30,141 objects of the list have one opposition.
    assert figures["multi_opposition_share"] == pytest.approx(1 - 30_141 / 40_874)
    assert figures["last_observation"] == "2026-02-12"
    assert figures["known"]["number"] == 3673
    assert "Minor Planet Center" in figures["provenance"][0]["acknowledgement"]
    json.dumps(figures, allow_nan=False)


@pytest.mark.parametrize(
    ("a_au", "e", "expected"),
    [
        (0.741, 0.322, "Atira"),  # 163693 Atira
        (0.967, 0.183, "Aten"),  # 2062 Aten
        (1.471, 0.560, "Apollo"),  # 1862 Apollo
        (1.919, 0.435, "Amor"),  # 1221 Amor
        (2.767, 0.079, "other"),  # 1 Ceres
        (-1.27, 1.2, "other"),  # 1I/'Oumuamua
    ],
)
def test_classes_of_their_namesakes(a_au: float, e: float, expected: str) -> None:
    assert pl.DataFrame({"a_au": [a_au], "e": [e]}).select(orbit_class()).item() == expected


def test_a_catalogue_of_rejections_has_a_summary(tmp_path: Path) -> None:
    figures = summary(read_elements(write(tmp_path / "bad.csv", csv("bad"))))
    assert (figures["objects"], figures["rejected"]) == (0, 1)
    assert figures["multi_opposition_share"] is None
    json.dumps(figures, allow_nan=False)


def test_an_empty_catalogue_has_a_summary() -> None:
    empty = Catalogue(load_bundled().table.head(0), ())
    assert summary(empty)["epoch_tdb_jd"]["commonest"] is None
