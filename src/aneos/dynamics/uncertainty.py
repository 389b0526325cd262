"""An orbit with its uncertainty: nominal parameters and a covariance, in whatever coordinates they come.

Coordinates are told by their names: cometary (SBDB, MPC), Keplerian (Find_Orb), equinoctial (NEODyS, kete) or
Cartesian, each with any of A1, A2, A3 or the area-to-mass ratio. Lengths in au, angles in degrees, times in days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from aneos.constants import A1_PER_AMR_AU_D2, GM_SUN_AU3_D2
from aneos.dynamics.bodies import EARTH
from aneos.dynamics.ephemeris import TO_ECLIPTIC, body_states
from aneos.dynamics.states import States
from aneos.errors import InputError
from aneos.orbits import CometaryElements, KeplerianElements, elements_to_state

FloatArray = npt.NDArray[np.float64]
Centre = Literal["Sun", "Earth"]
Frame = Literal["ecliptic", "equatorial"]

COMETARY: Final = ("e", "q_au", "tp_tdb_jd", "node_deg", "peri_deg", "i_deg")
KEPLERIAN: Final = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
EQUINOCTIAL: Final = ("a_au", "h", "k", "p", "q", "mean_longitude_deg")
"""h = e sin(peri + node), k = e cos(peri + node), p = tan(i/2) sin(node), q = tan(i/2) cos(node)."""
CARTESIAN: Final = ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d")
COORDINATES: Final = (COMETARY, KEPLERIAN, EQUINOCTIAL, CARTESIAN)
FORCES: Final = ("A1", "A2", "A3", "amr_m2kg")

ASYMMETRY: Final = 1e-6
"""Largest difference of mirrored entries of the correlation matrix that rounding explains."""
NEGATIVE: Final = 1e-6
"""Largest negative eigenvalue of the correlation matrix, against the largest one, that rounding explains."""


class CovarianceLike(Protocol):
    """What a covariance from an archive offers: :class:`aneos.archives.OrbitCovariance` is one."""

    @property
    def epoch_tdb_jd(self) -> float: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def values(self) -> FloatArray: ...
    @property
    def matrix(self) -> FloatArray: ...


@dataclass(frozen=True, slots=True, eq=False)
class OrbitUncertainty:
    """Nominal parameters (k,) and covariance (k, k) in the units of the ``labels``, at one epoch.

    The labels are one of :data:`COORDINATES` and any of :data:`FORCES`, in any order. ``centre`` and ``frame`` say
    about what and along which axes the coordinates are (geocentric equatorial elements are Find_Orb's for objects
    near the Earth). ``fixed`` holds forces that are known without uncertainty. ``assumed`` marks a covariance that
    was not fitted but supposed. Raises InputError for parameters that are no such set, and for a covariance that is
    none: wrong shape, not finite, not symmetric, a variance or an eigenvalue below zero.
    """

    epoch_tdb_jd: float
    labels: tuple[str, ...]
    values: FloatArray
    matrix: FloatArray
    centre: Centre = "Sun"
    frame: Frame = "ecliptic"
    fixed: Mapping[str, float] = field(default_factory=dict)
    assumed: bool = False

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        matrix = np.asarray(self.matrix, dtype=np.float64)
        _check_labels(self.labels, tuple(self.fixed))
        _check_covariance(self.labels, values, matrix)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "matrix", 0.5 * (matrix + matrix.T))

    @classmethod
    def of(
        cls,
        covariance: CovarianceLike,
        *,
        fixed: Mapping[str, float] | None = None,
        without: tuple[str, ...] = (),
    ) -> Self:
        """From an archive's covariance (heliocentric, ecliptic J2000).

        Parameters named in ``without`` are left out, that is, marginalised over: a comet's time delay ``DT``, say,
        which the force model does not have and which therefore raises InputError where it is not named.
        """
        keep = [row for row, label in enumerate(covariance.labels) if label not in without]
        return cls(
            covariance.epoch_tdb_jd,
            tuple(covariance.labels[row] for row in keep),
            covariance.values[keep],
            covariance.matrix[np.ix_(keep, keep)],
            fixed=fixed or {},
        )

    @classmethod
    def from_sigmas(
        cls,
        epoch_tdb_jd: float,
        values: Mapping[str, float],
        sigmas: Mapping[str, float],
        *,
        centre: Centre = "Sun",
        frame: Frame = "ecliptic",
    ) -> Self:
        """From standard deviations alone, without correlations: they are taken as zero, which is too wide.

        ``values`` has all parameters; those that ``sigmas`` lacks must be forces and are held fixed.
        """
        labels = tuple(label for label in values if label in sigmas)
        unknown = [label for label in sigmas if label not in values]
        if unknown:
            raise InputError(f"{unknown[0]} has a sigma but no value", source="sigmas")
        fixed = {label: float(values[label]) for label in values if label not in sigmas}
        wrong = [label for label in fixed if label not in FORCES]
        if wrong:
            raise InputError(f"{wrong[0]} has no sigma", source="sigmas")
        deviations = np.array([sigmas[label] for label in labels], dtype=np.float64)
        nominal = np.array([values[label] for label in labels], dtype=np.float64)
        return cls(
            epoch_tdb_jd, labels, nominal, np.diag(deviations**2), centre=centre, frame=frame, fixed=fixed
        )

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Which of :data:`COORDINATES` the orbit is given in."""
        return next(kind for kind in COORDINATES if set(kind) <= set(self.labels))

    def sigma(self, label: str) -> float:
        """Standard deviation of one parameter. ``ValueError`` where it is not among the labels."""
        row = self.labels.index(label)
        return float(np.sqrt(self.matrix[row, row]))

    def states(self, parameters: FloatArray) -> States:
        """Parameters (n, k) in the order of the labels as heliocentric ecliptic states; NaN where they are no orbit."""
        column = {label: parameters[:, number] for number, label in enumerate(self.labels)}
        gm = GM_SUN_AU3_D2 if self.centre == "Sun" else EARTH.gm_au3_d2
        position, velocity = _cartesian(self.coordinates, column, self.epoch_tdb_jd, gm)
        if self.frame == "equatorial":
            position, velocity = position @ TO_ECLIPTIC.T, velocity @ TO_ECLIPTIC.T
        if self.centre == "Earth":
            earth_r, earth_v = body_states("Earth", self.epoch_tdb_jd)
            position, velocity = position + earth_r, velocity + earth_v
        n = parameters.shape[0]
        force = {
            label: column[label] if label in column else np.full(n, float(self.fixed.get(label, 0.0)))
            for label in FORCES
        }
        a1 = force["A1"] + A1_PER_AMR_AU_D2 * force["amr_m2kg"]
        return States(position, velocity, np.full(n, self.epoch_tdb_jd), a1, force["A2"], force["A3"])

    def nominal(self) -> States:
        """The nominal orbit, one row."""
        return self.states(self.values[None, :])


