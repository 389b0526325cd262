"""Objects made ready for the lines of evidence: the table, and the geometry that several lines share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from aneos.constants import A1_PER_AMR_AU_D2
from aneos.evidence.base import FloatArray
from aneos.orbits import KeplerianElements, encounter_geometry, v_z_kms
from aneos.populations.encounter_space import EncounterSpace

_RUNOFF_ARCSEC = np.array([1.0, 4.4, 19.6, 86.5, 382.0, 1692.0, 7488.0, 33121.0, 146502.0, 732510.0])
"""In-orbit longitude runoff per decade by MPC uncertainty parameter U, upper edge of each class; five times the
lower edge for the open class 9."""

_CLASSES: Final = {str(digit): digit for digit in range(10)}


@dataclass(frozen=True)
class Prepared:
    """n objects in the order of ``table`` (catalogue columns, elliptic orbits only).

    ``encounters`` where each orbit stands in encounter space; ``speed_kms`` length of the velocity relative to
    Earth at the MOID; ``tangential_kms``, ``radial_kms``, ``normal_kms`` its components along Earth's motion,
    away from the Sun and northward; ``sigma_speed_kms`` error of the encounter speed that the orbit's quality implies,
    NaN where the table says nothing of it. All arrays have shape (n,).
    """

    table: pl.DataFrame
    encounters: EncounterSpace
    speed_kms: FloatArray
    tangential_kms: FloatArray
    radial_kms: FloatArray
    normal_kms: FloatArray
    sigma_speed_kms: FloatArray
    _columns: dict[str, FloatArray] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return self.table.height

    def column(self, name: str) -> FloatArray:
        """A numeric column as float64, NaN where null."""
        if name not in self._columns:
            self._columns[name] = self.table[name].cast(pl.Float64).to_numpy()
        return self._columns[name]

    def area_to_mass(self) -> tuple[FloatArray, FloatArray]:
        """AMR and its σ in m²/kg, from ``amr_m2kg`` or else from ``A1``; NaN where unknown, both (n,)."""
        amr, sigma = self.column("amr_m2kg"), self.column("amr_sigma_m2kg")
        from_a1 = ~np.isfinite(amr) & np.isfinite(self.column("A1"))
        amr = np.where(from_a1, self.column("A1") / A1_PER_AMR_AU_D2, amr)
        sigma = np.where(from_a1, self.column("A1_sigma") / A1_PER_AMR_AU_D2, sigma)
        return amr, sigma


def prepare(table: pl.DataFrame) -> Prepared:
    """Compute the shared geometry of every row. Rows must hold valid elliptic elements (0 ≤ e < 1, a > 0)."""
    elements = KeplerianElements.from_table(table)
    met = encounter_geometry(elements)
    vertical = np.abs(v_z_kms(elements.a_au, elements.e, elements.i_deg))
    planar = np.hypot(met.v_along_kms, met.v_radial_kms)
    return Prepared(
        table=table,
        encounters=EncounterSpace(planar, vertical, met.moid_au),
        speed_kms=met.v_rel_kms,
        tangential_kms=met.v_along_kms,
        radial_kms=met.v_radial_kms,
        normal_kms=met.v_normal_kms,
        sigma_speed_kms=_speed_sigma(table, elements.a_au),
    )


def _speed_sigma(table: pl.DataFrame, a_au: FloatArray) -> FloatArray:
    """Error of the encounter speed in km/s from the published width of a, else from the MPC's U, shape (n,); NaN
    without either.

    The runoff of U gives the error of the mean motion, that of a follows from Kepler's third law, and half of its
    relative error times the orbital speed is the error of the speed.
    """
    code = np.array([_CLASSES.get((u or "").strip()[:1], -1) for u in table["U"].to_list()], dtype=np.int64)
    runoff_deg = np.where(code >= 0, _RUNOFF_ARCSEC[np.clip(code, 0, 9)], np.nan) / 3600.0
    motion_deg = 0.985_607_6 * a_au**-1.5 * 3652.5
    relative_a = 2.0 / 3.0 * runoff_deg / motion_deg
    if "sigma_a_au" in table.columns:
        width = table["sigma_a_au"].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        relative_a = np.where(width >= 0.0, width / a_au, relative_a)
    return np.asarray(0.5 * relative_a * 29.785 / np.sqrt(a_au))
