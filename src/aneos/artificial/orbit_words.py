"""The names that people give to orbital elements, and what an orbit under any of these names says.

A record (a row of a table, an object of JSON) becomes a row with the columns of docs/formats.md. Elements may be
Keplerian (a, e, i, node, peri, M), cometary (q and the time of pericentre for a and M) or a state vector, in au or km,
about the Sun or the Earth, on the ecliptic or the equator; epochs Julian dates, modified ones, or ISO dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from aneos.artificial.dates import julian_date
from aneos.constants import AU_KM, AU_PER_DAY_KMS
from aneos.dynamics import check_span
from aneos.dynamics.uncertainty import (
    CARTESIAN,
    COMETARY,
    EQUINOCTIAL,
    KEPLERIAN,
    Centre,
    Frame,
    OrbitUncertainty,
)
from aneos.errors import InputError

Row = dict[str, Any]

MJD_ZERO: Final = 2_400_000.5
MJD_BELOW: Final = 1.0e5
"""An epoch below this is a modified Julian date: as a Julian date it would lie before the year -4440."""
KM_ABOVE: Final = 1000.0
"""Lengths above this are in km: no orbit near the Earth is that many au long."""

_LENGTH: Final = {"": 1.0, "au": 1.0, "km": 1.0 / AU_KM}
_SPEED: Final = {
    "": 1.0, "aud": 1.0, "auday": 1.0, "auperday": 1.0, "kms": 1.0 / AU_PER_DAY_KMS, "kmpers": 1.0 / AU_PER_DAY_KMS,
}  # fmt: skip
_ANGLE: Final = {"": 1.0, "deg": 1.0, "degrees": 1.0}
_PLAIN: Final = {"": 1.0}
_TIME: Final = dict.fromkeys(
    ["", "jd", "tdb", "tt", "tdbjd", "jdtdb", "ttjd", "jdtt", "jed", "mjd", "mjdtdb", "tdbmjd", "mjdtt"], 1.0
)
_FORCE: Final = {"": 1.0, "aud2": 1.0}
_AMR: Final = {"": 1.0, "m2kg": 1.0}

_NAMES: Final[tuple[tuple[str, Mapping[str, float], tuple[str, ...]], ...]] = (
    ("epoch_tdb_jd", _TIME, ("epoch", "jd", "mjd", "epochofelements")),
    ("a_au", _LENGTH, ("a", "semimajoraxis", "sma")),
    ("q_au", _LENGTH, ("q", "qr", "periheliondist", "periheliondistance", "pericentredistance", "perigeedistance")),
    ("e", _PLAIN, ("e", "ec", "ecc", "eccentricity")),
    ("i_deg", _ANGLE, ("i", "in", "inc", "incl", "inclination")),
    ("node_deg", _ANGLE, ("node", "om", "raan", "ascnode", "ascendingnode", "longascnode", "longitudeofascendingnode")),
    ("peri_deg", _ANGLE, ("peri", "w", "argper", "argperi", "argp", "aop", "ap", "argumentofperihelion",
                          "argumentofpericentre", "argumentofperigee")),
    ("mean_anomaly_deg", _ANGLE, ("m", "ma", "meananomaly", "meananom")),
    ("tp_tdb_jd", _TIME, ("tp", "tperi", "timeofperihelion", "timeofpericentre")),
    *((f"{axis}_au", _LENGTH, (axis,)) for axis in "xyz"),
    *((f"v{axis}_au_d", _SPEED, (f"v{axis}", f"{axis}dot")) for axis in "xyz"),
    *((force, _FORCE, (force.lower(),)) for force in ("A1", "A2", "A3")),
    ("amr_m2kg", _AMR, ("amr", "amrat", "areatomass", "areatomassratio")),
)  # fmt: skip

_WORDS: Final = {
    "designation": ("designation", "name", "object", "objectname", "fullname", "pdes", "principaldesig", "desig"),
    "H": ("h", "absmag", "absolutemagnitude"),
    "U": ("u", "conditioncode"),
    "n_obs": ("nobs", "nobsused", "numobs"),
    "arc_days": ("arcdays", "dataarc"),
    "last_observation": ("lastobservation", "lastobs"),
    "rms_arcsec": ("rmsarcsec", "rmsresidual"),
    "centre": ("centre", "center", "centralbody", "origin"),
    "frame": ("frame", "referenceframe", "plane"),
}  # fmt: skip

_FOUND: Final = {
    name + unit: (label, unit if name != "mjd" else "mjd", factor)
    for label, units, names in _NAMES
    for name in names
    for unit, factor in units.items()
}
_COPIED: Final = {word: label for label, words in _WORDS.items() for word in words}
_OURS: Final = {label: label for label, _, _ in _NAMES}
_UPPER: Final = frozenset({"Q", "N", "P", "AD"})
"""Aphelion distance, period and the like, which lower case would take for something else."""
_SIGMA: Final = re.compile(
    r"^(?:sigma|unc|err)[_ ]+(?P<a>.+)$|^(?P<b>.+?)[_ ]+(?:sigma|unc|err)(?P<c>(?:_\w+)?)$", re.IGNORECASE
)


BEYOND: Final = frozenset({"DT", "RHO"})
"""Parameters of JPL's fits that the force model does not have: a comet's time delay, the density of a body."""


def label_of(key: str) -> tuple[str, str, float] | None:
    """What an orbit's parameter of that name is: our label, the unit that the name tells, its factor."""
    text = key.strip()
    if text in _UPPER:
        return None
    return _FOUND.get(re.sub(r"[^0-9a-z]", "", text.lower()))


