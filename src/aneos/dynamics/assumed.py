"""A covariance for an orbit that was published without one, from what the Minor Planet Center does publish.

The MPC gives the observed arc, the number of observations and the uncertainty parameter U, which stands for the
run-off along the orbit after ten years. The shape of the covariance is that of a least-squares fit to observations
spread evenly over the arc, seen from the Earth, two bodies only; its size is scaled to the run-off that U stands for.
It is a supposition and marked so: which nights were clear, and which star catalogue erred, nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from aneos.dynamics.engine import propagate
from aneos.dynamics.ephemeris import body_states
from aneos.dynamics.states import States
from aneos.dynamics.uncertainty import CARTESIAN, FORCES, OrbitUncertainty
from aneos.errors import InputError
from aneos.orbits import KeplerianElements, check_elements, propagate_state, state_to_elements

FloatArray = npt.NDArray[np.float64]

SIGMA_ARCSEC: Final = 0.5
"""Error of one observed place, in each coordinate."""
OBSERVATIONS_A_NIGHT: Final = 4
"""Observations of one night share their errors and count as one."""
MOST_NIGHTS: Final = 200
PRIOR_AU: Final = 0.3
PRIOR_AU_D: Final = 5e-3
"""A weak prior on each component of place and velocity (9 km/s): what a near-Earth object can have at all."""

RUNOFF_LOG_STEP: Final = np.log(648_000.0) / 9.0
"""Natural logarithm of the ratio of run-offs between two values of U (MPC, "Uncertainty parameter U")."""
GAUSSIAN_K_DEG: Final = np.degrees(0.01720209895)

_ARCSEC: Final = np.radians(1.0 / 3600.0)


def assumed_uncertainty(
    elements: KeplerianElements,
    *,
    U: str | int | None,
    arc_days: float,
    n_obs: int,
    last_observation_tdb_jd: float | None = None,
    forces: Mapping[str, tuple[float, float]] | None = None,
) -> OrbitUncertainty:
    """An :class:`OrbitUncertainty` of one orbit (one row) with ``assumed=True``, Cartesian, in the middle of its arc.

    ``U`` is the MPC's parameter "0" to "9"; None or a letter leaves the size to the arc and the number of
    observations. The arc ends at ``last_observation_tdb_jd``, or at the epoch where that is not known. ``forces``
    maps names of :data:`aneos.dynamics.uncertainty.FORCES` to value and standard deviation. Raises InputError for more
    than one row, an orbit that is none or not elliptic, an arc or a number of observations that is not positive.
    """
    _check(elements, arc_days, n_obs)
    last = float(elements.epoch_tdb_jd[0]) if last_observation_tdb_jd is None else last_observation_tdb_jd
    middle = last - 0.5 * arc_days
    there = propagate(States.from_elements(elements), middle)
    if not there.done[0]:
        raise InputError(
            f"the orbit cannot be carried to the middle of its arc, JD {middle:.1f}", source="orbit"
        )
    state = there.states
    nights = int(np.clip(n_obs // OBSERVATIONS_A_NIGHT, 3, MOST_NIGHTS))
    days = np.linspace(-0.5 * arc_days, 0.5 * arc_days, nights)
    matrix = _fitted_covariance(state, days, SIGMA_ARCSEC * _ARCSEC)
    target = runoff_of(U)
    if target is not None:
        found = _runoff(state, matrix)
        # U = 0 has no lower bound: there the arc and the number of observations say more
        target = min(found, 1.0) if str(U).strip() == "0" else target
        matrix *= (target / found) ** 2
    labels: tuple[str, ...] = CARTESIAN
    values = np.concatenate([state.position_au[0], state.velocity_au_d[0]])
    if forces:
        unknown = [name for name in forces if name not in FORCES]
        if unknown:
            raise InputError(f"{unknown[0]} is not in the force model", source="forces")
        labels = (*labels, *forces)
        values = np.concatenate([values, [value for value, _ in forces.values()]])
        k = matrix.shape[0]
        wider = np.zeros((len(labels), len(labels)))
        wider[:k, :k] = matrix
        wider[np.arange(k, len(labels)), np.arange(k, len(labels))] = [s**2 for _, s in forces.values()]
        matrix = wider
    return OrbitUncertainty(middle, labels, values, matrix, assumed=True)


def runoff_of(U: str | int | None) -> float | None:
    """Run-off in arcseconds a decade in the middle (logarithmically) of the class U; None for letters and None."""
    text = "" if U is None else str(U).strip()
    if not text.isdigit() or not 0 <= int(text) <= 9:
        return None
    return float(np.exp(RUNOFF_LOG_STEP * (int(text) - 0.5)))


def uncertainty_parameter(period_yr: float, e: float, sigma_period_days: float, sigma_tp_days: float) -> int:
    """The MPC's U, 0 to 9, from the uncertainties of the period and of the perihelion passage."""
    runoff = _runoff_formula(period_yr, e, sigma_period_days, sigma_tp_days)
    return int(np.clip(np.floor(np.log(max(runoff, 1e-300)) / RUNOFF_LOG_STEP) + 1.0, 0.0, 9.0))


