"""Replies written after the published format of each archive, not recorded.

Formats: the documentation pages named in the adapters. Values are of real objects where one was at hand (JPL and MPC
orbits of 2006 RH120, 2004 MN4 and 2062 Aten as published), rounded; Scout's and NEODyS' objects are made up.
"""

from __future__ import annotations

import json
import math
from typing import Any

import polars as pl

from aneos.catalogue import load_bundled


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def sbdb_object() -> dict[str, Any]:
    """The single-object service with ``cov=mat``: elements and covariance at different epochs."""
    names = {"e": "e", "q": "q", "tp": "tp", "node": "om", "peri": "w", "i": "i"}
    own = {
        "e": ("0.19152169", None, 1.6e-9), "q": ("0.74582705", "au", 2.6e-9),
        "tp": ("2459101.0394225", "TDB", 6.5e-7), "node": ("204.03892721", "deg", 3.1e-6),
        "peri": ("126.65205184", "deg", 3.3e-6), "i": ("3.33675132", "deg", 9.9e-8),
    }  # fmt: skip
    variances = [sigma**2 for _, _, sigma in own.values()] + [4.9e-13**2, 1.9e-16**2]
    elements = {
        "e": ("0.19116634", None), "a": ("0.92230", "au"), "q": ("0.74598", "au"), "i": ("3.3409", "deg"),
        "om": ("203.8966", "deg"), "w": ("126.6728", "deg"), "ma": ("312.44", "deg"), "tp": ("2461042.4", "TDB"),
        "per": ("323.5", "d"), "n": ("1.1127", "deg/d"), "ad": ("1.0986", "au"),
    }  # fmt: skip
    return {
        "signature": {"source": "NASA/JPL Small-Body Database (SBDB) API", "version": "1.3"},
        "object": {
            "fullname": "99942 Apophis (2004 MN4)", "des": "99942", "spkid": "20099942", "orbit_id": "220",
            "kind": "an", "neo": True, "pha": True,
        },
        "orbit": {
            "epoch": "2461000.5", "equinox": "J2000", "orbit_id": "220", "condition_code": "0", "data_arc": "6599",
            "n_obs_used": 7370, "last_obs": "2022-04-09", "rms": ".25657",
            "elements": [
                {"name": name, "label": name, "value": value, "units": units, "sigma": "1e-9"}
                for name, (value, units) in elements.items()
            ],
            "model_pars": [
                {"name": "A1", "value": "5.E-13", "sigma": "4.9E-13", "units": "au/d^2", "kind": "EST"},
                {"name": "A2", "value": "-2.9018E-14", "sigma": "1.9E-16", "units": "au/d^2", "kind": "EST"},
            ],
            "covariance": {
                "epoch": "2459215.5",
                "labels": [*names, "A1", "A2"],
                "elements": [
                    {"name": names[name], "label": name, "value": value, "units": units, "sigma": sigma}
                    for name, (value, units, sigma) in own.items()
                ],
                "data": [
                    [f"{variances[row]:.10e}" if row == column else "0" for column in range(8)] for row in range(8)
                ],
            },
        },
        "phys_par": [{"name": "H", "value": "19.09", "sigma": "0.19", "units": None}],
    }  # fmt: skip


def sbdb_query() -> dict[str, Any]:
    """The query service with the fields that the adapter asks for."""
    from aneos.archives.sbdb import QUERY_FIELDS

    known = [
        {"full_name": " 99942 Apophis (2004 MN4)", "pdes": "99942", "name": "Apophis", "epoch": "2461000.5",
         "a": "0.9223", "e": "0.1911", "i": "3.34", "om": "203.9", "w": "126.7", "ma": "312.4", "H": "19.09",
         "G": "0.24", "A2": "-2.901766637153165E-14", "A2_sigma": "1.859E-16", "diameter": "0.34"},
        {"full_name": "       (2006 RH120)", "pdes": "2006 RH120", "epoch": "2461000.5", "a": "1.033", "e": "0.0245",
         "i": "0.5952", "om": "51.14", "w": "10.14", "ma": "341.6", "H": "29.5"},
    ]  # fmt: skip
    return {
        "signature": {"source": "NASA/JPL SBDB (Small-Body DataBase) Query API", "version": "1.0"},
        "count": 2,
        "fields": list(QUERY_FIELDS),
        "data": [[row.get(field) for field in QUERY_FIELDS] for row in known],
    }


