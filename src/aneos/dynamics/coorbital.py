"""How an orbit near 1 au keeps step with the Earth: horseshoe, tadpole, quasi-satellite, or passing by.

The mean longitude relative to the Earth, averaged over a year, drifts, turns back where the Earth's pull changes the
semi-major axis across 1 au, and drifts back. What the stretch between two turning points goes over tells the state
(Murray & Dermott 1999, ch. 3; Mikkola et al. 2006, MNRAS 369, 15): the Earth's own longitude (quasi-satellite), the
far side (horseshoe), neither (tadpole), both (compound).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from aneos.orbits import KeplerianElements, earth_elements

FloatArray = npt.NDArray[np.float64]
Kind = Literal["quasi-satellite", "horseshoe", "tadpole", "compound", "circulating", "undetermined"]

LIBRATING: Final[tuple[Kind, ...]] = ("quasi-satellite", "horseshoe", "tadpole", "compound")

YEAR_DAYS: Final = 365.256_36
SAMPLES_A_YEAR: Final = 18
STEP_DAYS: Final = YEAR_DAYS / SAMPLES_A_YEAR
"""Spacing of the samples: a mean over so many is a mean over one sidereal year, free of the eccentricity's swing."""
LEAST_SWING_DEG: Final = 1.0
"""A turning point counts where the longitude comes back by this much."""


@dataclass(frozen=True, slots=True)
class CoorbitalSpell:
    """One state from ``begin_tdb_jd`` to ``end_tdb_jd``; open ends are those of the span looked at.

    ``from_deg`` and ``to_deg``: relative mean longitude at its ends, ``from_deg`` between -180 and 180.
    """

    kind: Kind
    begin_tdb_jd: float
    end_tdb_jd: float
    from_deg: float
    to_deg: float
    begins_open: bool
    ends_open: bool


def relative_longitude_deg(elements: KeplerianElements) -> FloatArray:
    """Mean longitude less that of the mean Earth (n,), unwrapped along a series of epochs in time order."""
    earth = earth_elements(elements.epoch_tdb_jd)
    difference = (
        elements.node_deg
        + elements.peri_deg
        + elements.mean_anomaly_deg
        - earth.node_deg
        - earth.peri_deg
        - earth.mean_anomaly_deg
    )
    return np.degrees(np.unwrap(np.radians(difference)))


def coorbital_spells(epochs_tdb_jd: FloatArray, longitude_deg: FloatArray) -> list[CoorbitalSpell]:
    """The states that a series goes through, in order of time.

    ``epochs_tdb_jd`` (m,) rise in steps of :data:`STEP_DAYS`; ``longitude_deg`` (m,) is unwrapped. Fewer than two
    years, or values that are not finite, give no spell.
    """
    if longitude_deg.size < 2 * SAMPLES_A_YEAR or not np.isfinite(longitude_deg).all():
        return []
    kernel = np.full(SAMPLES_A_YEAR, 1.0 / SAMPLES_A_YEAR)
    epochs, smooth = (np.convolve(series, kernel, "valid") for series in (epochs_tdb_jd, longitude_deg))
    turns = _turning_points(smooth)
    ends = [0, *turns, smooth.size - 1]
    spells = []
    for number, (first, last) in enumerate(pairwise(ends)):
        if last <= first:
            continue
        opened = (number == 0, number == len(ends) - 2)
        begin, end = float(smooth[first]), float(smooth[last])
        whole = 360.0 * np.round(begin / 360.0)
        spells.append(
            CoorbitalSpell(
                _kind(begin, end, opened),
                float(epochs[first]),
                float(epochs[last]),
                float(begin - whole),
                float(end - whole),
                *opened,
            )
        )
    return spells


def spell_at(spells: list[CoorbitalSpell], epoch_tdb_jd: float) -> CoorbitalSpell | None:
    """The spell that an epoch lies in; the nearest one for epochs within a year of the ends."""
    for spell in spells:
        if spell.begin_tdb_jd <= epoch_tdb_jd <= spell.end_tdb_jd:
            return spell
    near = [
        s
        for s in spells
        if min(abs(s.begin_tdb_jd - epoch_tdb_jd), abs(s.end_tdb_jd - epoch_tdb_jd)) < YEAR_DAYS
    ]
    return near[0] if near else None


def librating_days(spells: list[CoorbitalSpell]) -> float:
    """Days spent in co-orbital libration."""
    return sum(spell.end_tdb_jd - spell.begin_tdb_jd for spell in spells if spell.kind in LIBRATING)


def _kind(begin: float, end: float, opened: tuple[bool, bool]) -> Kind:
    """What a stretch between two turning points (or the ends of the series, where ``opened``) is."""
    low, high = min(begin, end), max(begin, end)
    if high - low > 360.0 or all(opened):
        return "circulating" if high - low > 360.0 else "undetermined"
    passes_earth = np.floor(high / 360.0) > np.floor(low / 360.0)
    passes_far_side = np.floor((high + 180.0) / 360.0) > np.floor((low + 180.0) / 360.0)
    if passes_earth and passes_far_side:
        return "compound"
    if passes_far_side:
        return "horseshoe"
    if any(opened):  # it has not been seen to turn at both ends
        return "undetermined"
    return "quasi-satellite" if passes_earth else "tadpole"


def _turning_points(values: FloatArray) -> list[int]:
    """Indices where the series turns back by at least :data:`LEAST_SWING_DEG`, maxima and minima in turn."""
    turns: list[int] = []
    high = low = 0
    rising: bool | None = None
    for k in range(1, values.size):
        high = k if values[k] > values[high] else high
        low = k if values[k] < values[low] else low
        if rising is not False and values[high] - values[k] >= LEAST_SWING_DEG:
            if rising:
                turns.append(high)
            rising, low = False, k
        elif rising is not True and values[k] - values[low] >= LEAST_SWING_DEG:
            if rising is False:
                turns.append(low)
            rising, high = True, k
    return turns
