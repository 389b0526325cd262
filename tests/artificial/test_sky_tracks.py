"""Observations of one night and more held against the registry on the sky."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aneos.artificial.ephemerides import ephemeris
from aneos.artificial.sky_tracks import registry_tracks, sky_matches, without_track
from aneos.astrometry import read_observations


def night(name: str, jd_utc: float) -> pl.DataFrame:
    """Four observations of a registry object over an hour, as its ephemeris has them from the geocentre."""
    times = jd_utc + np.arange(4) / 72.0
    sky = ephemeris(name, times, clones=8).sky
    return pl.DataFrame(
        {"jd_utc": times, "station": ["500"] * 4, "ra_deg": sky.ra_deg, "dec_deg": sky.dec_deg}
    )


@pytest.mark.parametrize("name", ["2018-017A", "2018 AV2", "2020 SO"])
def test_an_object_is_found_at_its_own_ephemeris(name):
    best = sky_matches(night(name, 2_460_000.5))[0]
    assert best.name == ephemeris(name, [2_460_000.5], clones=8).name
    assert best.offset_arcsec < best.sigma_arcsec


def test_an_object_elsewhere_on_the_sky_is_not_matched():
    moved = night("2018-017A", 2_460_000.5).with_columns(pl.col("ra_deg") + 10.0)
    assert all(match.chance_probability > 1e-4 for match in sky_matches(moved))


def test_what_has_no_track_is_named():
    held = {track.name for track in registry_tracks()}
    lacking = {item.name for item in without_track()}
    assert "Gaia" in lacking
    assert not held & lacking


@pytest.mark.shared
def test_spektr_rg_is_matched_40_days_after_its_last_fit(shared_data: Path):
    given = read_observations(shared_data / "astrometry" / "artificial" / "Spektr-RG_combined.obs")
    first = given.table["jd_utc"].min()
    table = given.table.filter(pl.col("jd_utc") < pl.lit(first) + 1.0)
    assert "Spektr-RG" in [match.name for match in sky_matches(table)]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["2024PT5", "2008TC3", "2018LA", "2014AA", "2024BX1"])
def test_natural_objects_match_nothing(shared_data: Path, name: str):
    table = read_observations(shared_data / "astrometry" / "natural" / f"{name}.txt").table
    first = table["jd_utc"].min()
    assert not [
        m
        for m in sky_matches(table.filter(pl.col("jd_utc") < pl.lit(first) + 2.0))
        if m.chance_probability < 1e-3
    ]