def cad() -> dict[str, Any]:
    fields = ["des", "orbit_id", "jd", "cd", "dist", "dist_min", "dist_max", "v_rel", "v_inf", "t_sigma_f", "h",
              "diameter", "diameter_sigma", "fullname"]  # fmt: skip
    return {
        "signature": {"source": "NASA/JPL SBDB Close Approach Data API", "version": "1.5"},
        "count": 2,
        "fields": fields,
        "data": [
            ["99942", "220", "2462240.407091", "2029-Apr-13 21:46", "0.000254099", "0.000254086", "0.000254112",
             "7.42249", "5.84135", "< 00:01", "19.09", "0.34", "0.04", " 99942 Apophis (2004 MN4)"],
            ["2024 PT5", "1", "2460579.5", "2024-Sep-26 00:00", "0.0095", "0.0095", "0.0095",
             "0.54", None, "< 00:01", "27.4", None, None, "       (2024 PT5)"],
        ],
    }  # fmt: skip


def horizons(table: str) -> dict[str, Any]:
    columns, rows, units = {
        "VECTORS": (
            "JDTDB, Calendar Date (TDB), X, Y, Z, VX, VY, VZ,",
            ["2451544.500000000, A.D. 2000-Jan-01 00:00:00.0000, -1.8E-01, 9.7E-01, 0.0, -1.7E-02, -3.1E-03, 1E-07,",
             "2451545.500000000, A.D. 2000-Jan-02 00:00:00.0000, -1.9E-01, 9.6E-01, 0.0, -1.7E-02, -3.4E-03, 1E-07,"],
            "AU-D",
        ),
        "ELEMENTS": (
            "JDTDB, Calendar Date (TDB), EC, QR, IN, OM, W, Tp, N, MA, TA, A, AD, PR,",
            [f"{jd}, A.D. 2000-Jan-01 00:00:00.0000, 1.9E-01, 7.46E-01, 3.33, 2.04E+02, 1.26E+02, 2451600.0, 1.11, "
             "3.0E+02, 2.9E+02, 9.22E-01, 1.10E+00, 3.24E+02," for jd in ("2451544.500000000", "2451545.500000000")],
            "AU-D, deg, Julian Day Number (Tp)",
        ),
    }[table]  # fmt: skip
    stars = "*" * 79
    lines = [
        stars, "Ephemeris / API_USER Mon Nov 23 17:00:00 2026 Pasadena, USA      / Horizons", stars,
        "Target body name: 99942 Apophis (2004 MN4)        {source: JPL#220}",
        "Center body name: Sun (10)                        {source: DE441}",
        "Center-site name: BODY CENTER", stars,
        f"Output units    : {units}", "Output type     : GEOMETRIC cartesian states",
        "Reference frame : Ecliptic of J2000.0", stars, columns, stars, "$$SOE", *rows, "$$EOE", stars,
    ]  # fmt: skip
    return {"signature": {"source": "NASA/JPL Horizons API", "version": "1.2"}, "result": "\n".join(lines)}


def sentry_summary() -> dict[str, Any]:
    return {
        "signature": {"source": "NASA/JPL Sentry Data API", "version": "2.0"},
        "count": 2,
        "data": [
            {"des": "1979 XB", "fullname": "(1979 XB)", "id": "bJ79X00B", "range": "2056-2113", "n_imp": "4",
             "ip": "8.515158e-07", "ps_cum": "-2.69", "ps_max": "-2.99", "ts_max": "0", "v_inf": "23.76", "h": "18.54",
             "diameter": "0.66", "last_obs": "1979-12-15", "last_obs_jd": "2444222.5"},
            {"des": "101955", "fullname": "101955 Bennu (1999 RQ36)", "id": "a0101955", "range": "2178-2290",
             "n_imp": 157, "ip": "0.00057", "ps_cum": "-1.40", "ps_max": "-1.58", "ts_max": None, "v_inf": "5.99",
             "h": "20.63", "diameter": "0.490", "last_obs": "2020-10-03", "last_obs_jd": "2459125.5"},
        ],
    }  # fmt: skip