def _runoff_formula(period_yr: float, e: float, sigma_period_days: float, sigma_tp_days: float) -> float:
    """Arcseconds a decade: (dT e + 10 dP / P) (k / P) 3600 x 3, k Gauss' constant in degrees (MPC)."""
    spread = sigma_tp_days * e + 10.0 * sigma_period_days / period_yr
    return float(spread * GAUSSIAN_K_DEG / period_yr * 3600.0 * 3.0)


def _fitted_covariance(state: States, days: FloatArray, sigma_rad: float) -> FloatArray:
    """Covariance (6, 6) of a state from places on the sky at ``days`` from it, seen from the Earth."""
    earth, _ = body_states("Earth", state.epoch_tdb_jd[0] + days)
    nominal = np.concatenate([state.position_au[0], state.velocity_au_d[0]])
    steps = np.array([1e-6] * 3 + [1e-8] * 3)
    shifted = nominal + np.concatenate([np.diag(steps), -np.diag(steps)])
    rows = np.repeat(shifted, days.size, axis=0)
    position, _ = propagate_state(rows[:, :3], rows[:, 3:], np.tile(days, 12))
    seen = position.reshape(12, days.size, 3) - earth
    distance = np.linalg.norm(seen, axis=2, keepdims=True)
    unit = seen / distance
    slope = (unit[:6] - unit[6:]) / (
        2.0 * steps[:, None, None]
    )  # (6, nights, 3): along the sky, no radial part
    design = slope.reshape(6, -1)
    normal = design @ design.T / sigma_rad**2
    normal += np.diag([PRIOR_AU**-2] * 3 + [PRIOR_AU_D**-2] * 3)
    scale = 1.0 / np.sqrt(np.diag(normal))
    inverse = np.linalg.inv(normal * np.outer(scale, scale))
    covariance = inverse * np.outer(scale, scale)
    return np.asarray(0.5 * (covariance + covariance.T))


def _runoff(state: States, covariance: FloatArray) -> float:
    """The run-off that a covariance of the state stands for, by the MPC's formula and numerical derivatives."""
    nominal = np.concatenate([state.position_au[0], state.velocity_au_d[0]])
    sigma = np.sqrt(np.diag(covariance))
    steps = np.minimum(1e-3 * sigma, [1e-6] * 3 + [1e-8] * 3)
    shifted = nominal + np.concatenate([np.diag(steps), -np.diag(steps)])
    found = state_to_elements(shifted[:, :3], shifted[:, 3:], state.epoch_tdb_jd[0])
    period = found.period_days
    mean = np.remainder(found.mean_anomaly_deg + 180.0, 360.0) - 180.0
    after = mean / found.mean_motion_deg_d  # days since the perihelion passage nearest to the epoch
    slopes = np.stack([(values[:6] - values[6:]) / (2.0 * steps) for values in (period, after)])
    spread = np.sqrt(np.einsum("ij,jk,ik->i", slopes, covariance, slopes))
    return _runoff_formula(
        float(np.mean(period)) / 365.25, float(np.mean(found.e)), float(spread[0]), float(spread[1])
    )


def _check(elements: KeplerianElements, arc_days: float, n_obs: int) -> None:
    if len(elements) != 1:
        raise InputError(f"one orbit is wanted, not {len(elements)}", source="orbit")
    reason = check_elements(elements)[0]
    if reason is not None:
        raise InputError(reason, source="orbit")
    if elements.e[0] >= 1.0:
        raise InputError("a hyperbolic orbit has no uncertainty parameter", source="orbit")
    if not (np.isfinite(arc_days) and arc_days > 0.0):
        raise InputError(f"the observed arc must be positive, not {arc_days} d", source="arc_days")
    if n_obs < 1:
        raise InputError(f"the number of observations must be positive, not {n_obs}", source="n_obs")