def words_of(raw: Mapping[str, Any]) -> Row:
    """The record under our column names, numbers in our units; what has no name of ours is left out.

    Raises InputError for a parameter that is not a finite number.
    """
    row: Row = {}
    for key in sorted(raw, key=lambda key: key not in _OURS):  # our own names come first
        value = raw[key]
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        deviation = _SIGMA.match(str(key).strip())
        base = str(key) if deviation is None else deviation["a"] or deviation["b"] + deviation["c"]
        found = label_of(base)
        if found is None:
            copied = _COPIED.get(re.sub(r"[^0-9a-z]", "", base.lower()))
            if copied is not None and deviation is None and base.strip() not in _UPPER:
                row.setdefault(copied, value)
            continue
        label, unit, factor = found
        if deviation is not None:
            row.setdefault(sigma_name(label), number_of(value, f"the sigma of {label}") * factor)
        elif label in ("epoch_tdb_jd", "tp_tdb_jd"):
            row.setdefault(label, epoch_of(value, label, unit))
        else:
            row.setdefault(label, number_of(value, label) * factor)
    _in_km(row)
    return row


def orbit_of(row: Row, name: str) -> tuple[Row, OrbitUncertainty | None]:
    """Our Keplerian columns from whatever elements the row has; an uncertainty where its widths are not Keplerian.

    Raises InputError where the row holds no complete orbit, or one that is none.
    """
    row = axes_of(row, name)
    if all(label in row for label in KEPLERIAN):
        _check_closed(row, name)
        return row, None
    centre: Centre = "Earth" if row["centre"] == "earth" else "Sun"
    frame: Frame = "equatorial" if row["frame"] == "equatorial" else "ecliptic"
    if "epoch_tdb_jd" not in row:
        raise InputError(f"{name} has no epoch", source="elements")
    if "a_au" in row and "e" in row and "q_au" not in row:
        row["q_au"] = row["a_au"] * (1.0 - row["e"])
    kind = next((kind for kind in (COMETARY, CARTESIAN) if all(label in row for label in kind)), None)
    if kind is None:
        lacking = [label for label in KEPLERIAN if label not in row]
        raise InputError(
            f"{name} has no {lacking[0]} (nor a time of pericentre, nor a state vector)", source="elements"
        )
    epoch = float(row["epoch_tdb_jd"])
    if centre == "Earth":
        check_span(epoch, "epoch")
    values = np.array([row[label] for label in kind])
    sigmas = np.array([float(row.get(sigma_name(label), np.nan)) for label in kind])
    known = bool(np.isfinite(sigmas).all())
    matrix = np.diag(sigmas**2) if known else np.zeros((6, 6))
    found = OrbitUncertainty(epoch, kind, values, matrix, centre=centre, frame=frame, assumed=True)
    nominal = found.nominal()
    if not np.isfinite(nominal.position_au).all():
        raise InputError(f"the elements of {name} describe no orbit", source="elements")
    if known:
        return row, found
    elements = nominal.elements()
    row |= {label: float(getattr(elements, label)[0]) for label in KEPLERIAN}
    return row | {"centre": "sun", "frame": "ecliptic"}, None


def covariance_of(
    row: Row, labels: Sequence[str], values: Sequence[float], matrix: Any, fixed: Mapping[str, float]
) -> OrbitUncertainty:
    """An orbit with its covariance; labels by any name. Parameters that the force model lacks are marginalised over.

    Raises InputError for what is no orbit or no covariance.
    """
    own = frozenset(EQUINOCTIAL) if {"h", "k", "p"} <= set(labels) else _OURS.keys()
    found = [None if label in own else label_of(label) for label in labels]
    ours = [label if what is None else what[0] for label, what in zip(labels, found, strict=True)]
    factor = np.array([1.0 if what is None else what[2] for what in found])
    whole = np.asarray(matrix, dtype=np.float64)
    centred = axes_of(row, str(row.get("designation") or "object"))
    if whole.shape == (len(ours), len(ours)):
        keep = [k for k, label in enumerate(ours) if label not in BEYOND]
        whole = (whole * np.outer(factor, factor))[np.ix_(keep, keep)]
        values = (np.asarray(values, dtype=np.float64) * factor)[keep].tolist()
        ours = [ours[k] for k in keep]
    return OrbitUncertainty(
        float(row["epoch_tdb_jd"]),
        tuple(ours),
        np.asarray(values, dtype=np.float64),
        whole,
        centre="Earth" if centred["centre"] == "earth" else "Sun",
        frame="equatorial" if centred["frame"] == "equatorial" else "ecliptic",
        fixed=fixed,
    )


