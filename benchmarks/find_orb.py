"""Find_Orb's solution from the page that stands beside an artificial object's observations, held against ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aneos.astrometry import FitResult
from aneos.astrometry.calendar import julian_date
from aneos.astrometry.geocentric import geocentric_orbit, geocentric_state
from aneos.astrometry.result import heliocentric_ecliptic
from aneos.astrometry.rivals import Rival, mixed, mixed_elements
from aneos.dynamics.fitting import SUN_ID, body_state, propagate_with_partials
from aneos.orbits.twobody import state_to_elements

FloatArray = npt.NDArray[np.float64]
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LABELS = {
    "a": r"^a",
    "e": r"^e",
    "i_deg": r"Incl\.",
    "node_deg": r"Node",
    "peri_deg": r"Peri\.",
    "M_deg": r"^M",
}


@dataclass(frozen=True, slots=True)
class Solution:
    """Epoch (TDB), heliocentric equatorial state, AMR ± σ (m²/kg), elements with σ (a in km about the Earth, in au
    about the Sun; degrees) and whether they are about the Earth (equator) or the Sun (ecliptic)."""

    epoch: float
    state: FloatArray
    amr: tuple[float, float] | None
    elements: dict[str, tuple[float, float]]
    about_earth: bool


def solution(page: Path) -> Solution | None:
    """Find_Orb's solution; None where there is no page or no solution in it."""
    if not page.is_file():
        return None
    text = re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8"))
    text = text[text.index("\nOrbital elements:") :]
    number = r"\s+([-+.\d]+)"
    state = re.search(rf"\(heliocentric equatorial J2000\):\s*#{number * 3} AU\s*#{number * 3} mAU", text)
    epoch = re.search(r"Epoch (\d{4}) (\w{3}) +([\d.]+) TT", text)
    amr = re.search(r"AMR ([-\d.]+) \+/- ([\d.]+)", text)
    if state is None or epoch is None:
        return None
    elements = {}
    for name, label in LABELS.items():
        found = re.search(rf"{label}\s*([-\d.]+) \+/- ([-+\d.e]+)", text, re.MULTILINE)
        if found is not None:
            elements[name] = (float(found[1]), float(found[2]))
    return Solution(
        julian_date(int(epoch[1]), MONTHS.index(epoch[2]) + 1, float(epoch[3])),
        np.array([float(value) for value in state.groups()]) * np.array([1, 1, 1, 1e-3, 1e-3, 1e-3]),
        None if amr is None else (float(amr[1]), float(amr[2])),
        elements,
        "J2000 equator" in text,
    )


def worst_sigma(fit: FitResult, theirs: Solution) -> tuple[float, str]:
    """Largest difference of an element in combined σ (ours covers the orbits that fit nearly as well), with its name;
    of the state's components in our σ alone where the page gives no σ of elements."""
    parts = [carried(part, fit, theirs.epoch) for part in fit.alternatives]
    if not theirs.elements:
        off = parts[0].state - theirs.state - body_state(SUN_ID, theirs.epoch)
        sigma = np.sqrt(np.diag(mixed(parts, theirs.epoch)[0])[:6])
        return float(np.max(np.abs(off) / sigma)), "state"
    ours = _elements(theirs, parts[0].state)
    sigmas = np.sqrt(np.diag(mixed_elements(parts, lambda state: _elements(theirs, state))))
    worst = max(
        (
            abs(_apart(ours[name], theirs.elements[name][0], name))
            / np.hypot(sigma, theirs.elements[name][1]),
            name,
        )
        for name, sigma in zip(ours, sigmas, strict=True)
        if name in theirs.elements
    )
    return float(worst[0]), worst[1]


def carried(part: Rival, fit: FitResult, epoch: float) -> Rival:
    """One of the orbits of a fit at another epoch."""
    there, partials = propagate_with_partials(
        fit.epoch_tdb_jd, part.state, np.array([epoch]), fit.nongravitational
    )
    transition = np.eye(9)
    transition[:6] = partials[0]
    return replace(part, state=there[0], covariance=transition @ part.covariance @ transition.T)


def _elements(theirs: Solution, state: FloatArray) -> dict[str, float]:
    if not theirs.about_earth:
        orbit = state_to_elements(*heliocentric_ecliptic(theirs.epoch, state), theirs.epoch)
        names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
        return dict(zip(LABELS, (float(getattr(orbit, name)[0]) for name in names), strict=True))
    found = geocentric_orbit(theirs.epoch, state, np.zeros((6, 6)))
    out = {name: float(found[key]) for name, key in _GEOCENTRIC.items() if key in found}
    relative = geocentric_state(theirs.epoch, state)
    if "a" in out:
        out["M_deg"] = _mean_anomaly(relative, out["a"], out["e"])
    return out


_GEOCENTRIC = {"a": "a_km", "e": "e", "i_deg": "i_deg", "node_deg": "node_deg", "peri_deg": "peri_deg"}


def _mean_anomaly(relative: FloatArray, a_km: float, e: float) -> float:
    from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_EARTH_KM3_S2

    r, v = relative[:3] * AU_KM, relative[3:] * AU_PER_DAY_KMS
    sine = float(r @ v) / np.sqrt(GM_EARTH_KM3_S2 * a_km)
    cosine = 1.0 - float(np.linalg.norm(r)) / a_km
    return float(np.degrees(np.arctan2(sine, cosine) - sine) % 360.0)


def _apart(one: float, other: float, name: str) -> float:
    return (one - other + 180.0) % 360.0 - 180.0 if name.endswith("_deg") else one - other