def sentry_object() -> dict[str, Any]:
    return {
        "signature": {"source": "NASA/JPL Sentry Data API", "version": "2.0"},
        "summary": {
            "des": "101955", "fullname": "101955 Bennu (1999 RQ36)", "n_imp": 2, "ip": "0.00057", "ps_cum": "-1.40",
            "ps_max": "-1.58", "ts_max": None, "v_inf": "5.99", "v_imp": "12.68", "h": "20.63", "diameter": "0.490",
            "method": "MC",
        },
        "data": [
            {"date": "2182-09-24.12", "ip": "3.7e-04", "ps": "-1.58", "ts": None, "energy": "1.425e+03"},
            {"date": "2290-09-25.12", "ip": "1.0e-07", "ps": "-5.38", "ts": None, "energy": "1.425e+03"},
        ],
    }  # fmt: skip


def sentry_removed() -> dict[str, Any]:
    return {
        "signature": {"source": "NASA/JPL Sentry Data API", "version": "2.0"},
        "count": "1",
        "data": [{"des": "99942", "removed": "2021-03-27 00:00:00"}],
    }


def scout_record() -> dict[str, Any]:
    return {
        "objectName": "P10vY9r", "nObs": 4, "arc": "0.35", "rmsN": "0.12", "H": "26.3", "rating": 2, "neoScore": 100,
        "phaScore": 0, "ieoScore": 0, "neo1kmScore": 0, "geocentricScore": 91, "tisserandScore": 39, "moid": "0.001",
        "caDist": "0.98", "vInf": None, "Vmag": "20.8", "rate": "1.9", "unc": "1400", "uncP1": "1500", "ra": "08:54",
        "dec": "+28", "elong": "156", "tEphem": "2026-02-11 22:45", "lastRun": "2026-02-08 13:52",
    }  # fmt: skip


def scout_summary() -> dict[str, Any]:
    signature = {"source": "NASA/JPL Scout API", "version": "1.3"}
    return {"signature": signature, "count": "1", "data": [scout_record()]}


def scout_orbits() -> dict[str, Any]:
    fields = [
        "idx",
        "epoch",
        "ec",
        "qr",
        "tp",
        "om",
        "w",
        "inc",
        "H",
        "dca",
        "tca",
        "moid",
        "vinf",
        "geoEcc",
        "impFlag",
    ]
    row = [0, "2461079.7", "8.8E-01", "4.99E-01", "2461038.5", "1.38E+02", "2.66E+02", "1.46E+01", "25.4", "4.3E-03",
           "2.46E+06", "1.9E-03", "2.79E+01", "1.2E+03", 0]  # fmt: skip
    orbits = {"fields": fields, "count": "1", "data": [row]}
    return scout_record() | {
        "signature": {"source": "NASA/JPL Scout API", "version": "1.3"},
        "orbits": orbits,
    }


NEA_FIELDS = {
    "Principal_desig": "designation", "Epoch": "epoch_tdb_jd", "a": "a_au", "e": "e", "i": "i_deg", "Node": "node_deg",
    "Peri": "peri_deg", "M": "mean_anomaly_deg", "H": "H", "G": "G", "U": "U", "Num_obs": "n_obs", "rms": "rms_arcsec",
}  # fmt: skip


def nea_records(count: int = 6) -> list[dict[str, Any]]:
    """``nea_extended.json`` in its own fields, from rows of the bundled snapshot of the same list."""
    table = load_bundled().table.filter(pl.col("n_oppositions") == 1).head(count)
    records = []
    for row in table.iter_rows(named=True):
        record = {field: row[column] for field, column in NEA_FIELDS.items() if row[column] is not None}
        record |= {
            "Num_opps": 1,
            "Arc_length": row["arc_days"],
            "Last_obs": row["last_observation"].isoformat(),
        }
        records.append(record)
    return records


def mpc_orbit() -> list[Any]:
    """``get-orb`` with mpc_orb 0.7: seven fitted parameters, the last the Yarkovsky parameter of 2062 Aten."""
    names = ["q", "e", "i", "node", "argperi", "peri_time", "yarkovsky"]
    values = [0.790166373, 0.182804965, 18.93418943, 108.54058116, 148.05368824, 59926.57152603, -0.000155008]
    sigmas = [5.8e-08, 6.0e-08, 7.6e-06, 6.0e-06, 1.5e-05, 2.0e-05, 1.3e-05]
    covariance = {
        f"cov{row}{column}": (sigmas[row] ** 2 if row == column else 0.0) if column < 7 else None
        for row in range(10)
        for column in range(row, 10)
    }
    orbit = {
        "COM": {
            "coefficient_names": names, "coefficient_values": values, "coefficient_uncertainties": sigmas,
            "covariance": covariance,
        },
        "epoch_data": {"epoch": 59800.0, "timeform": "MJD", "timesystem": "TDT"},
        "system_data": {"eph": "DE431", "refsys": "Ecliptic", "refframe": "ICRF", "force_model": "AST17",
                        "EclipticObliquityArcseconds": "84381.448"},
        "software_data": {"mpcorb_version": "0.7", "fitting_software_name": "orbfit"},
        "magnitude_data": {"H": 17.108, "G": 0.15},
        "designation_data": {"name": "Aten", "permid": "2062", "iau_designation": "(2062)",
                             "unpacked_primary_provisional_designation": "1976 AA"},
        "orbit_fit_statistics": {"nopp": 20, "U_param": None, "nobs_total": 6, "normalized_RMS": 0.655},
    }  # fmt: skip
    return [{"mpc_orb": [orbit]}, 200]


