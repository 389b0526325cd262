"""Approaches of one object to the Earth and the Moon, from its nominal orbit carried through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from aneos.constants import AU_KM

FIRST_YEAR: Final = 1901
LAST_YEAR: Final = 2099
"""Years that the ephemeris kernels cover with a margin."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Calendar years (TDB) and the distance from the body's centre within which approaches are listed."""

    from_year: int
    until_year: int
    within_au: float


def approaches(table: pl.DataFrame, asked: Asked) -> dict[str, Any]:
    """``items`` in order of time, ``ended`` where the motion ends before the span does, and the force ``model``.

    Distances are from the centre of the body. Nothing is said of the uncertainty of the orbit here: ``U`` tells it.
    """
    from aneos.astrometry.calendar import julian_date
    from aneos.dynamics import States, find_encounters
    from aneos.orbits import KeplerianElements

    row = table.row(0, named=True)
    epoch = float(row["epoch_tdb_jd"])
    push = {name: float(row[name] or 0.0) for name in ("A1", "A2", "A3")}
    if row["A1"] is None and row["amr_m2kg"] is not None:
        push.pop("A1")
        states = States.from_elements(
            KeplerianElements.from_table(table), amr_m2kg=float(row["amr_m2kg"]), **push
        )
    else:
        states = States.from_elements(KeplerianElements.from_table(table), **push)
    begin, end = julian_date(asked.from_year, 1, 1.0), julian_date(asked.until_year + 1, 1, 1.0)
    items: list[dict[str, Any]] = []
    ended, model = [], {}
    for until in (begin, end):
        if (until < epoch) != (until == begin):  # the whole span lies on the other side of the epoch
            continue
        history = find_encounters(states, until, earth_au=asked.within_au, captures=False, threads=1)
        model = history.provenance
        items += [item for item in _items(history.encounters) if begin <= item["epoch_tdb_jd"] < end]
        if not history.final.done[0]:
            ended.append(_ending(history.final))
    items.sort(key=lambda item: float(item["epoch_tdb_jd"]))
    return {"items": items, "ended": ended, "forces": model.get("forces"), "engine": model.get("engine")}


def _items(found: Any) -> list[dict[str, Any]]:
    from aneos.astrometry.calendar import iso_time

    return [
        {
            "body": str(body),
            "kind": str(kind),
            "date_tdb": iso_time(float(jd)).removesuffix("Z"),
            "epoch_tdb_jd": float(jd),
            "distance_km": float(distance),
            "distance_au": float(distance) / AU_KM,
            "speed_kms": float(speed),
            "bound": bool(energy < 0.0),
        }
        for body, kind, jd, distance, speed, energy in zip(
            found.body,
            found.kind,
            found.epoch_tdb_jd,
            found.distance_km,
            found.speed_kms,
            found.energy_km2s2,
            strict=True,
        )
        if str(kind) != "start"  # the epoch of the elements is no approach
    ]


def _ending(final: Any) -> str:
    from aneos.astrometry.calendar import iso_time

    if str(final.status[0]) == "collision":
        return f"collides with {final.struck[0]} on {iso_time(float(final.stopped_tdb_jd[0]))[:10]}"
    return "the motion could not be computed to the end of the span"
