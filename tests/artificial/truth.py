"""Orbits of known artificial objects that the registry does not hold: what identification is tested on.

Heliocentric, ecliptic J2000, TDB: designation, epoch, a (au), e, i, node, peri, M (degrees).

- Roadster: JPL Horizons -143205 (2018-03-13 elements as printed by Horizons; 2018-02-08 from its barycentric
  state and DE440).
- 2020 SO: the Minor Planet Center's elements for 2020-12-17, when the object was inside the Earth's Hill
  sphere; a from its printed mean motion of 1 deg 0' 21.877" a day.
- Spitzer: JPL's trajectory kernel, at epochs years from the two orbits in the registry.
"""

import polars as pl

COLUMNS = ("designation", "epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")

# fmt: off
ELSEWHERE = {
    "2018-017A": [
        (
            "Roadster, JPL, 2018-03-13",
            2458190.5,
            1.325391871,
            0.2560214126,
            1.078548455,
            317.1871226,
            177.4087595,
            23.87937163,
        ),
        (
            "Roadster, JPL, 2018-02-08",
            2458157.501,
            1.369419148,
            0.2799569358,
            1.194366732,
            317.6287121,
            177.1646312,
            2.294677284,
        ),
    ],
    "1966-084B": [
        ("2020 SO, MPC, 2020-12-17", 2459200.5, 0.986394, 0.00181, 0.1389, 216.656, 311.989, 276.388),
    ],
    "2003-038A": [
        (
            "Spitzer, JPL SPK, 2005",
            2453371.55,
            1.012811409,
            0.01114709973,
            1.135922976,
            316.4063253,
            194.9843955,
            301.1543099,
        ),
        (
            "Spitzer, JPL SPK, 2011",
            2455563.05,
            1.014479949,
            0.01124369129,
            1.135326304,
            316.2954547,
            195.836384,
            255.3689069,
        ),
        (
            "Spitzer, JPL SPK, 2016",
            2457389.3,
            1.014418723,
            0.01128274639,
            1.135123177,
            316.279262,
            195.9553528,
            216.855513,
        ),
        (
            "Spitzer, JPL SPK, 2021",
            2459215.55,
            1.014291899,
            0.01129085351,
            1.133796125,
            316.2804125,
            195.8738992,
            178.8060391,
        ),
    ],
}

NATURAL_LOOK_ALIKES = [
    # Minor Planet Center, nea_extended of 2026-02-12: the most Earth-like natural (or disputed) orbits
    ("2006 RH120", 2461000.5, 1.0332894, 0.0245099, 0.59435, 51.21756, 10.06515, 45.97861),
    ("2016 HO3", 2461000.5, 1.0009765, 0.10237, 7.80322, 65.65103, 304.54827, 46.23445),
    ("2000 SG344", 2461000.5, 0.9773979, 0.0668828, 0.11311, 191.76887, 275.56113, 275.66),
    ("1991 VG", 2461000.5, 1.0323439, 0.0524355, 1.42971, 71.27004, 26.92757, 186.09864),
    ("2020 CD3", 2461000.5, 1.0290321, 0.0123739, 0.63395, 82.23884, 49.97029, 204.06955),
    ("2024 PT5", 2461000.5, 1.0216366, 0.0149953, 1.71345, 288.6007, 196.63914, 286.52304),
    ("2022 NX1", 2461000.5, 1.0237751, 0.0245426, 1.06602, 274.43847, 171.45531, 295.49172),
]
# fmt: on


def table(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    """Rows of one of the lists above as a catalogue table."""
    return pl.DataFrame([dict(zip(COLUMNS, row, strict=True)) for row in rows])
