"""The orbit line: leakers stand out, direct escapes do not, and the null is honest."""

import numpy as np
import polars as pl
import pytest

from aneos.catalogue import COLUMNS, load_bundled
from aneos.evidence import orbit
from aneos.evidence.prepared import prepare
from aneos.populations.natural import load_natural_orbits

# Osculating elements fitted by B. Gray (Find_Orb): Falcon 9 stage of IM-1, Spektr-RG, Tesla Roadster, and the
# Centaur of Lucy: (epoch JD, a au, e, i, node, peri, M in degrees).
LEAKERS = {
    "2024-030B": (2460440.5, 0.99428511, 0.024650426, 0.2610735, 216.887978, 240.922601, 130.4368),
    "2019-040A": (2458868.5, 1.02582272, 0.031197437, 0.17309799, 8.75466341, 96.8357845, 12.8296261),
}
DIRECT = {
    "2018-017A": (2458177.5, 1.32624515, 0.25650525, 1.080429, 317.242926, 177.373536, 15.4516112),
    "2021-093B": (2459511.5, 1.00022968, 0.162293, 0.13452, 202.51249, 82.17124, 87.3105583),
}


def table(objects: dict[str, tuple[float, ...]]) -> pl.DataFrame:
    names = ("epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    data = {name: [row[k] for row in objects.values()] for k, name in enumerate(names)}
    frame = pl.DataFrame({"designation": list(objects), **data})
    return frame.with_columns(
        pl.lit(None, dtype).alias(n) for n, dtype in COLUMNS.items() if n not in frame.columns
    )


def test_leakers_are_supported_and_direct_escapes_are_not() -> None:
    leakers, direct = (orbit.score(prepare(table(group))) for group in (LEAKERS, DIRECT))
    assert (leakers.log10_bayes_factor > 3.0).all()
    assert (direct.log10_bayes_factor < 2.0).all()


def test_the_sentence_on_a_direct_escape_says_that_its_orbit_does_not_tell() -> None:
    prepared = prepare(table(DIRECT))
    for index in range(2):
        evidence = orbit.explain(prepared, index, orbit.score(prepared))
        assert "alone does not tell" in evidence.summary


def test_the_likelihood_ratio_averages_to_one_under_its_null() -> None:
    """Both densities are normalised: the mean Bayes factor of natural NEAs is 1."""
    values, survival = orbit._null_distribution()
    mass = -np.diff(np.append(survival, 0.0))
    assert np.sum(mass * 10.0**values) == pytest.approx(1.0, abs=0.12)


def test_observed_counts_of_the_catalogue_follow_the_smooth_null() -> None:
    """How many catalogued NEAs look this artificial, against the number the null expects (Poisson, 4σ)."""
    prepared = prepare(load_bundled().table)
    p = orbit.p_values(prepared.encounters)
    n = load_natural_orbits().n_reference
    for threshold in (1e-4, 3e-4, 1e-3, 1e-2, 1e-1):
        expected = threshold * n
        assert abs(np.count_nonzero(p <= threshold) - expected) < 4.0 * np.sqrt(expected) + 0.25 * expected


def test_interval_holds_the_value_and_widens_for_a_poor_orbit() -> None:
    good, poor = (prepare(table(LEAKERS).with_columns(U=pl.lit(code))) for code in ("0", "9"))
    sharp, loose = orbit.score(good), orbit.score(poor)
    for columns in (sharp, loose):
        assert (columns.lo <= columns.log10_bayes_factor).all()
        assert (columns.hi >= columns.log10_bayes_factor).all()
    assert ((loose.hi - loose.lo) > (sharp.hi - sharp.lo) + 0.3).all()


def test_a_circular_coplanar_orbit_is_judged() -> None:
    """e = i = 0 is valid."""
    columns = orbit.score(prepare(table({"ring": (2460000.5, 1.02, 0.0, 0.0, 0.0, 0.0, 10.0)})))
    assert np.isfinite(columns.log10_bayes_factor).all()
