"""The result of fitting one object: orbit, uncertainty, push, and everything that qualifies them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from aneos.astrometry.calendar import iso_time
from aneos.astrometry.manoeuvres import Kick, Piece
from aneos.astrometry.outlook import Outlook
from aneos.astrometry.rivals import Rival, mixed_elements
from aneos.astrometry.steadiness import Steadiness
from aneos.catalogue.schema import COLUMNS
from aneos.constants import OBLIQUITY_J2000_DEG
from aneos.dynamics.fitting import SUN_ID, FloatArray, body_state, tdb_to_utc
from aneos.errors import RejectedRow
from aneos.orbits.twobody import state_to_elements

ELEMENTS = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")


@dataclass(frozen=True, slots=True, eq=False)
class FitResult:
    """The orbit of one object from its observations.

    ``state`` (6,) is barycentric, ICRF equatorial, au and au/d, at ``epoch_tdb_jd``; ``nongravitational`` A1, A2, A3
    in au/d² of the chosen ``model``; ``covariance`` (9, 9) of both, scaled up where the residuals are larger than
    their weights promise. ``push`` is :func:`aneos.astrometry.models.area_to_mass`. ``residuals`` has a row an
    observation of the file, ``stations`` one a station. ``alternatives`` are the orbits that fit nearly as well, the
    best first; ``covariance`` covers them all. ``flags`` are short words (see docs/astrometry.md), each
    explained in ``remarks``.
    """

    designation: str
    names: tuple[str, ...]
    epoch_tdb_jd: float
    state: FloatArray
    nongravitational: FloatArray
    covariance: FloatArray
    model: str
    push: dict[str, Any]
    costs: dict[str, float]
    transverse: tuple[float, float] | None
    converged: bool
    rms_arcsec: float
    reduced_chi2: float
    n_obs: int
    n_used: int
    n_radar: int
    arc_days: float
    nights: int
    first_utc: str
    last_utc: str
    H: float | None
    H_scatter: float | None
    geocentric: dict[str, Any]
    residuals: pl.DataFrame
    stations: pl.DataFrame
    kick: Kick | None = None
    pieces: tuple[Piece, ...] = ()
    steadiness: Steadiness | None = None
    outlook: Outlook | None = None
    alternatives: tuple[Rival, ...] = ()
    flags: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    seconds: float = 0.0
    force_model: str = ""

    @property
    def elements(self) -> dict[str, float]:
        """Osculating heliocentric Keplerian elements, ecliptic J2000 (au, degrees)."""
        return self._elements_of(self.state)

    def _elements_of(self, state: FloatArray) -> dict[str, float]:
        position, velocity = heliocentric_ecliptic(self.epoch_tdb_jd, state)
        orbit = state_to_elements(position, velocity, self.epoch_tdb_jd)
        return {name: float(getattr(orbit, name)[0]) for name in ELEMENTS}

    @property
    def element_covariance(self) -> FloatArray:
        """Covariance (6, 6) of :attr:`elements`, in their order and units, linear in the state about each orbit."""
        if len(self.alternatives) > 1:
            return mixed_elements(self.alternatives, self._elements_of)
        jacobian = element_jacobian(self.epoch_tdb_jd, self.state, self.covariance[:6, :6])
        return np.asarray(jacobian @ self.covariance[:6, :6] @ jacobian.T)

    def to_row(self) -> dict[str, Any]:
        """A row of the catalogue table (columns of ``aneos.catalogue.schema``)."""
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= self.elements
        row |= {
            "designation": self.designation,
            "aliases": [name for name in self.names if name != self.designation] or None,
            "epoch_tdb_jd": self.epoch_tdb_jd,
            "H": self.H,
            "G": 0.15 if self.H is not None else None,
            "arc_days": self.arc_days,
            "arc_is_lower_bound": False,
            "n_obs": self.n_obs,
            "last_observation": date.fromisoformat(self.last_utc[:10]),
            "rms_arcsec": self.rms_arcsec,
            "source": "fit to observations",
        }
        for name in ("amr_m2kg", "amr_sigma_m2kg", "A1", "A1_sigma", "A2", "A2_sigma", "A3", "A3_sigma"):
            if self.push.get(name) is not None:
                row[name] = self.push[name]
        if self.transverse is not None and row["A2"] is None:
            row["A2"], row["A2_sigma"] = self.transverse
        return row

    def to_table(self) -> pl.DataFrame:
        """:meth:`to_row` as a table of one row in the types of the schema."""
        return pl.DataFrame([self.to_row()], schema=COLUMNS, orient="row")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the ``orbit`` member of an assessment, and what a page shows of a fit."""
        sigmas = np.sqrt(np.maximum(np.diag(self.element_covariance), 0.0))
        return {
            "designation": self.designation,
            "names": list(self.names),
            "epoch_tdb_jd": self.epoch_tdb_jd,
            "epoch_utc": iso_time(tdb_to_utc(self.epoch_tdb_jd)),
            **self.elements,
            **{f"{name}_sigma": float(sigma) for name, sigma in zip(ELEMENTS, sigmas, strict=True)},
            "state_barycentric_equatorial_au": [float(value) for value in self.state],
            "covariance": [[float(value) for value in row] for row in self.covariance],
            "covariance_of": ["x", "y", "z", "vx", "vy", "vz", "A1", "A2", "A3"],
            "model": self.model,
            **{name: value for name, value in self.push.items() if name != "model"},
            "A1_read_from": self.push.get("model"),
            "A2_alone": None if self.transverse is None else list(self.transverse),
            "model_costs": self.costs,
            "converged": self.converged,
            "rms_arcsec": self.rms_arcsec,
            "reduced_chi2": self.reduced_chi2,
            "n_obs": self.n_obs,
            "n_used": self.n_used,
            "n_radar": self.n_radar,
            "arc_days": self.arc_days,
            "nights": self.nights,
            "first_observation_utc": self.first_utc,
            "last_observation_utc": self.last_utc,
            "H": self.H,
            "H_scatter": self.H_scatter,
            "geocentric": self.geocentric,
            "stations": self.stations.to_dicts(),
            "kick": None if self.kick is None else self.kick.to_dict(),
            "pieces": [piece.to_dict() for piece in self.pieces],
            "steadiness": None if self.steadiness is None else self.steadiness.to_dict(),
            "outlook": None if self.outlook is None else self.outlook.to_dict(),
            "alternatives": [rival.to_dict(self.epoch_tdb_jd) for rival in self.alternatives[1:]],
            "flags": list(self.flags),
            "remarks": list(self.remarks),
            "rejected": [row.to_dict() for row in self.rejected],
            "force_model": self.force_model,
        }


