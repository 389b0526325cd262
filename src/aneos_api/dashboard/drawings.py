"""What the object page draws: the waterfall of evidence, the area-to-mass ratio against the populations, the orbit.

In: the answer as the API gives it. Out: places in per cent and points of curves; the templates only put them down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from aneos.artificial.known import heliocentric_orbits
from aneos.citations import references
from aneos.orbits import earth_elements
from aneos.populations.area_to_mass import LOG10_AMR, artificial_density, natural_density

LINE_TEXTS: Final = {
    "orbit": "Orbit",
    "area_to_mass": "Area-to-mass ratio",
    "identity": "Identity",
    "physical": "Physical",
    "departure": "Departure from Earth",
}
AGREEMENT: Final = 1e-6
"""log10 within which the lines must add up to the total; else the difference gets a row of its own."""

AMR_RANGE: Final = (-5.5, 2.5)
"""log10 of m²/kg between the ends of the picture."""


def waterfall(assessment: Mapping[str, Any]) -> dict[str, Any]:
    """Rows from the prior to the posterior, in log10 odds of artificial against natural.

    Each row: ``kind`` (prior, line, missing, posterior), ``text``, ``value``, ``interval``, ``summary``, and places
    ``x``, ``width``, ``whisker`` in per cent of the scale; ``sign`` says which side a bar speaks for.
    """
    prior = float(assessment["prior"])
    place = math.log10(prior / (1.0 - prior))
    total = float(assessment["log10_bayes_factor"])
    rows: list[dict[str, Any]] = [_row("prior", "Prior", 0.0, place)]
    rows[0]["value"] = place
    needs = {item["line"]: item for item in assessment.get("missing", ())}
    seen: set[str] = set()
    added = 0.0
    for line in assessment["evidence"]:
        name, value = line["line"], float(line["log10_bayes_factor"])
        measured = line["status"] == "measured"
        row = _row("line" if measured else "missing", LINE_TEXTS.get(name, name), place, place + value)
        row |= {"value": value, "line": name, "status": line["status"], "summary": line["summary"]}
        row["missing"] = needs.get(name)
        if measured:
            row["interval"] = [float(end) for end in line["interval"]]
            row["ends"] = [place + end for end in row["interval"]]
        place, added = place + value, added + value
        seen.add(name)
        rows.append(row)
    for name in [name for name in needs if name not in seen]:
        row = _row("missing", LINE_TEXTS.get(name, name), place, place)
        rows.append(row | {"line": name, "status": "not run", "missing": needs[name]})
    if abs(total - added) > AGREEMENT:
        row = _row("line", "Combination of the lines", place, place + total - added)
        rows.append(row | {"value": total - added, "status": "measured", "summary": "What the lines share."})
        place += total - added
    rows.append(_row("posterior", "Posterior", 0.0, place) | {"value": place})
    return _placed(rows)


def _row(kind: str, text: str, start: float, end: float) -> dict[str, Any]:
    return {
        "kind": kind,
        "text": text,
        "start": start,
        "end": end,
        "value": None,
        "interval": None,
        "ends": None,
        "line": None,
        "status": None,
        "summary": "",
        "missing": None,
    }


def _placed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    marks = [0.0]
    for row in rows:
        marks += [row["start"], row["end"], *(row["ends"] or ())]
    low, high = math.floor(min(marks)), math.ceil(max(marks))
    span = max(high - low, 1)

    def per_cent(value: float) -> float:
        return round(100.0 * (value - low) / span, 3)

    for row in rows:
        left, right = sorted((per_cent(row["start"]), per_cent(row["end"])))
        row["x"], row["width"], row["at"] = left, max(right - left, 0.0), per_cent(row["end"])
        row["sign"] = "artificial" if row["end"] >= row["start"] else "natural"
        row["whisker"] = None if row["ends"] is None else [per_cent(end) for end in row["ends"]]
    step = max(1, math.ceil(span / 8))
    ticks = [
        {"x": per_cent(value), "text": f"{value:+d}" if value else "0"}
        for value in range(low, high + 1, step)
    ]
    return {"rows": rows, "zero": per_cent(0.0), "ticks": ticks}


def amr_picture(orbit: Mapping[str, Any], *, width: int = 600, height: int = 150) -> dict[str, Any]:
    """Densities per dex of the area-to-mass ratio of both populations as SVG paths, and where the object stands."""
    inside = (AMR_RANGE[0] <= LOG10_AMR) & (AMR_RANGE[1] >= LOG10_AMR)
    H = orbit.get("H")
    curves = {
        "artificial": artificial_density()[inside],
        "natural": natural_density(np.array([np.nan if H is None else float(H)]))[0][inside],
    }
    top = max(float(curve.max()) for curve in curves.values())
    x = _x(LOG10_AMR[inside], width)
    paths = {name: _path(x, height * (1.0 - 0.95 * curve / top), height) for name, curve in curves.items()}
    amr, sigma = orbit.get("amr_m2kg"), orbit.get("amr_sigma_m2kg")
    at = span = None
    if amr is not None and amr > 0.0:
        at = _place(amr, width)
        if sigma:
            span = [_place(max(amr - sigma, 10.0 ** AMR_RANGE[0]), width), _place(amr + sigma, width)]
    ticks = [{"x": float(_x(np.array([d]), width)[0]), "text": _power(d)} for d in range(-5, 3)]
    return {
        "paths": paths,
        "amr": amr,
        "sigma": sigma,
        "at": at,
        "span": span,
        "ticks": ticks,
        "width": width,
        "height": height,
        "size_known": H is not None,
    }


def _place(value: float, width: int) -> float:
    low, high = AMR_RANGE
    return round(float(_x(np.array([min(max(math.log10(value), low), high)]), width)[0]), 2)


def _x(log10_amr: np.ndarray[Any, np.dtype[Any]], width: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray((log10_amr - AMR_RANGE[0]) / (AMR_RANGE[1] - AMR_RANGE[0]) * width)


def _path(x: Sequence[float] | Any, y: Sequence[float] | Any, height: int) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[::2], y[::2], strict=True))
    return f"M{x[0]:.1f},{height} L{points} L{x[-1]:.1f},{height} Z"


def _power(decade: int) -> str:
    return f"{10.0**decade:g}"


def orbit_scene(
    designation: str, orbit: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Elements of what the 3-D picture shows: the object, the Earth-Moon barycentre, the matched hardware.

    Degrees, au, TDB; None where the orbit is no ellipse, which the picture cannot close.
    """
    names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd")
    own = {name: orbit.get(name) for name in names}
    if any(value is None for value in own.values()) or not 0.0 <= float(own["e"] or 0.0) < 1.0:
        return None
    earth = earth_elements(float(own["epoch_tdb_jd"] or 0.0))
    bodies = [
        {"name": designation, "kind": "object", **own},
        {"name": "Earth", "kind": "earth", **{name: float(getattr(earth, name)[0]) for name in names}},
    ]
    matched = _matched(evidence, float(own["epoch_tdb_jd"] or 0.0))
    if matched is not None:
        bodies.append(matched)
    return {"bodies": bodies, "epoch_tdb_jd": own["epoch_tdb_jd"]}


def bibtex() -> str:
    """What an assessment rests on, as BibTeX: the same as ``aneos cite``."""
    return "\n\n".join(reference.bibtex() for reference in references())


def _matched(evidence: Sequence[Mapping[str, Any]], epoch: float) -> dict[str, Any] | None:
    """The published orbit, nearest in time, of the registry object that the identity line names."""
    for line in evidence:
        inputs = line.get("inputs") or {}
        if line["line"] != "identity" or not inputs.get("identified"):
            continue
        rows = heliocentric_orbits().rows(named=True)
        own = [row for row in rows if row["object_id"] == inputs.get("object_id") and row["e"] < 1.0]
        if not own:
            return None
        row = min(own, key=lambda row: abs(row["epoch_tdb_jd"] - epoch))
        names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd")
        return {"name": row["designation"], "kind": "matched", **{name: row[name] for name in names}}
    return None
