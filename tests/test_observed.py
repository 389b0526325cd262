from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from aneos.artificial.ephemerides import ephemeris
from aneos.astrometry import Observations
from aneos.astrometry.table import conform
from aneos.observed import IDENTITY_SIGMA_AU, Observed, assess_observations
from tests.astrometry.synthetic import geocentric, observe

AFAR = geocentric((30_000_000.0, -12_000_000.0, 9_000_000.0), (6.2, 3.4, -1.9))


def assessed(days: list[float]) -> Observed:
    table: pl.DataFrame = observe(AFAR, np.array(days))
    return assess_observations(Observations(table), workers=1)


@pytest.fixture(scope="module")
def short() -> Observed:
    return assessed([0.0, 0.03, 0.06, 0.11, 0.13, 0.15])


def test_an_orbit_that_could_be_anything_is_not_held_against_the_known_ones(short: Observed) -> None:
    sigma = float(np.sqrt(short.fits[0].element_covariance[0, 0]))
    assert sigma > IDENTITY_SIGMA_AU
    assert "identity" not in {item.line for item in short.report.assessments[0].evidence}


def test_a_known_orbit_is(short: Observed) -> None:
    said = assessed([start + step for start in (0.0, 5.0, 15.0, 40.0) for step in (0.0, 0.02, 0.04)])
    assert float(np.sqrt(said.fits[0].element_covariance[0, 0])) < IDENTITY_SIGMA_AU
    assert "identity" in {item.line for item in said.report.assessments[0].evidence}


def test_what_is_missing_names_the_date_from_which_the_push_decides(short: Observed) -> None:
    outlook = short.fits[0].outlook
    missing = {item.line: item for item in short.report.assessments[0].missing}["area_to_mass"]
    assert outlook is not None
    if outlook.decisive is None:
        assert "in which it can be seen" in missing.needs
    else:
        assert outlook.decisive.when[:10] in missing.needs
        past = outlook.decisive.when[:10] < datetime.now(UTC).date().isoformat()
        assert missing.decisive_on == (None if past else outlook.decisive.when[:10])


ROADSTER = ("2018-017A", 2_460_000.5)
"""An object with a published orbit, and a night in its reach: positions as its ephemeris has them."""


def night_of(name: str, jd_utc: float) -> pl.DataFrame:
    times = jd_utc + np.arange(6) / 48.0
    sky = ephemeris(name, times, clones=8).sky
    return conform(
        pl.DataFrame(
            {
                "object": ["X"] * 6,
                "jd_utc": times,
                "station": ["500"] * 6,
                "ra_deg": sky.ra_deg,
                "dec_deg": sky.dec_deg,
            }
        )
    )


@pytest.fixture(scope="module")
def known() -> Observed:
    return assess_observations(Observations(night_of(*ROADSTER)), workers=1)


def test_what_stands_where_a_known_object_should_is_named(known: Observed) -> None:
    said = known.report.assessments[0]
    lines = [item for item in said.evidence if item.line == "identity"]
    assert len(lines) == 1
    assert lines[0].inputs["from"] == "sky"
    assert said.identity is not None
    assert said.identity.cospar == "2018-017A"
    assert (said.object_class == "known_artificial") == (said.probability_artificial >= 0.5)
    counted = sum(item.log10_bayes_factor for item in said.evidence if item.status == "measured")
    assert said.log10_bayes_factor == pytest.approx(counted)
    assert known.to_dict()["sky_matches"]["X"][0]["cospar"] == "2018-017A"


def test_without_the_line_or_tracks_nothing_is_named(short: Observed) -> None:
    table = night_of(*ROADSTER)
    for said in (
        assess_observations(Observations(table), workers=1, without=("identity",)),
        assess_observations(Observations(table), workers=1, tracks=()),
    ):
        assert said.report.assessments[0].identity is None
        assert "sky" not in {item.inputs.get("from") for item in said.report.assessments[0].evidence}
    assert short.report.assessments[0].identity is None
    assert short.sky_matches == {short.fits[0].designation: []}