OBS80 = (
    "     xkos423 1B2024 07 15.81527220 06 39.103-56 39 51.72         19.2 VZ     M49\n"
    "     xkos423 1B2024 07 15.82485020 06 23.639-56 39 28.20         19.5 VZ     M49\n"
)


def mpc_observations() -> list[Any]:
    return [{"OBS80": OBS80}, 200]


def neocp() -> list[dict[str, Any]]:
    return [
        {"Temp_Desig": "P10vY9r", "Score": 100, "Discovery_year": 2026, "Discovery_month": 8, "Discovery_day": 19.6,
         "R.A.": 21.4, "Decl.": 14.0856, "V": 22.1, "Updated": "Added Aug. 19.65 UT", "NObs": 3, "Arc": 0.04,
         "H": 21.7, "Not_Seen_dys": 0.04},
    ]  # fmt: skip


def identities() -> dict[str, Any]:
    blank = {
        "citation": None, "disambiguation_list": None, "found": 0, "iau_designation": None, "name": None,
        "object_type": None, "orbfit_name": None, "packed_permid": None,
        "packed_primary_provisional_designation": None, "packed_secondary_provisional_designations": [],
        "permid": None, "unpacked_primary_provisional_designation": None,
        "unpacked_secondary_provisional_designations": [],
    }  # fmt: skip
    return {
        "Ceres": blank | {
            "found": 1, "iau_designation": "1", "name": "Ceres", "permid": "1",
            "unpacked_primary_provisional_designation": "A801 AA",
            "unpacked_secondary_provisional_designations": ["A899 OF", "1943 XB"],
        },
        "nobody": blank,
        "Boriso": blank | {"found": 2, "disambiguation_list": [{"permid": "7794"}, {"permid": "9999"}]},
    }  # fmt: skip


def oef() -> str:
    """An orbit file with a fitted A2 (code 2), whose covariance has seven rows."""
    sigmas = [1e-9, 2e-8, 2e-8, 1e-8, 1e-8, 1e-6, 0.002]
    entries = [sigmas[row] ** 2 if row == column else 0.0 for row in range(7) for column in range(row, 7)]
    lines = [
        "format  = 'OEF2.0'       ! file format",
        "rectype = 'ML'           ! record type (1L/ML)",
        "refsys  = ECLM J2000     ! default reference system",
        "END_OF_HEADER",
        "2004MN4",
        "! Equinoctial elements: a, e*sin(LP), e*cos(LP), tan(i/2)*sin(LN), tan(i/2)*cos(LN), mean long.",
        f" EQU   {equinoctial()}",
        " MJD     61000.000000000 TDT",
        " MAG  19.090  0.240",
        "! Non-gravitational parameters: model used, number of model parameters, dimension, list of parameters",
        " LSP   1  1    7    2",
        " NGR   -2.901766637153165E-04",
    ]
    for start in range(0, len(entries), 3):
        lines.append(" COV  " + " ".join(f"{entry:.15E}" for entry in entries[start : start + 3]))
    return "\n".join(lines) + "\n"


KEPLERIAN = (0.9223, 0.1911, 3.34, 203.9, 126.7, 312.4)
"""a (au), e, i, node, argument of perihelion, mean anomaly (degrees) of the file above."""


def equinoctial() -> str:
    a, e, i, node, peri, mean = KEPLERIAN
    longitude, half = math.radians(node + peri), math.tan(math.radians(i) / 2)
    values = (
        a, e * math.sin(longitude), e * math.cos(longitude), half * math.sin(math.radians(node)),
        half * math.cos(math.radians(node)), (node + peri + mean) % 360.0,
    )  # fmt: skip
    return " ".join(f"{value:.16E}" for value in values)