@dataclass(frozen=True, slots=True)
class FitFailure:
    """An object whose observations gave no orbit, and why."""

    designation: str
    reason: str
    n_obs: int
    rejected: tuple[RejectedRow, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        return {
            "designation": self.designation,
            "reason": self.reason,
            "n_obs": self.n_obs,
            "rejected": [row.to_dict() for row in self.rejected],
        }


def heliocentric_ecliptic(epoch: float, state: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Heliocentric ecliptic J2000 position (au) and velocity (au/d) of a barycentric equatorial state."""
    relative = state - body_state(SUN_ID, epoch)
    turn = to_ecliptic()
    return turn @ relative[:3], turn @ relative[3:]


def to_ecliptic() -> FloatArray:
    """Rotation (3, 3) from the equator of J2000 to its ecliptic."""
    tilt = np.radians(OBLIQUITY_J2000_DEG)
    return np.array([[1.0, 0.0, 0.0], [0.0, np.cos(tilt), np.sin(tilt)], [0.0, -np.sin(tilt), np.cos(tilt)]])


def element_jacobian(epoch: float, state: FloatArray, covariance: FloatArray) -> FloatArray:
    """Derivatives (6, 6) of the heliocentric elements by the state, by central differences."""
    position, velocity = heliocentric_ecliptic(epoch, state)
    both = np.concatenate([position, velocity])
    steps = np.array([1e-7] * 3 + [1e-9] * 3)
    shifted = np.repeat(both[None, :], 12, axis=0)
    shifted[:6] += np.diag(steps)
    shifted[6:] -= np.diag(steps)
    orbit = state_to_elements(shifted[:, :3], shifted[:, 3:], epoch)
    values = np.stack([getattr(orbit, name) for name in ELEMENTS], axis=1)
    change = values[:6] - values[6:]
    change[:, 2:] = (change[:, 2:] + 180.0) % 360.0 - 180.0
    turn = np.zeros((6, 6))
    turn[:3, :3] = turn[3:, 3:] = to_ecliptic()
    return np.asarray((change / (2.0 * steps[:, None])).T @ turn)
