"""A ratio measured better than the grid's step says what one measured as well as the step does."""

from __future__ import annotations

import numpy as np
import pytest

from aneos.populations.area_to_mass import likelihood


@pytest.mark.parametrize("amr", [3e-5, 0.0031, 0.0134, 0.5, 42.0])
@pytest.mark.parametrize("H", [28.3, np.nan])
def test_a_smaller_error_does_not_silence_the_line(amr: float, H: float) -> None:
    sigma = np.array([0.02, 1e-3, 1e-5, 1e-8]) * amr
    n = sigma.size
    found = likelihood(np.full(n, amr), sigma, np.full(n, H), np.full(n, -1, dtype=np.int8))
    ratio = np.log10(found.artificial / found.natural)
    assert np.isfinite(ratio).all()
    assert ratio == pytest.approx(np.full(n, ratio[0]), abs=0.02)
    assert np.abs(np.diff(found.p_natural)).max() < 1e-3
