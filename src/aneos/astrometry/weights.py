"""How well each observation is trusted: 1σ on the sky, by station, date, star catalogue and kind.

Stations studied by Vereš, Farnocchia, Chesley & Chamberlin (2017, Icarus 296, 139, tables 2 to 4) get their values.
Other stations, most of them newer, get the residual scatter that the MPC uses for digest2 (``MPC.config`` of digest2,
public domain), never below :data:`FLOOR_ARCSEC`. What remains gets the defaults of Vereš+ 2017. Observations that
come with their own uncertainties keep them, never below :data:`REPORTED_FLOOR_ARCSEC`.

Clock errors act along the motion; they matter for what moves arcseconds a second near the Earth. More than four
observations of one station in one night share its systematic errors: their σ grow by √(N/4) (Vereš+ 2017).
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
import polars as pl

from aneos.astrometry.calendar import julian_date
from aneos.dynamics.fitting import FloatArray
from aneos.errors import MissingResourceError

FLOOR_ARCSEC: Final = 0.3
REPORTED_FLOOR_ARCSEC: Final = 0.1
DEFAULT_ARCSEC: Final = 1.0
WITHOUT_CATALOGUE_ARCSEC: Final = 1.5
INDEPENDENT_A_NIGHT: Final = 4

CCD_ERA_JD: Final = julian_date(1995, 1, 1)
"""Since then a blank kind of measurement is a CCD's, not a photographic plate's."""

CLOCK_SIGMA_S: Final = 0.5
PHOTOGRAPHIC_CLOCK_SIGMA_S: Final = 10.0

GAIA: Final = frozenset("UVWX36") | {"Gaia1", "Gaia2", "Gaia3", "Gaia3E", "Gaia_2016", "Gaia_Int"}
PPMXL_OR_UCAC4: Final = frozenset("tq") | {"PPMXL", "UCAC4"}
USNO_B: Final = frozenset("os") | {"USNOB1", "USNOB2"}

SURVEYS: Final[dict[str, float]] = {
    "704": 1.0, "G96": 0.5, "F51": 0.2, "G45": 0.6, "699": 0.8, "D29": 0.75, "C51": 1.0, "E12": 0.75,
    "608": 0.6, "J75": 1.0,
    "645": 0.3, "673": 0.3, "689": 0.5, "950": 0.5, "H01": 0.3, "J04": 0.4, "W84": 0.5,
    "K91": 0.4, "K92": 0.4, "K93": 0.4, "Q63": 0.4, "Q64": 0.4, "V37": 0.4, "W85": 0.4, "W86": 0.4, "W87": 0.4,
    "E10": 0.4, "F65": 0.4,
}  # fmt: skip
"""Stations with one value for all dates (tables 2 and 3)."""

CHANGED: Final[dict[str, tuple[float, float, float]]] = {
    "703": (julian_date(2014, 1, 1), 1.0, 0.8),
    "691": (julian_date(2003, 1, 1), 0.6, 0.5),
    "644": (julian_date(2003, 9, 1), 0.6, 0.4),
}
"""Stations that became better: the date (JD), σ before and from then on (table 2)."""

KINDS: Final[dict[str, float]] = {
    "e": 0.75,
    "T": 0.5,
    "M": 2.0,
    "H": 0.2,
    "E": 0.2,
    "N": 1.0,
    "n": 1.0,
    "S": 1.5,
}
"""σ by kind of measurement: encoder, transit circle, micrometer, Hipparcos, occultation, normal place, spacecraft
(table 4; C51 is in table 2)."""


def uncertainties(table: pl.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """σ of right ascension (on the sky) and declination in arcsec, their correlation, and σ of the clock in seconds,
    each of shape (n,), before and without reweighting; radar rows get NaN."""
    columns = table.select(
        "kind", "station", "jd_utc", "mode", "star_catalogue", "program",
        "sigma_ra_arcsec", "sigma_dec_arcsec", "correlation", "sigma_time_s",
    )  # fmt: skip
    sigma_ra, sigma_dec, correlation, clock = (np.full(table.height, np.nan) for _ in range(4))
    for index, row in enumerate(columns.iter_rows()):
        kind, station, jd, mode, catalogue, program, given_ra, given_dec, given_correlation, given_clock = row
        if kind != "optical":
            continue
        usual = station_sigma_arcsec(station, jd, mode, catalogue, program)
        sigma_ra[index] = max(given_ra, REPORTED_FLOOR_ARCSEC) if given_ra is not None else usual
        sigma_dec[index] = max(given_dec, REPORTED_FLOOR_ARCSEC) if given_dec is not None else usual
        correlation[index] = (
            0.0 if given_correlation is None else float(np.clip(given_correlation, -0.95, 0.95))
        )
        clock[index] = given_clock if given_clock is not None else _clock_sigma_s(jd, mode)
    return sigma_ra, sigma_dec, correlation, clock


def station_sigma_arcsec(
    station: str, jd_utc: float, mode: str | None, catalogue: str | None, program: str | None
) -> float:
    """1σ in arcseconds on each axis of one observation of a station."""
    if _is_photographic(mode) and jd_utc < CCD_ERA_JD:
        if jd_utc < julian_date(1890, 1, 1):
            return 10.0
        return 5.0 if jd_utc < julian_date(1950, 1, 1) else 2.5
    if station in CHANGED:
        date, before, after = CHANGED[station]
        return before if jd_utc < date else after
    if station in SURVEYS:
        return SURVEYS[station]
    special = _by_catalogue(station, catalogue, program)
    if special is not None:
        return special
    if mode in KINDS:
        return KINDS[mode]
    measured = measured_scatter_arcsec().get(station)
    if measured is not None and jd_utc >= julian_date(2010, 1, 1):
        return max(measured, FLOOR_ARCSEC)
    return DEFAULT_ARCSEC if catalogue else WITHOUT_CATALOGUE_ARCSEC


def _clock_sigma_s(jd_utc: float, mode: str | None) -> float:
    if mode in ("S", "H", "E"):
        return 0.0
    return PHOTOGRAPHIC_CLOCK_SIGMA_S if _is_photographic(mode) and jd_utc < CCD_ERA_JD else CLOCK_SIGMA_S


def _by_catalogue(station: str, catalogue: str | None, program: str | None) -> float | None:
    """Stations whose value depends on the star catalogue (table 3)."""
    gaia, older = catalogue in GAIA, catalogue in PPMXL_OR_UCAC4
    if station == "568" and (gaia or catalogue in USNO_B or catalogue in ("t", "PPMXL")):
        return 0.1 if gaia else 0.5 if catalogue in USNO_B else 0.2
    if station in ("T09", "T12", "T14") and gaia:
        return 0.1
    if station == "Y28" and (gaia or catalogue in ("t", "PPMXL")):
        return 0.3
    if (station == "G83" and program == "2") or (station == "309" and program == "&"):
        return 0.2 if gaia else 0.3 if older else None
    return None


def over_observation_factors(table: pl.DataFrame) -> FloatArray:
    """Factors (n,) on σ: √(N/4) where one station has N > 4 fitted optical observations in one night, else 1.

    Nights are counted by station from local noon (UTC + longitude / 15°).
    """
    from aneos.astrometry.stations import station_list

    stations = station_list()
    longitudes = {
        code: float(stations.get(code, {}).get("Longitude") or 0.0) for code in table["station"].unique()
    }
    shift = table["station"].replace_strict(longitudes, return_dtype=pl.Float64) / 360.0
    counted = table.select(
        pl.when(pl.col("kind") == "optical")
        .then(pl.len().over("kind", "station", (pl.col("jd_utc") + shift).floor()))
        .otherwise(1)
        .alias("n")
    )["n"].to_numpy()
    return np.sqrt(np.maximum(counted / INDEPENDENT_A_NIGHT, 1.0))


def _is_photographic(mode: str | None) -> bool:
    return mode in (None, "P", "A", "Z")


@lru_cache(maxsize=1)
def measured_scatter_arcsec() -> dict[str, float]:
    """σ by station from digest2's ``MPC.config``. Raises MissingResourceError where it is not installed."""
    try:
        path = resources.files("digest2").joinpath("data/MPC.config")
        text = path.read_text(encoding="utf-8")
    except (ImportError, OSError) as error:
        raise MissingResourceError("the station errors of digest2 are not installed: make env") from error
    pairs = (
        line.removeprefix("obserr").split("=") for line in text.splitlines() if line.startswith("obserr")
    )
    return {code.strip(): float(value) for code, value in pairs if code.strip()}
