"""What the observers of an arc would have measured of a given trajectory, and how that changes with the orbit.

Optical: astrometric direction, light time included; aberration and the bending of light are common to the reference
stars to within milliarcseconds. Radar: round trip between antennas with the Shapiro delay of the Sun, Doppler shift
as the rate of that round trip (Moyer 2003, "Formulation for Observed and Computed Values of DSN Data Types").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aneos.astrometry.arc import DOPPLER, OPTICAL, Arc, transmitter_states
from aneos.constants import GM_SUN_AU3_D2
from aneos.dynamics.fitting import FloatArray, propagate_with_partials

LIGHT_AU_D: Final = 173.144_632_674_240_3
"""Speed of light in au/d."""

GM_EARTH_AU3_D2: Final = 8.887_692_445e-10
SHAPIRO_DAYS: Final = 2.0 * GM_SUN_AU3_D2 / LIGHT_AU_D**3


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """``residual`` observed minus computed (m, 2): east and north in radians; radar in the first component, in the
    units of ``Arc.value``, the second 0. ``partials`` (m, 2, 9) are of the computed value by initial state and A1, A2,
    A3. ``motion`` (m, 2) is the apparent motion in rad/d, ``distance`` (m,) topocentric in au."""

    residual: FloatArray
    partials: FloatArray
    motion: FloatArray
    distance: FloatArray


def predict(
    arc: Arc, epoch_tdb_jd: float, state: FloatArray, nongravitational: FloatArray, asteroids: bool = False
) -> Prediction:
    """Compare a trajectory with an arc. Raises PropagationError where it cannot be integrated."""
    times = arc.time.copy()
    radar = np.flatnonzero(arc.kind != OPTICAL)
    if radar.size:
        # Echoes: the trajectory is wanted where the wave bounced. Doppler rows take half the light time of now.
        half = np.where(arc.kind == DOPPLER, 0.0, np.nan_to_num(arc.value) / 2.0)
        times[radar] -= half[radar]
    states, transition = propagate_with_partials(
        epoch_tdb_jd, state, times, nongravitational, asteroids, arc.kind != OPTICAL
    )
    sun, earth = arc.sun, arc.earth
    position, velocity = states[:, :3], states[:, 3:]
    acceleration = _pull(position, sun[:, :3], GM_SUN_AU3_D2) + _pull(position, earth[:, :3], GM_EARTH_AU3_D2)

    delay = np.zeros(len(arc))
    for _ in range(4):
        emitted = position - velocity * delay[:, None] + 0.5 * acceleration * delay[:, None] ** 2
        separation = emitted - arc.observer[:, :3]
        distance = np.linalg.norm(separation, axis=1)
        delay = np.where(arc.kind == OPTICAL, distance / LIGHT_AU_D, delay)
    toward = separation / distance[:, None]

    residual, partials, motion = _optical(arc, toward, distance, velocity, transition)
    if radar.size:
        _fill_radar(arc, radar, times, states, acceleration, transition, sun, residual, partials)
    return Prediction(residual, partials, motion, distance)


def _optical(
    arc: Arc, toward: FloatArray, distance: FloatArray, velocity: FloatArray, transition: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    basis = np.stack([arc.east, arc.north], axis=1)
    across = basis - np.einsum("mij,mj->mi", basis, toward)[:, :, None] * toward[:, None, :]
    across /= distance[:, None, None]
    partials = np.einsum("mij,mjk->mik", across, transition[:, :3])
    motion = np.einsum("mij,mj->mi", across, velocity - arc.observer[:, 3:])
    computed = np.einsum("mij,mj->mi", basis, toward)
    # A direction on the far side of the sky must not look near: keep the true angle along the chord's direction.
    cosine = np.clip(np.sum(toward * arc.direction, axis=1), -1.0, 1.0)
    sine = np.linalg.norm(computed, axis=1)
    stretch = np.where(sine > 1e-8, np.arctan2(sine, cosine) / np.maximum(sine, 1e-30), 1.0)
    return -computed * stretch[:, None], partials, motion


def _fill_radar(
    arc: Arc,
    rows: np.ndarray[tuple[int], np.dtype[np.intp]],
    times: FloatArray,
    states: FloatArray,
    acceleration: FloatArray,
    transition: FloatArray,
    sun: FloatArray,
    residual: FloatArray,
    partials: FloatArray,
) -> None:
    """Round trips and Doppler shifts of the radar rows, written over those rows."""
    reception, receiver = arc.time[rows], arc.observer[rows]
    position, velocity, pull = states[rows, :3], states[rows, 3:], acceleration[rows]
    solar = sun[rows, :3]

    down = reception - times[rows]
    for _ in range(6):
        shift = (reception - down) - times[rows]
        bounced = position + velocity * shift[:, None] + 0.5 * pull * shift[:, None] ** 2
        leg = receiver[:, :3] - bounced
        down = _light_days(leg, bounced - solar, receiver[:, :3] - solar)
    speed = velocity + pull * shift[:, None]
    bounce = reception - down
    up = down.copy()
    for _ in range(6):
        transmitter = transmitter_states(arc, bounce - up, rows)
        rise = bounced - transmitter[:, :3]
        up = _light_days(rise, bounced - solar, transmitter[:, :3] - solar)

    to_receiver = leg / np.linalg.norm(leg, axis=1)[:, None]
    from_transmitter = rise / np.linalg.norm(rise, axis=1)[:, None]
    c = LIGHT_AU_D
    bounce_rate = (1.0 - _dot(to_receiver, receiver[:, 3:]) / c) / (1.0 - _dot(to_receiver, speed) / c)
    transmit_rate = (1.0 - _dot(from_transmitter, speed) / c) / (
        1.0 - _dot(from_transmitter, transmitter[:, 3:]) / c
    )
    shift_of_frequency = bounce_rate * transmit_rate - 1.0

    carried = transition[rows].copy()
    carried[:, :3] += shift[:, None, None] * carried[:, 3:]
    sensitivity = (from_transmitter - to_receiver) / c
    by_delay = np.einsum("mi,mik->mk", sensitivity, carried[:, :3])
    turning = _across(speed - receiver[:, 3:], to_receiver, leg)
    turning = turning + _across(speed - transmitter[:, 3:], from_transmitter, rise)
    by_doppler = -np.einsum("mi,mik->mk", sensitivity, carried[:, 3:]) - np.einsum(
        "mi,mik->mk", turning / c, carried[:, :3]
    )

    doppler = arc.kind[rows] == DOPPLER
    computed = np.where(doppler, shift_of_frequency, down + up)
    residual[rows, 0], residual[rows, 1] = arc.value[rows] - computed, 0.0
    partials[rows, 0], partials[rows, 1] = np.where(doppler[:, None], by_doppler, by_delay), 0.0


def _light_days(leg: FloatArray, one: FloatArray, other: FloatArray) -> FloatArray:
    """Light time along a leg in days, with the Sun's Shapiro delay; ``one`` and ``other`` are its heliocentric ends."""
    length = np.linalg.norm(leg, axis=1)
    ends = np.linalg.norm(one, axis=1) + np.linalg.norm(other, axis=1)
    return np.asarray(length / LIGHT_AU_D + SHAPIRO_DAYS * np.log((ends + length) / (ends - length)))


def _across(relative: FloatArray, unit: FloatArray, leg: FloatArray) -> FloatArray:
    """Part of a relative velocity across the line, over the length of the line."""
    return np.asarray(
        (relative - _dot(unit, relative)[:, None] * unit) / np.linalg.norm(leg, axis=1)[:, None]
    )


def _pull(position: FloatArray, body: FloatArray, gm: float) -> FloatArray:
    away = position - body
    return np.asarray(-gm * away / np.linalg.norm(away, axis=1)[:, None] ** 3)


def _dot(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(np.sum(one * other, axis=1))
