"""Real records used by the tests of the readers, with their sources."""

from __future__ import annotations

import gzip
from pathlib import Path

HEADER = "designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H"

APOPHIS = "2004 MN4,2461000.5,0.9223803,0.1911663,3.34096,203.89965,126.67283,312.80547,19.0"
RH120 = "2006 RH120,2461000.5,1.0332894,0.0245099,0.59435,51.21756,10.06515,45.97861,29.5"
VG = "1991 VG,2461000.5,1.0323439,0.0524355,1.42971,71.27004,26.92757,186.09864,28.3"
"""Elements in the MPC's list of 2026-02-12."""

NEA_EXTENDED = [
    {
        "NEO_flag": 1, "One_km_NEO_flag": 1, "H": 10.38, "G": 0.15, "Num_obs": 16951, "rms": 0.62, "U": "0",
        "Arc_years": "1893-2026", "Perturbers": "M-v", "Perturbers_2": "3Ek", "Number": "(433)", "Name": "Eros",
        "Principal_desig": "A898 PA", "Other_desigs": ["1956 PC"], "Epoch": 2461000.5, "M": 310.55432,
        "Peri": 178.92976, "Node": 304.2701, "i": 10.82847, "e": 0.222836, "n": 0.5597753, "a": 1.458121,
        "Ref": "E2026-C73", "Num_opps": 59, "Computer": "MPCORBFIT", "Hex_flags": "1804", "Last_obs": "2026-02-10",
        "Orbit_type": "Amor",
    },
    {
        "NEO_flag": 1, "One_opposition_object_flag": 1, "H": 29.0, "G": 0.15, "Num_obs": 30, "rms": 0.78, "U": "5",
        "Arc_length": 1, "Principal_desig": "2020 GH", "Epoch": 2461000.5, "M": 296.96247, "Peri": 46.20951,
        "Node": 196.46341, "i": 1.11391, "e": 0.5782942, "a": 2.0972341, "Num_opps": 1, "Last_obs": "2020-04-03",
        "Orbit_type": "Apollo",
    },
]  # fmt: skip
"""Two objects of the MPC's nea_extended.json of 2026-02-12, the second without its derived quantities."""

MPCORB_APOPHIS = (
    "99942   19.2   0.15 K107N 202.49545  126.41859  204.43202    3.33173  0.1911104  1.11267324   0.9223398  "
    "1 MPO164109  1397   2 2004-2008 0.40 M-v 3Eh MPCAPO     C802  (99942) Apophis            20080109"
)
"""The line of (99942) Apophis in the MPCORB.DAT of mid-2010."""

MPCORB_GH = (
    "K20G00H 29.00  0.15 K25BL 296.96247   46.20951  196.46341    1.11391  0.5782942  0.32451419   2.0972341  "
    "5 E2020-G29    30   1    1 days 0.78 M-v 3Eh MPCLINUX   2803           2020 GH           20200403"
)
"""The facts of 2020 GH in nea_extended.json of 2026-02-12, in the columns of MPCORB.DAT."""

SBDB_QUERY = {
    "signature": {"source": "NASA/JPL Small-Body Database (SBDB) Query API", "version": "1.0"},
    "fields": ["full_name", "pdes", "epoch", "e", "a", "i", "om", "w", "ma", "H", "condition_code", "data_arc",
               "n_obs_used", "last_obs", "A1", "A1_sigma", "A2", "A2_sigma", "diameter", "rot_per", "class", "rms"],
    "data": [
        [" 99942 Apophis (2004 MN4)", "99942", "2461000.5", ".1911663355386932", ".9223803173917017",
         "3.340958441017069", "203.8996515621043", "126.6728325163065", "312.8054663584516", "19.09", "0", "6599",
         7370, "2022-04-09", "5.E-13", "4.892E-13", "-2.901766637153165E-14", "1.859E-16", "0.34", "30.56", "ATE",
         ".25657"],
        ["       (2022 OB5)", "2022 OB5", "2461000.5", ".05557327220957636", "1.003463043217832",
         "2.08776574646437", "300.2025688027073", "99.4880869819998", "14.65466857838979", "28.96", "0", "1268",
         49, "2026-01-16", None, None, "-1.657171700593495E-12", "6.493E-14", None, None, "APO", ".58651"],
    ],
    "count": 2,
}  # fmt: skip
"""JPL solutions 220 of Apophis and 16 of 2022 OB5 (SBDB, epoch 2025-11-21), in the shape of a query's reply."""


def element(name: str, value: str, units: str | None) -> dict[str, str | None]:
    return {"name": name, "value": value, "units": units, "sigma": None}


SBDB_OBJECT = {
    "signature": {"source": "NASA/JPL Small-Body Database (SBDB) API", "version": "1.3"},
    "object": {"des": "101955", "fullname": "101955 Bennu (1999 RQ36)", "kind": "an", "spkid": "20101955"},
    "orbit": {
        "epoch": "2455562.5", "equinox": "J2000", "data_arc": "7693", "n_obs_used": 554, "condition_code": "0",
        "rms": ".29146", "last_obs": "2020-10-03",
        "elements": [
            element("e", ".2037450762416414", None), element("a", "1.126391025894812", "au"),
            element("i", "6.03494377024794", "deg"), element("om", "2.06086619569642", "deg"),
            element("w", "66.22306084084298", "deg"), element("ma", "101.703952002457", "deg"),
        ],
        "model_pars": [
            {"name": "AMRAT", "value": "2.635943157E-6", "sigma": "1.908E-7", "units": "m^2/kg", "kind": "EST"}
        ],
    },
    "phys_par": [element("H", "20.21", None), element("rot_per", "4.296061", "h")],
}  # fmt: skip
"""JPL's solution of Bennu from the SBDB service (covariance and some parameters left out)."""


def write(path: Path, text: str | bytes) -> Path:
    """Writes a file as given, gzipped where the name ends in ``.gz``."""
    content = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def csv(*rows: str, end: str = "\n") -> str:
    """An elements file of the required columns."""
    return end.join([HEADER, *rows, ""])
