"""The covariance of a fitted orbit, with the name and unit of every parameter: what clones are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aneos.archives.errors import ArchiveChanged
from aneos.evidence.base import FloatArray

ASYMMETRY: Final = 1e-6
"""Largest relative difference of two mirrored entries: published matrices are rounded to some 16 digits."""

NEGATIVE: Final = 1e-6
"""Largest negative eigenvalue of the correlation matrix, as a share of the largest one, that rounding explains."""

UNITS: Final[Mapping[str, str]] = {
    "e": "",
    "q_au": "au",
    "tp_tdb_jd": "d",
    "node_deg": "deg",
    "peri_deg": "deg",
    "i_deg": "deg",
    "mean_longitude_deg": "deg",
    "mean_anomaly_deg": "deg",
    "a_au": "au",
    "h": "",
    "k": "",
    "p": "",
    "q": "",
    "A1": "au/d^2",
    "A2": "au/d^2",
    "A3": "au/d^2",
    "DT": "d",
    "amr_m2kg": "m^2/kg",
    "rho_kgm3": "kg/m^3",
}
"""Unit of each parameter. ``h``, ``k``, ``p``, ``q`` are the equinoctial elements e sin(peri + node),
e cos(peri + node), tan(i/2) sin(node), tan(i/2) cos(node)."""


@dataclass(frozen=True, slots=True)
class OrbitCovariance:
    """Nominal parameters and their covariance at one epoch.

    ``epoch_tdb_jd`` is the epoch of the osculating elements, heliocentric, ecliptic J2000; it may differ from that
    of the elements published beside it. ``labels`` has k names of :data:`UNITS`; ``values`` shape (k,), ``matrix``
    shape (k, k), in the units of the labels. Parameters that were not estimated are not in it.
    """

    epoch_tdb_jd: float
    labels: tuple[str, ...]
    values: FloatArray
    matrix: FloatArray

    def sigma(self, label: str) -> float:
        """Standard deviation of one parameter, in its unit. ``ValueError`` where it was not estimated."""
        row = self.labels.index(label)
        return float(np.sqrt(self.matrix[row, row]))

    def value(self, label: str) -> float:
        """Nominal value of one parameter, in its unit. ``ValueError`` where it was not estimated."""
        return float(self.values[self.labels.index(label)])

    def units(self) -> tuple[str, ...]:
        return tuple(UNITS[label] for label in self.labels)


def checked(
    service: str, epoch_tdb_jd: float, labels: Sequence[str], values: FloatArray, matrix: FloatArray
) -> OrbitCovariance:
    """A covariance that can be one: finite, symmetric, no negative variance or eigenvalue beyond rounding.

    Raises ArchiveChanged, naming the parameter. The matrix given back is exactly symmetric.
    """
    k = len(labels)
    if matrix.shape != (k, k) or values.shape != (k,):
        seen = f"{' × '.join(map(str, matrix.shape))} for {values.size} values"
        raise ArchiveChanged(service, "its covariance", seen=seen, expected=f"{k} × {k}")
    if len(set(labels)) != k:
        raise ArchiveChanged(service, "its covariance", seen="two equal labels", expected="distinct ones")
    variance = np.diag(matrix)
    if not (np.isfinite(matrix).all() and (variance > 0.0).all()):
        bad = labels[int(np.argmin(np.where(np.isfinite(variance), variance, -np.inf)))]
        raise ArchiveChanged(
            service, f"its covariance of {bad}", seen="no positive finite variance", expected="one"
        )
    scale = np.sqrt(np.outer(variance, variance))
    correlation = matrix / scale
    if np.abs(correlation - correlation.T).max() > ASYMMETRY:
        raise ArchiveChanged(service, "its covariance", seen="not symmetric", expected="a symmetric matrix")
    eigenvalues = np.linalg.eigvalsh(0.5 * (correlation + correlation.T))
    if eigenvalues[0] < -NEGATIVE * eigenvalues[-1]:
        seen = f"an eigenvalue of {eigenvalues[0]:.1e}"
        raise ArchiveChanged(service, "its correlation matrix", seen=seen, expected="none below zero")
    return OrbitCovariance(epoch_tdb_jd, tuple(labels), values, 0.5 * (matrix + matrix.T))


def from_upper_triangle(entries: FloatArray, dimension: int) -> FloatArray:
    """The full symmetric matrix, shape (k, k), from its upper triangle row by row, k (k + 1) / 2 entries."""
    matrix = np.zeros((dimension, dimension))
    matrix[np.triu_indices(dimension)] = entries
    return matrix + np.triu(matrix, 1).T
