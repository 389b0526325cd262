"""The observations of one object, made ready for fitting: times in TDB, observers placed, directions and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.astrometry.stations import antenna_states, observer_states, without_place
from aneos.astrometry.weights import over_observation_factors, uncertainties
from aneos.dynamics.fitting import EARTH_ID, SPAN_TDB_JD, SUN_ID, FloatArray, body_states, utc_to_tdb
from aneos.errors import InputError, RejectedRow

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]

ARCSEC: Final = np.pi / 648_000.0
"""One arcsecond in radians."""

OPTICAL, DELAY, DOPPLER = 0, 1, 2
KINDS: Final = {"optical": OPTICAL, "delay": DELAY, "doppler": DOPPLER}

SAME_INSTANT_DAYS: Final = 1e-6
LONGEST_TRAIL_ARCSEC: Final = 600.0
SAME_PLACE: Final = 0.02 * ARCSEC


@dataclass(frozen=True, slots=True, eq=False)
class Arc:
    """m observations of one object in order of time.

    ``time`` TDB of reception; ``observer`` barycentric equatorial states (m, 6) in au and au/d (the receiver of radar
    echoes), ``sun`` and ``earth`` likewise; ``direction`` unit vectors (m, 3) as observed; ``east``, ``north`` the
    tangent plane there; ``covariance`` (m, 2, 2) in rad² without the clock's part; ``clock`` σ in days. Radar rows:
    ``value`` and ``sigma`` in days of round trip or in relative frequency shift, with the antenna that transmitted.
    """

    table: pl.DataFrame
    time: FloatArray
    kind: npt.NDArray[np.int8]
    observer: FloatArray
    sun: FloatArray
    earth: FloatArray
    direction: FloatArray
    east: FloatArray
    north: FloatArray
    covariance: FloatArray
    clock: FloatArray
    value: FloatArray
    sigma: FloatArray
    transmitters: tuple[str | None, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.time.size)

    @property
    def optical(self) -> BoolArray:
        return np.asarray(self.kind == OPTICAL)

    def take(self, rows: npt.ArrayLike) -> Arc:
        """The rows given by indices or a mask."""
        index = np.flatnonzero(rows) if np.asarray(rows).dtype == np.bool_ else np.asarray(rows)
        return Arc(
            self.table[index],
            self.time[index],
            self.kind[index],
            self.observer[index],
            self.sun[index],
            self.earth[index],
            self.direction[index],
            self.east[index],
            self.north[index],
            self.covariance[index],
            self.clock[index],
            self.value[index],
            self.sigma[index],
            tuple(self.transmitters[i] for i in index),
            self.notes,
        )

    @property
    def stations(self) -> list[str]:
        return [str(code) for code in self.table["station"].to_list()]

    @property
    def span_days(self) -> float:
        return float(self.time[-1] - self.time[0]) if len(self) else 0.0


def make_arc(table: pl.DataFrame) -> tuple[Arc, list[RejectedRow]]:
    """The arc of one object, and the rows that cannot be fitted with the reason for each.

    Left out are superseded observations, those whose observer cannot be placed, echoes from the surface, repeated
    lines, and times outside the ephemeris. Different positions reported by one station for one instant (the two ends
    of a trail, say) are kept with σ raised to half of their separation. Raises InputError where nothing is left.
    """
    table = table.with_row_index("_row").sort("jd_utc", maintain_order=True)
    reasons = _reasons(table)
    rejected = [
        RejectedRow(int(line or row + 1), reason, name, source)
        for row, line, name, source, reason in zip(
            table["_row"], table["source_line"], table["object"], table["source"], reasons, strict=True
        )
        if reason is not None
    ]
    keep = np.array([reason is None for reason in reasons], dtype=np.bool_)
    if not keep.any():
        raise InputError(
            f"no observation can be fitted; the first: {rejected[0].reason}"
            if rejected
            else "no observations"
        )
    table = table.drop("_row").filter(pl.Series(keep))
    return _build(table), rejected


def _reasons(table: pl.DataFrame) -> list[str | None]:
    reasons = without_place(table)
    seen: dict[tuple[object, ...], None] = {}
    columns = ("jd_utc", "station", "kind", "ra_deg", "dec_deg", "superseded", "from_surface", "mode")
    for index, row in enumerate(table.select(*columns).iter_rows()):
        jd, station, kind, ra, dec, superseded, surface, _ = row
        if reasons[index] is not None:
            continue
        if superseded:
            reasons[index] = "was superseded, withdrawn, or marked as excluded in the file"
        elif not SPAN_TDB_JD[0] < jd < SPAN_TDB_JD[1]:
            reasons[index] = "lies outside the ephemeris (1550 to 2650)"
        elif surface:
            reasons[index] = "is a radar echo timed to the surface, not to the centre of mass"
        elif kind == "optical":
            key = (
                round(jd / SAME_INSTANT_DAYS),
                station,
                round(ra * 3600.0 / 0.02),
                round(dec * 3600.0 / 0.02),
            )
            if key in seen:
                reasons[index] = "repeats an earlier line"
            seen[key] = None
    return reasons


def _build(table: pl.DataFrame) -> Arc:
    time = utc_to_tdb(table["jd_utc"].to_numpy())
    kind = np.array([KINDS[text] for text in table["kind"]], dtype=np.int8)
    ra = np.radians(table["ra_deg"].fill_null(0.0).to_numpy())
    dec = np.radians(table["dec_deg"].fill_null(0.0).to_numpy())
    zero = np.zeros_like(ra)
    direction = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    east = np.stack([-np.sin(ra), np.cos(ra), zero], axis=1)
    north = np.stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)], axis=1)
    sigma_ra, sigma_dec, correlation, clock = uncertainties(table)
    factor = over_observation_factors(table)
    sigma_ra, sigma_dec, notes = _conflicting(table, direction, sigma_ra * factor, sigma_dec * factor)
    covariance = np.zeros((table.height, 2, 2))
    covariance[:, 0, 0], covariance[:, 1, 1] = (sigma_ra * ARCSEC) ** 2, (sigma_dec * ARCSEC) ** 2
    covariance[:, 0, 1] = covariance[:, 1, 0] = correlation * sigma_ra * sigma_dec * ARCSEC**2
    value, sigma = _radar(table)
    transmitters = tuple(
        str(code) if code is not None else None
        for code in table.select(pl.coalesce("transmitter", "station"))["transmitter"]
    )
    return Arc(
        table, time, kind, observer_states(table, time), body_states(SUN_ID, time), body_states(EARTH_ID, time),
        direction, east, north, covariance,
        np.nan_to_num(clock) / 86400.0, value, sigma, transmitters, notes,
    )  # fmt: skip


def _conflicting(
    table: pl.DataFrame, direction: FloatArray, sigma_ra: FloatArray, sigma_dec: FloatArray
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """σ raised where one station reports several positions for one instant, no farther apart than a trail is long:
    what lies farther apart is not one object, and the fit has to choose."""
    sigma_ra, sigma_dec = sigma_ra.copy(), sigma_dec.copy()
    groups: dict[tuple[int, str], list[int]] = {}
    for index, (jd, station, kind) in enumerate(table.select("jd_utc", "station", "kind").iter_rows()):
        if kind == "optical":
            groups.setdefault((round(jd / SAME_INSTANT_DAYS), station), []).append(index)
    count = 0
    for rows in groups.values():
        if len(rows) < 2:
            continue
        spread = (
            float(np.max(np.linalg.norm(direction[rows] - direction[rows].mean(axis=0), axis=1))) / ARCSEC
        )
        if spread > LONGEST_TRAIL_ARCSEC:
            continue
        worse = spread > np.minimum(sigma_ra[rows], sigma_dec[rows])
        sigma_ra[rows], sigma_dec[rows] = (
            np.maximum(sigma_ra[rows], spread),
            np.maximum(sigma_dec[rows], spread),
        )
        count += int(worse.any())
    if not count:
        return sigma_ra, sigma_dec, ()
    return (
        sigma_ra,
        sigma_dec,
        (f"{count} instants with different positions from one station: their σ were raised",),
    )


def _radar(table: pl.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Measured value and σ: round trip in days, or Doppler shift over transmitted frequency."""
    columns = ("delay_s", "sigma_delay_s", "doppler_hz", "sigma_doppler_hz", "frequency_hz")
    delay, sigma_delay, doppler, sigma_doppler, frequency = (
        table[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in columns
    )
    is_delay = np.array([text == "delay" for text in table["kind"]])
    value = np.where(is_delay, delay / 86400.0, doppler / frequency)
    sigma = np.where(is_delay, sigma_delay / 86400.0, sigma_doppler / frequency)
    return value, sigma


def transmitter_states(arc: Arc, times_tdb_jd: FloatArray, rows: IntArray) -> FloatArray:
    """Barycentric equatorial states of the transmitting antennas of some rows at given times."""
    return antenna_states([arc.transmitters[row] or arc.stations[row] for row in rows], times_tdb_jd)
