"""ADES records (Astrometry Data Exchange Standard, IAU 2015; versions 2017 and 2022) as rows of the table.

Both encodings, PSV and XML, give the same fields; this module knows what the fields mean. Units as in the standard:
angles in degrees, uncertainties in arcseconds, delay in seconds with its uncertainty in microseconds, Doppler shift
and its uncertainty in Hz, frequency in MHz. Source: Chesley et al., "ADES description", and submit.xsd.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from aneos.astrometry.calendar import iso_time, julian_date_of_iso
from aneos.astrometry.mpc80 import STATION
from aneos.astrometry.table import Row
from aneos.catalogue.files import shown
from aneos.constants import AU_KM

POSITION_SYSTEMS: Final = {"ICRF_KM": 1.0, "ICRF_AU": AU_KM}
GEODETIC_SYSTEMS: Final = ("WGS84",)
NAMES: Final = ("permID", "provID", "artSat", "trkSub")
MODES: Final = {
    "CCD": "C",
    "CMO": "B",
    "VID": "C",
    "PHO": "P",
    "ENC": "e",
    "PMT": "T",
    "MIC": "M",
    "MER": "T",
    "TDI": "C",
}
UNKNOWN_CATALOGUE: Final = ("UNK", "unk")
BASE_62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PROGRAMS: Final = BASE_62[:10] + "!\"#$%&'()*+,-./[\\]^_`{|}~:;<=>?@" + BASE_62[10:]
"""The MPC's program codes, one character each, in the order of its list (minorplanetcenter.net/iau/lists/
ProgramCodes.txt): ADES writes the place in that list with two digits of base 62."""


def rows_of(fields: Mapping[str, str]) -> list[Row]:
    """One record (field name → text; blank fields left out) as rows: one for optical, up to two for radar.

    Raises ValueError saying which field is wrong.
    """
    common = _common(fields)
    if "delay" in fields or "doppler" in fields:
        return _radar(fields, common)
    row = dict(common)
    if "ra" not in fields and "raStar" in fields:
        raise ValueError("is an occultation or offset (raStar), which is not supported")
    row["ra_deg"] = _number(fields, "ra", 0.0, 360.0)
    row["dec_deg"] = _number(fields, "dec", -90.0, 90.0)
    if row["ra_deg"] is None or row["dec_deg"] is None:
        raise ValueError("lacks ra or dec")
    row["sigma_ra_arcsec"] = _positive(fields, "rmsRA")
    row["sigma_dec_arcsec"] = _positive(fields, "rmsDec")
    row["correlation"] = _number(fields, "rmsCorr", -1.0, 1.0)
    row["sigma_time_s"] = _number(fields, "rmsTime", 0.0, 86400.0)
    row["mag"] = _number(fields, "mag", -30.0, 40.0)
    row["band"] = fields.get("band")
    row["star_catalogue"] = None if fields.get("astCat") in UNKNOWN_CATALOGUE else fields.get("astCat")
    row["kind"] = "optical"
    return [row]


def names_of(fields: Mapping[str, str]) -> tuple[str, ...]:
    """The designations that one record carries, the best first."""
    return tuple(fields[key] for key in NAMES if key in fields)


def _common(fields: Mapping[str, str]) -> Row:
    if "obsTime" not in fields:
        raise ValueError("lacks obsTime")
    jd = julian_date_of_iso(fields["obsTime"])
    name = next((fields[key] for key in NAMES if key in fields), None)
    if name is None:
        raise ValueError(f"lacks a designation ({', '.join(NAMES)})")
    station = fields.get("stn") or fields.get("rcv")
    if station is None:
        raise ValueError("lacks its station (stn, or rcv for radar)")
    if not STATION.fullmatch(station):
        raise ValueError(f"{shown(station)} is no observatory code")
    mode = fields.get("mode")
    row: Row = {
        "object": name,
        "written_as": name,
        "time_utc": iso_time(jd),
        "jd_utc": jd,
        "station": station,
        "program": _program(fields.get("prog")),
        "note": fields.get("notes"),
        "mode": MODES.get(mode, mode) if mode else None,
        "discovery": "*" in fields.get("disc", ""),
        "superseded": fields.get("deprecated", "").lower() in ("x", "true", "1"),
    }
    _observer(fields, row)
    return row


def _program(code: str | None) -> str | None:
    """The MPC's one-character program code of ADES' two digits; other text as it stands."""
    if code is None or len(code) != 2 or not set(code) <= set(BASE_62):
        return code
    place = 62 * BASE_62.index(code[0]) + BASE_62.index(code[1])
    return PROGRAMS[place] if place < len(PROGRAMS) else code


def _observer(fields: Mapping[str, str], row: Row) -> None:
    """The observer's position where the record gives one (spacecraft, roving observers)."""
    system = fields.get("sys")
    if system is None:
        if "pos1" in fields:
            raise ValueError("gives a position (pos1) without its system (sys)")
        return
    limit = 1e10
    position = [_number(fields, key, -limit, limit) for key in ("pos1", "pos2", "pos3")]
    if any(value is None for value in position):
        raise ValueError("gives a system (sys) without pos1, pos2 and pos3")
    if system in POSITION_SYSTEMS:
        if fields.get("ctr", "399") != "399":
            raise ValueError(f"gives a position about body {fields['ctr']}, only 399 (Earth) is supported")
        for axis, value in zip("xyz", position, strict=True):
            row[f"observer_{axis}_km"] = None if value is None else value * POSITION_SYSTEMS[system]
        row["mode"] = "S"
        return
    if system not in GEODETIC_SYSTEMS:
        raise ValueError(f"gives a position in the system {shown(system)}, which is not supported")
    longitude, latitude, altitude = (value or 0.0 for value in position)
    if not (-180.0 <= longitude <= 360.0 and -90.0 <= latitude <= 90.0):
        raise ValueError("gives a longitude or latitude that does not exist")
    row["observer_lon_deg"], row["observer_lat_deg"], row["observer_alt_m"] = longitude, latitude, altitude
    row["mode"] = "V"


def _radar(fields: Mapping[str, str], common: Row) -> list[Row]:
    frequency = _positive(fields, "frq")
    common["transmitter"] = fields.get("trx") or common["station"]
    common["frequency_hz"] = None if frequency is None else frequency * 1e6
    common["from_surface"] = fields.get("com", "1") in ("0", "false")
    delay, doppler = _positive(fields, "delay"), _number(fields, "doppler", -1e9, 1e9)
    rows: list[Row] = []
    if delay is not None:
        sigma = _positive(fields, "rmsDelay")
        if sigma is None:
            raise ValueError("gives a delay without rmsDelay")
        rows.append(common | {"kind": "delay", "delay_s": delay, "sigma_delay_s": sigma * 1e-6})
    if doppler is not None:
        sigma = _positive(fields, "rmsDoppler")
        if sigma is None or frequency is None:
            raise ValueError("gives a Doppler shift without rmsDoppler or frq")
        rows.append(common | {"kind": "doppler", "doppler_hz": doppler, "sigma_doppler_hz": sigma})
    return rows


def _positive(fields: Mapping[str, str], name: str) -> float | None:
    value = _number(fields, name, 0.0, 1e12)
    if value == 0.0:
        raise ValueError(f"{name} is zero")
    return value


def _number(fields: Mapping[str, str], name: str, low: float, high: float) -> float | None:
    if name not in fields:
        return None
    try:
        value = float(fields[name])
    except ValueError:
        raise ValueError(f"{name} {shown(fields[name])} is no number") from None
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{name} {shown(fields[name])} is out of range")
    return value