def _cartesian(
    coordinates: tuple[str, ...], column: Mapping[str, FloatArray], epoch: float, gm: float
) -> tuple[FloatArray, FloatArray]:
    """Position and velocity (n, 3) about the centre, along the axes of the coordinates."""
    if coordinates == CARTESIAN:
        both = np.stack([column[label] for label in CARTESIAN], axis=1)
        return both[:, :3], both[:, 3:]
    if "i_deg" in coordinates:  # a draw below zero degrees is an orbit with the other node
        below = column["i_deg"] < 0.0
        column = {
            **column,
            "i_deg": np.abs(column["i_deg"]),
            "node_deg": column["node_deg"] + 180.0 * below,
            "peri_deg": column["peri_deg"] - 180.0 * below,
        }
    if coordinates == COMETARY:
        orbit: CometaryElements | KeplerianElements = CometaryElements(
            column["q_au"],
            column["e"],
            column["i_deg"],
            column["node_deg"],
            column["peri_deg"],
            column["tp_tdb_jd"],
            np.asarray(epoch),
        )
    elif coordinates == KEPLERIAN:
        orbit = KeplerianElements(
            column["a_au"],
            column["e"],
            column["i_deg"],
            column["node_deg"],
            column["peri_deg"],
            column["mean_anomaly_deg"],
            np.asarray(epoch),
        )
    else:
        pericentre = np.degrees(np.arctan2(column["h"], column["k"]))
        node = np.degrees(np.arctan2(column["p"], column["q"]))
        orbit = KeplerianElements(
            column["a_au"],
            np.hypot(column["h"], column["k"]),
            2.0 * np.degrees(np.arctan(np.hypot(column["p"], column["q"]))),
            node,
            pericentre - node,
            column["mean_longitude_deg"] - pericentre,
            np.asarray(epoch),
        )
    return elements_to_state(orbit, epoch, gm)


def _check_labels(labels: tuple[str, ...], fixed: tuple[str, ...]) -> None:
    if len(set(labels)) != len(labels):
        raise InputError("two parameters have the same name", source="covariance")
    kind = next((set(kind) for kind in COORDINATES if set(kind) <= set(labels)), None)
    if kind is None:
        raise InputError(
            f"the parameters {', '.join(labels)} are no orbit: cometary, Keplerian, equinoctial or Cartesian",
            source="covariance",
        )
    beyond = [label for label in (*labels, *fixed) if label not in kind and label not in FORCES]
    if beyond:
        raise InputError(f"{beyond[0]} is not in the force model", source="covariance")
    if "amr_m2kg" in (*labels, *fixed) and "A1" in (*labels, *fixed):
        raise InputError("A1 and the area-to-mass ratio are the same force: give one", source="covariance")


def _check_covariance(labels: tuple[str, ...], values: FloatArray, matrix: FloatArray) -> None:
    k = len(labels)
    if values.shape != (k,) or matrix.shape != (k, k):
        raise InputError(
            f"{k} parameters need {k} values and a {k} by {k} matrix, not shapes {values.shape} and {matrix.shape}",
            source="covariance",
        )
    for label, value, variance in zip(labels, values, np.diag(matrix), strict=True):
        if not np.isfinite(value):
            raise InputError(f"the nominal {label} is {value}", source="covariance")
        if not (np.isfinite(variance) and variance >= 0.0):
            raise InputError(f"the variance of {label} is {variance}", source="covariance")
    if not np.isfinite(matrix).all():
        raise InputError("it has entries that are not finite", source="covariance")
    correlation = correlation_of(matrix)
    if np.abs(correlation - correlation.T).max() > ASYMMETRY:
        raise InputError("it is not symmetric", source="covariance")
    eigenvalues = np.linalg.eigvalsh(0.5 * (correlation + correlation.T))
    if eigenvalues[0] < -NEGATIVE * eigenvalues[-1]:
        raise InputError(
            f"it is no covariance: its correlation matrix has an eigenvalue of {eigenvalues[0]:.3g}",
            source="covariance",
        )


def correlation_of(matrix: FloatArray) -> FloatArray:
    """The matrix over its standard deviations, (k, k); parameters without variance get zeros, also off-diagonal."""
    sigma = np.sqrt(np.diag(matrix))
    scale = np.where(sigma > 0.0, sigma, np.inf)
    without = sigma == 0.0
    if np.any(matrix[without, :] != 0.0):
        raise InputError("a parameter without variance has a covariance with another", source="covariance")
    return np.asarray(matrix / np.outer(scale, scale))
