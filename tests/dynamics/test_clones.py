"""Draws follow the covariance they come from, in any coordinates; what is no covariance is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aneos.constants import A1_PER_AMR_AU_D2
from aneos.dynamics import OrbitUncertainty, draw_clones
from aneos.dynamics.clones import generator
from aneos.errors import InputError
from tests.dynamics.samples import SO_EPOCH, so_2020

# (54509) YORP, JPL SBDB orbit with covariance at JD 2452655.5 (adam_core's recorded reply): nominal values, sigmas,
# and the correlation of e with q, which is nearly -1.
YORP_EPOCH = 2_452_655.5
YORP = {
    "e": (0.2299151720454501, 1.42453062164143e-07),
    "q_au": (0.77011696168592, 1.4247951230459e-07),
    "tp_tdb_jd": (2452765.042754640346, 1.25276696455753e-05),
    "node_deg": (281.8868873799125, 6.70143460430361e-05),
    "peri_deg": (274.1048068048547, 6.43669146512159e-05),
    "i_deg": (1.833143913787904, 5.19027013575852e-06),
    "A2": (-8.720499998186807e-14, 3.077e-14),
}


def yorp(correlation_e_q: float = -0.9999) -> OrbitUncertainty:
    sigma = np.array([s for _, s in YORP.values()])
    correlation = np.eye(len(YORP))
    correlation[0, 1] = correlation[1, 0] = correlation_e_q
    return OrbitUncertainty(
        YORP_EPOCH,
        tuple(YORP),
        np.array([v for v, _ in YORP.values()]),
        correlation * np.outer(sigma, sigma),
    )


def test_draws_have_the_covariance_they_come_from() -> None:
    uncertainty = yorp()
    clones = draw_clones(uncertainty, 4000, seed=1)
    sigma = np.sqrt(np.diag(uncertainty.matrix))
    drawn = np.cov(clones.parameters.T) / np.outer(sigma, sigma)
    np.testing.assert_allclose(drawn, uncertainty.matrix / np.outer(sigma, sigma), atol=0.06)
    mean = (clones.parameters.mean(axis=0) - uncertainty.values) / sigma
    assert np.abs(mean).max() < 0.06
    assert clones.redrawn == 0


def test_states_of_clones_have_their_elements() -> None:
    clones = draw_clones(yorp(), 50, seed=2)
    elements = clones.states.elements()
    np.testing.assert_allclose(elements.e, clones.parameters[:, 0], rtol=1e-10)
    np.testing.assert_allclose(elements.q_au, clones.parameters[:, 1], rtol=1e-10)
    np.testing.assert_allclose(clones.states.A2, clones.parameters[:, 6])
    np.testing.assert_allclose(clones.states.epoch_tdb_jd, YORP_EPOCH)


def test_the_same_seed_gives_the_same_clones_and_another_seed_others() -> None:
    first, again, other = (draw_clones(yorp(), 20, seed=seed).parameters for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_generators_of_different_modules_are_independent() -> None:
    assert generator(1, "a").standard_normal() != generator(1, "b").standard_normal()
    assert generator(1, "a").standard_normal() == generator(1, "a").standard_normal()


def test_all_coordinates_describe_the_same_orbit() -> None:
    cometary = yorp().nominal()
    elements = cometary.elements()
    a, e, i, node, peri, mean = (
        float(getattr(elements, name)[0])
        for name in ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    )
    longitude, half = np.radians(node + peri), np.tan(np.radians(i) / 2.0)
    kinds = {
        "keplerian": {
            "a_au": a,
            "e": e,
            "i_deg": i,
            "node_deg": node,
            "peri_deg": peri,
            "mean_anomaly_deg": mean,
        },
        "equinoctial": {
            "a_au": a,
            "h": e * np.sin(longitude),
            "k": e * np.cos(longitude),
            "p": half * np.sin(np.radians(node)),
            "q": half * np.cos(np.radians(node)),
            "mean_longitude_deg": node + peri + mean,
        },
        "cartesian": dict(
            zip(
                ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d"),
                [*cometary.position_au[0], *cometary.velocity_au_d[0]],
                strict=True,
            )
        ),
    }
    for name, values in kinds.items():
        other = OrbitUncertainty.from_sigmas(YORP_EPOCH, values, dict.fromkeys(values, 1e-9)).nominal()
        np.testing.assert_allclose(other.position_au, cometary.position_au, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(other.velocity_au_d, cometary.velocity_au_d, atol=1e-14, err_msg=name)


def test_geocentric_equatorial_elements_come_out_heliocentric() -> None:
    """2020 SO's perigee of 225,182 km lies hours before the epoch: the object is near the Earth."""
    from aneos.constants import AU_KM
    from aneos.dynamics import body_states

    nominal = so_2020().nominal()
    earth, _ = body_states("Earth", SO_EPOCH)
    distance = np.linalg.norm(nominal.position_au - earth) * AU_KM
    assert distance == pytest.approx(225_416, abs=20)
    assert nominal.A1[0] == 3.04e-9