def number_of(value: Any, label: str) -> float:
    """A finite number. InputError where it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{label} is {value!r}, not a number", source="elements") from error
    if not np.isfinite(number):
        raise InputError(f"{label} is {number}, not a number", source="elements")
    return number


def epoch_of(value: Any, label: str, unit: str = "") -> float:
    """Julian date of an epoch given as Julian date, modified Julian date or ISO date."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _iso(value, label)
    days = number_of(value, label)
    if "mjd" in unit or 0.0 < days < MJD_BELOW:
        return days + MJD_ZERO
    if days < 1.0e6 or days > 1.0e7:
        raise InputError(f"{label} is {days:g}, which is no Julian date", source="elements")
    return days


_DAY: Final = re.compile(r"^\s*(\d{4}-\d\d?-\d\d?)(\.\d+)?\s*(?:TDB|TT|TDT)?\s*$")


def _iso(text: str, label: str) -> float:
    day = _DAY.match(text)
    try:
        if day is not None:
            return julian_date(day[1]) + float("0" + (day[2] or ".0"))
        return julian_date(text.strip())
    except ValueError as error:
        raise InputError(
            f"{label} is {text!r}, neither a Julian date nor YYYY-MM-DD", source="elements"
        ) from error


def sigma_name(label: str) -> str:
    """The column that holds the standard deviation of another."""
    if label == "amr_m2kg":
        return "amr_sigma_m2kg"
    return f"{label}_sigma" if label in ("A1", "A2", "A3") else f"sigma_{label}"


def _in_km(row: Row) -> None:
    """Lengths that can only be km; their widths are in the same unit. State vectors come with speeds in km/s."""
    for label in ("a_au", "q_au"):
        if abs(row.get(label, 0.0)) > KM_ABOVE:
            row[label] /= AU_KM
            if f"sigma_{label}" in row:
                row[f"sigma_{label}"] /= AU_KM
    if max((abs(row.get(f"{axis}_au", 0.0)) for axis in "xyz"), default=0.0) > KM_ABOVE:
        for label in CARTESIAN:
            unit = AU_PER_DAY_KMS if label.startswith("v") else AU_KM
            for name in (label, f"sigma_{label}"):
                if name in row:
                    row[name] /= unit


CENTRES: Final = {
    "sun": ("sun", "heliocentric", "10", "@10", "500@10", "@sun"),
    "earth": ("earth", "geocentric", "399", "@399", "500@399", "geocentre", "geocenter"),
}


_AXES: Final = {
    word: label for label in ("centre", "frame") for word in _WORDS[label] if word not in ("origin", "plane")
}
"""The names of columns that say about what and on which axes a table's elements are; an ``origin`` may be anything."""


def told_axes(columns: Iterable[str]) -> dict[str, str]:
    """Which of a table's columns tell centre or frame: their names, and ours."""
    found = {name: _AXES.get(re.sub(r"[^0-9a-z]", "", name.lower())) for name in columns}
    return {name: ours for name, ours in found.items() if ours is not None}


def axes_of(row: Mapping[str, Any], name: str) -> Row:
    """The row with centre and frame in our words; Sun and ecliptic where it does not say. InputError for others."""
    centre = str(row.get("centre") or "sun").strip().lower()
    told = next((ours for ours, words in CENTRES.items() if centre in words), None)
    if told is None:
        raise InputError(f"the centre of {name} is {centre!r}, not Sun or Earth", source="elements")
    frame = str(row.get("frame") or "ecliptic").strip().lower()
    on_ecliptic, on_equator = (
        "ecl" in frame,
        any(word in frame for word in ("equat", "icrf", "icrs", "eme2000", "gcrf")),
    )
    if on_ecliptic == on_equator:
        raise InputError(f"the frame of {name} is {frame!r}, not ecliptic or equatorial", source="elements")
    return dict(row) | {"centre": told, "frame": "ecliptic" if on_ecliptic else "equatorial"}


def _check_closed(row: Row, name: str) -> None:
    a, e = row["a_au"], row["e"]
    if e < 0.0 or e == 1.0 or (e < 1.0) != (a > 0.0):
        raise InputError(f"the elements of {name} are no orbit: a = {a:g} au, e = {e:g}", source="elements")
