from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aneos.astrometry import fit_one
from aneos.astrometry.outlook import DECISIVE_SIGMA_M2KG
from aneos.dynamics.fitting import propagate_with_partials
from tests.astrometry.synthetic import EPOCH, geocentric, observe
from tests.astrometry.test_fit import PASSING, nights

BEFORE = (0.0, 1.0, 2.0, 3.0)
AFTER = (4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 18.0)


def test_the_forecast_is_the_uncertainty_that_further_nights_reach() -> None:
    early = fit_one(observe(PASSING, nights(*BEFORE)))
    late = fit_one(observe(PASSING, nights(*BEFORE, *AFTER)))
    assert early.outlook is not None
    forecast = {night.days: night.sigma_amr_m2kg for night in early.outlook.nights}
    reached = late.push["amr_sigma_m2kg"]
    assert early.outlook.now == pytest.approx(early.push["amr_sigma_m2kg"], rel=0.3)
    assert forecast[15.0] == pytest.approx(reached, rel=0.4)


def test_more_nights_never_make_it_worse_and_the_decisive_one_is_named() -> None:
    fit = fit_one(observe(PASSING, nights(*BEFORE)))
    assert fit.outlook is not None
    sigma = np.array([fit.outlook.now, *(night.sigma_amr_m2kg for night in fit.outlook.nights)])
    assert np.all(np.diff(sigma) <= 0.0)
    assert fit.outlook.decisive is not None
    assert fit.outlook.decisive.sigma_amr_m2kg < DECISIVE_SIGMA_M2KG
    assert sigma[list(fit.outlook.nights).index(fit.outlook.decisive)] >= DECISIVE_SIGMA_M2KG
    said = fit.outlook.to_dict()
    assert (said["decisive_now"], said["decisive_from"]) == (False, fit.outlook.decisive.when)
    decided = replace(fit.outlook, now=1e-5).to_dict()
    assert (decided["decisive_now"], decided["decisive_from"]) == (True, None)


def test_what_lies_close_together_is_interpolated_to_a_tenth_of_a_milliarcsecond() -> None:
    near = geocentric((250_000.0, 120_000.0, 60_000.0), (-0.45, 0.95, 0.25))
    times = EPOCH + np.array([0.5, 0.503, 0.507, 0.51, 0.6, 0.63, 2.0])
    quick, partials = propagate_with_partials(EPOCH, near, times, np.zeros(3))
    slow, exact = propagate_with_partials(
        EPOCH, near, times, np.zeros(3), exact=np.ones(times.size, dtype=np.bool_)
    )
    assert np.max(np.abs(quick[:, :3] - slow[:, :3])) < 5e-10 * 0.0019
    assert partials == pytest.approx(exact, rel=1e-6, abs=1e-7 * np.abs(exact).max())
