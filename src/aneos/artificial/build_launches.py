"""Rebuild the launch tables from GCAT: ``python -m aneos.artificial.build_launches LAUNCHES.csv``.

The input is the orbital launch list of J. McDowell's General Catalog of Artificial Space Objects (GCAT, CC BY 4.0)
joined with the orbit of its first payload. Chosen and named here: which launches left or nearly left the Earth,
what upper stage went with the payload, and the departure energy that the published conic implies.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from aneos.constants import GM_EARTH_KM3_S2

EARTH_RADIUS_KM: Final = 6378.137

DISTANT: Final = frozenset({"EEO", "CLO", "DSO", "VHEO"})
"""GCAT's codes of orbits beyond the geostationary ring: escape, cislunar or translunar, deep, very high."""

PARKED_BELOW_KM: Final = 50_000.0
"""A conic whose apogee lies lower is the parking orbit: it tells nothing of the departure."""

INTERPLANETARY: Final = frozenset({"1989-033", "1989-084", "1990-090"})
"""Magellan, Galileo and Ulysses: listed with the orbit of the Shuttle that released them."""

STAGES: Final = (
    # beginning of the vehicle's name, upper stages that travel with or ahead of the payload
    ("Space Shuttle", "IUS second stage"),
    ("Saturn V", "S-IVB; spacecraft adapter panels"),
    ("Saturn I", "S-IV or S-IVB"),
    ("SLS", "ICPS"),
    ("Titan IIIE", "Centaur; Star 37"),
    ("Titan 401", "Centaur"),
    ("Titan III", "Transtage"),
    ("Commercial Titan", "TOS"),
    ("Atlas Agena", "Agena"),
    ("Atlas SLV-3 Agena", "Agena"),
    ("Atlas SLV-3A Agena", "Agena"),
    ("Atlas SLV-3B Agena", "Agena"),
    ("Atlas Able", "Able"),
    ("Atlas C Able", "Able"),
    ("Atlas", "Centaur"),
    ("Vulcan", "Centaur V"),
    ("Thor Able", "Able; Altair"),
    ("Thor Delta", "Delta second stage; solid third stage"),
    ("Delta 4H", "DCSS; Star 48BV"),
    ("Delta 4", "DCSS"),
    ("Delta", "Delta second stage; Star third stage"),
    ("Falcon", "second stage"),
    ("New Glenn", "second stage (GS2)"),
    ("Molniya", "Blok L"),
    ("Vostok-L", "Blok E"),
    ("Proton-K/17S40", "Blok DM"),
    ("Proton-K", "Blok D"),
    ("Proton-M/Briz", "Briz-M; drop tank"),
    ("Proton-M/DM", "Blok DM-03"),
    ("UR-500", "Blok D"),
    ("N-1", "Blok G; Blok D"),
    ("Zenit", "Fregat"),
    ("Soyuz", "Fregat"),
    ("Ariane 5", "ESC-A, ESC-D or EPS"),
    ("Ariane", "third stage (H10)"),
    ("Vega", "AVUM; propulsion module"),
    ("H-IIA", "second stage"),
    ("H3", "second stage"),
    ("M-V", "third stage; kick motor"),
    ("Mu-", "third stage; kick motor"),
    ("PSLV", "PS4"),
    ("LVM3", "C25 cryogenic stage"),
    ("GSLV", "cryogenic stage"),
    ("Chang Zheng 2C", "second stage; YZ-1S"),
    ("Chang Zheng 3", "third stage (H-18)"),
    ("Chang Zheng 4", "third stage"),
    ("Chang Zheng 5", "second stage"),
    ("Chang Zheng 8", "second stage"),
    ("Electron", "Photon"),
    ("Minotaur", "Star 48; Star 37"),
    ("Athena", "Star 37 TLI stage"),
    ("Pegasus", "Star 27"),
    ("Juno II", "fourth stage"),
    ("Scout", "fourth stage"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "launches", type=Path, help="GCAT orbital launches joined with first-payload orbits, CSV"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data")
    arguments = parser.parse_args()
    with arguments.launches.open(encoding="utf-8", newline="") as stream:
        records = [row for row in csv.DictReader(stream) if row["LaunchCode"] != "OF"]
    beyond = [entry(row) for row in records if row["LaunchCode"] == "DS" or row["OpOrbit"] in DISTANT]
    pl.DataFrame(beyond).write_csv(arguments.out / "launches.csv")
    orbital(records).write_parquet(arguments.out / "orbital_launches.parquet", compression="zstd")


def entry(row: Mapping[str, str]) -> dict[str, object]:
    """One launch of the curated list."""
    perigee, apogee = _number(row["Perigee"]), _number(row["Apogee"])
    parked = apogee is not None and 0.0 <= apogee < PARKED_BELOW_KM
    c3 = None if parked else departure_energy(perigee, apogee)
    left = row["OpOrbit"] == "EEO" or row["Launch_Tag"] in INTERPLANETARY or (c3 is not None and c3 > 0.0)
    regime = "escape" if left else "distant"
    flight, mission = _text(row["Flight"]), _text(row["Mission"])
    return {
        "launch": row["Launch_Tag"],
        "date": row["Launch_Date"],
        "jd_utc": float(row["Launch_JD"]),
        "vehicle": row["LV_Type"],
        "stages": stages(row["LV_Type"]),
        "payload": flight or mission,
        "mission": mission,
        "site": row["Launch_Site"],
        "regime": regime,
        "c3_km2s2": None if c3 is None else round(c3, 2),
        "perigee_km": perigee,
        "apogee_km": apogee if apogee is None or apogee > 0.0 else None,
        "inclination_deg": _number(row["Inc"]),
        "source": "GCAT (J. McDowell, CC BY 4.0)",
    }


def departure_energy(perigee_km: float | None, apogee_km: float | None) -> float | None:
    """C3 in km²/s² of the first published conic; GCAT prints hyperbolas with a negative apogee height."""
    if perigee_km is None or apogee_km is None:
        return None
    semimajor = 0.5 * (perigee_km + apogee_km) + EARTH_RADIUS_KM
    return None if semimajor == 0.0 else -GM_EARTH_KM3_S2 / semimajor


def stages(vehicle: str) -> str | None:
    """Upper stages that travel with the payload, by the beginning of the vehicle's name; None where not known."""
    return next((named for start, named in STAGES if vehicle.startswith(start)), None)


def orbital(records: Iterable[Mapping[str, str]]) -> pl.DataFrame:
    """Every orbital launch: tag, Julian date, vehicle and payload."""
    rows = [
        (
            row["Launch_Tag"],
            float(row["Launch_JD"]),
            row["LV_Type"],
            _text(row["Flight"]) or _text(row["Mission"]),
        )
        for row in records
    ]
    schema = {"launch": pl.String(), "jd_utc": pl.Float64(), "vehicle": pl.String(), "payload": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("jd_utc", "launch")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text(text: str) -> str | None:
    stripped = text.strip()
    return None if stripped in ("", "-") else stripped


if __name__ == "__main__":
    main()
