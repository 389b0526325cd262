"""How an object would meet the Earth: speed and direction at the MOID, and what the elements alone say.

Speeds are those of two heliocentric ellipses where they are nearest, before the Earth's gravity acts.
Kilometres a second; vectors of shape (n, 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aneos.constants import AU_PER_DAY_KMS, EARTH_SPEED_KMS
from aneos.errors import InputError
from aneos.orbits.earth import A_AU as EARTH_A_AU
from aneos.orbits.earth import earth_elements
from aneos.orbits.elements import CometaryElements, FloatArray, KeplerianElements
from aneos.orbits.moid import MoidResult, mutual_moid
from aneos.orbits.twobody import orbit_normal, state_at_true_anomaly


@dataclass(frozen=True, slots=True, eq=False)
class EncounterGeometry:
    """Motion relative to the Earth at the MOID, shape (n,) or (n, 3); NaN where there is no MOID.

    ``v_rel_kms`` is the speed; ``v_rel_ecliptic_kms`` the object's velocity less the Earth's, ecliptic
    J2000. Its components in the Earth's local frame: ``v_along_kms`` along the Earth's motion (positive: the
    object overtakes), ``v_normal_kms`` along the Earth's orbit normal, ``v_radial_kms`` along the third
    axis, outwards from the Sun and square to the motion. ``earth_velocity_kms`` is the velocity of the
    Earth-Moon barycentre at that point of its ellipse.
    """

    moid_au: FloatArray
    v_rel_kms: FloatArray
    v_along_kms: FloatArray
    v_radial_kms: FloatArray
    v_normal_kms: FloatArray
    v_rel_ecliptic_kms: FloatArray
    earth_velocity_kms: FloatArray

    def __len__(self) -> int:
        return int(self.v_rel_kms.shape[0])


@np.errstate(all="ignore")
def encounter_geometry(
    elements: KeplerianElements | CometaryElements,
    minimum: MoidResult | None = None,
    *,
    earth: KeplerianElements | None = None,
) -> EncounterGeometry:
    """Relative velocity at the MOID with the Earth, or at another ``minimum`` of the distance.

    ``minimum`` is computed where it is not given; ``earth`` is the reference orbit it belongs to (default:
    the Earth's mean orbit at each row's epoch). One orbit may come with several minima, as ``all_minima``
    finds them. Raises InputError where the lengths do not fit.
    """
    reference = earth_elements(elements.epoch_tdb_jd) if earth is None else earth
    if minimum is None:
        minimum = mutual_moid(elements, reference)
    if len(minimum) != len(elements) and len(elements) != 1:
        raise InputError(f"{len(elements)} orbits cannot be paired with {len(minimum)} minima")
    _, velocity = state_at_true_anomaly(elements, minimum.true_anomaly_deg)
    _, earth_velocity = state_at_true_anomaly(reference, minimum.reference_true_anomaly_deg)
    relative = velocity - earth_velocity

    along = earth_velocity / np.linalg.norm(earth_velocity, axis=1)[:, None]
    normal = orbit_normal(reference)
    outward = np.cross(along, normal)
    return EncounterGeometry(
        minimum.moid_au,
        np.linalg.norm(relative, axis=1) * AU_PER_DAY_KMS,
        _component(relative, along),
        _component(relative, outward),
        _component(relative, normal),
        relative * AU_PER_DAY_KMS,
        earth_velocity * AU_PER_DAY_KMS,
    )


@np.errstate(all="ignore")
def tisserand_earth(a_au: npt.ArrayLike, e: npt.ArrayLike, i_deg: npt.ArrayLike) -> FloatArray:
    """Tisserand parameter with the Earth, 1/a + 2 sqrt(a (1 - e^2)) cos i with a in units of the Earth's."""
    a = np.asarray(a_au, dtype=np.float64) / EARTH_A_AU
    ecc = np.asarray(e, dtype=np.float64)
    return np.asarray(1.0 / a + 2.0 * np.sqrt(a * (1.0 - ecc**2)) * np.cos(np.radians(i_deg)))


@np.errstate(all="ignore")
def opik_speed_kms(tisserand: npt.ArrayLike) -> FloatArray:
    """Encounter speed U = v_E sqrt(3 - T) of an orbit that crosses a circular Earth orbit (Öpik 1951).

    NaN where T > 3: such an orbit cannot meet the Earth's, and its U is not zero but undefined. Even where
    T < 3 the orbits need not cross: use it only with a small MOID.
    """
    excess = 3.0 - np.asarray(tisserand, dtype=np.float64)
    return EARTH_SPEED_KMS * np.sqrt(np.where(excess >= 0.0, excess, np.nan))


@np.errstate(all="ignore")
def v_z_kms(a_au: npt.ArrayLike, e: npt.ArrayLike, i_deg: npt.ArrayLike) -> FloatArray:
    """Speed across the ecliptic of an orbit at 1 au of latitude argument 0: v_E sqrt(a (1 - e^2)) sin i.

    That is the transverse speed h/r at r = 1 au times sin i, whichever way the node points.
    """
    a, ecc = np.asarray(a_au, dtype=np.float64), np.asarray(e, dtype=np.float64)
    return np.asarray(EARTH_SPEED_KMS * np.sqrt(a * (1.0 - ecc**2)) * np.sin(np.radians(i_deg)))


@np.errstate(all="ignore")
def tangency_au(elements: KeplerianElements, earth: KeplerianElements | None = None) -> FloatArray:
    """How nearly the orbit touches the Earth's from within or without, in au; 0 is a perfect touch.

    The smaller of the two gaps |q - r_E| and |Q - r_E|, r_E being the Earth's distance from the Sun in
    the ecliptic longitude of that apsis. What leaves the Earth slowly along its motion starts with such
    an apsis.
    """
    reference = earth_elements(elements.epoch_tdb_jd) if earth is None else earth
    gaps: list[FloatArray] = []
    for true_deg in (0.0, 180.0):
        position, _ = state_at_true_anomaly(elements, np.full(len(elements), true_deg))
        r = np.linalg.norm(position, axis=1)
        longitude = np.degrees(np.arctan2(position[:, 1], position[:, 0]))
        earth_true = longitude - reference.node_deg - reference.peri_deg
        earth_r = np.linalg.norm(state_at_true_anomaly(reference, earth_true)[0], axis=1)
        gaps.append(np.abs(r - earth_r))
    return np.asarray(np.minimum(gaps[0], gaps[1]))


@np.errstate(all="ignore")
def synodic_period_yr(a_au: npt.ArrayLike) -> FloatArray:
    """Time between alignments with the Earth, 1/|1 - a^-1.5| sidereal years; infinite at the Earth's a."""
    a = np.asarray(a_au, dtype=np.float64) / EARTH_A_AU
    rate = np.abs(1.0 - np.where(a > 0.0, a, np.nan) ** -1.5)
    return np.asarray(1.0 / rate)


def _component(vectors: FloatArray, axis: FloatArray) -> FloatArray:
    return np.asarray(np.sum(vectors * axis, axis=1) * AU_PER_DAY_KMS)