def test_an_area_to_mass_ratio_becomes_a1() -> None:
    values = {label: value for label, (value, _) in YORP.items() if label != "A2"}
    sigmas = {label: sigma for label, (_, sigma) in YORP.items() if label != "A2"}
    uncertainty = OrbitUncertainty.from_sigmas(
        YORP_EPOCH, values | {"amr_m2kg": 0.012}, sigmas | {"amr_m2kg": 0.001}
    )
    clones = draw_clones(uncertainty, 500, seed=5)
    assert clones.states.A1.mean() == pytest.approx(0.012 * A1_PER_AMR_AU_D2, rel=0.02)
    fixed = OrbitUncertainty.from_sigmas(YORP_EPOCH, values | {"amr_m2kg": 0.012}, sigmas)
    np.testing.assert_allclose(draw_clones(fixed, 3).states.A1, 0.012 * A1_PER_AMR_AU_D2)


def test_draws_that_are_no_orbit_are_drawn_anew_and_counted() -> None:
    values = {"a_au": 1.0, "e": 0.02, "i_deg": 0.1, "node_deg": 1.0, "peri_deg": 2.0, "mean_anomaly_deg": 3.0}
    sigmas = {
        "a_au": 1e-3,
        "e": 0.02,
        "i_deg": 0.2,
        "node_deg": 1.0,
        "peri_deg": 1.0,
        "mean_anomaly_deg": 1.0,
    }
    clones = draw_clones(OrbitUncertainty.from_sigmas(YORP_EPOCH, values, sigmas), 400, seed=6)
    assert len(clones) == 400
    assert 20 < clones.redrawn < 200
    assert (clones.parameters[:, 1] >= 0.0).all()
    assert np.isfinite(clones.states.position_au).all()


def test_a_covariance_that_gives_no_orbits_is_refused() -> None:
    values = {"a_au": 1.0, "e": 0.5, "i_deg": 0.1, "node_deg": 1.0, "peri_deg": 2.0, "mean_anomaly_deg": 3.0}
    sigmas = dict(values, e=1e6)
    with pytest.raises(InputError, match="too wide"):
        draw_clones(OrbitUncertainty.from_sigmas(YORP_EPOCH, values, sigmas), 50)


def with_matrix(change: object) -> OrbitUncertainty:
    good = yorp(0.0)
    matrix = good.matrix.copy()
    change(matrix)  # type: ignore[operator]
    return OrbitUncertainty(good.epoch_tdb_jd, good.labels, good.values, matrix)


def test_what_is_no_covariance_is_refused() -> None:
    sigma = np.sqrt(np.diag(yorp().matrix))

    def indefinite(matrix: np.ndarray) -> None:
        matrix[0, 1] = matrix[1, 0] = 1.5 * sigma[0] * sigma[1]

    def lopsided(matrix: np.ndarray) -> None:
        matrix[0, 1] = 0.5 * sigma[0] * sigma[1]

    def missing(matrix: np.ndarray) -> None:
        matrix[2, 3] = matrix[3, 2] = np.nan

    def negative(matrix: np.ndarray) -> None:
        matrix[4, 4] = -1.0

    for change, reason in (
        (indefinite, r"eigenvalue of -0\.5"),
        (lopsided, "not symmetric"),
        (missing, "not finite"),
        (negative, r"variance of peri_deg is -1\.0"),
    ):
        with pytest.raises(InputError, match=reason):
            with_matrix(change)


def test_wrong_shapes_and_names_are_refused() -> None:
    good = yorp()
    with pytest.raises(InputError, match="7 by 7 matrix"):
        OrbitUncertainty(good.epoch_tdb_jd, good.labels, good.values, good.matrix[:6, :6])
    with pytest.raises(InputError, match="are no orbit"):
        OrbitUncertainty(good.epoch_tdb_jd, ("e", "q_au"), good.values[:2], good.matrix[:2, :2])
    with pytest.raises(InputError, match="DT is not in the force model"):
        OrbitUncertainty(good.epoch_tdb_jd, (*good.labels[:6], "DT"), good.values, good.matrix)
    with pytest.raises(InputError, match="nominal i_deg is nan"):
        OrbitUncertainty(
            good.epoch_tdb_jd, good.labels, np.where(np.arange(7) == 5, np.nan, good.values), good.matrix
        )
    with pytest.raises(InputError, match="number of clones"):
        draw_clones(good, 0)


@pytest.mark.shared
def test_covariances_of_jpl_can_be_drawn_from(shared_data: Path) -> None:
    import json

    from aneos.archives import read_covariance

    reply = json.loads((shared_data / "services" / "adam_core_sbdb_Apophis_phys.json").read_text())
    covariance = read_covariance(reply)
    assert covariance is not None
    clones = draw_clones(OrbitUncertainty.of(covariance), 300, seed=7)
    assert clones.states.elements().a_au.mean() == pytest.approx(0.92250717, abs=1e-7)
    comet = json.loads((shared_data / "services" / "astroquery_sbdb_67P.json").read_text())
    delayed = read_covariance(comet)
    assert delayed is not None
    with pytest.raises(InputError, match="DT"):
        OrbitUncertainty.of(delayed)
    assert len(draw_clones(OrbitUncertainty.of(delayed, without=("DT",)), 10)) == 10
