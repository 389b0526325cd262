from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from aneos.astrometry import Observations
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
