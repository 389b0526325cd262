"""Orbits of every form on one table about the Sun: the same orbit gives the same row whatever its form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aneos.artificial.departure_files import read_orbits
from aneos.artificial.orbit_tables import read_objects
from aneos.constants import AU_KM, AU_PER_DAY_KMS, OBLIQUITY_J2000_DEG
from aneos.dynamics import States, body_states
from aneos.errors import InputError
from aneos.orbits import KeplerianElements, keplerian_to_cometary

NAMES = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
VALUES = (1.0345, 0.0353, 0.1343, 96.6, 284.4, 15.0)
EPOCH = 2_459_400.5
HEADER = "designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H"


def _state() -> tuple[np.ndarray, np.ndarray]:
    elements = KeplerianElements(*(np.array([value]) for value in (*VALUES, EPOCH)))
    states = States.from_elements(elements)
    return states.position_au[0], states.velocity_au_d[0]


def _equatorial(vector: np.ndarray) -> np.ndarray:
    tilt = np.radians(OBLIQUITY_J2000_DEG)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return np.asarray(turn @ vector)


def _plain() -> str:
    return f"{HEADER}\nx,{EPOCH},{','.join(map(str, VALUES))},28.3\n"


def _cometary() -> str:
    elements = KeplerianElements(*(np.array([value]) for value in (*VALUES, EPOCH)))
    orbit = keplerian_to_cometary(elements)
    tp, q, mjd = float(orbit.tp_tdb_jd[0]), float(orbit.q_au[0]), EPOCH - 2_400_000.5
    return f"Name;tp;q;e;incl;raan;argp;epoch_mjd;H\nx;{tp!r};{q!r};0.0353;0.1343;96.6;284.4;{mjd};28.3\n"


def _vector_about_the_earth() -> str:
    r, v = _state()
    earth_r, earth_v = body_states("Earth", EPOCH)
    r, v = _equatorial(r - earth_r[0]) * AU_KM, _equatorial(v - earth_v[0]) * AU_PER_DAY_KMS
    cells = ",".join(repr(float(value)) for value in (*r, *v))
    return f"object,epoch,x_km,y_km,z_km,vx_km_s,vy_km_s,vz_km_s,center,frame,H\nx,{EPOCH},{cells},399,ICRF,28.3\n"


def _horizons_vectors(*, comma: bool) -> str:
    r, v = _state()
    head = (
        "*****\n JPL/HORIZONS                     (2020 XX)\n H= 28.3  G= .15\n"
        "Target body name: (2020 XX)                       {source: JPL#25}\n"
        "Center body name: Sun (10)                        {source: DE441}\n"
        "Start time      : A.D. 2021-Jul-05 00:00:00.0000 TDB\n"
        "Output units    : KM-S\nReference frame : Ecliptic of J2000.0\n"
    )
    numbers = [f"{value:.15E}" for value in (*(r * AU_KM), *(v * AU_PER_DAY_KMS))]
    if comma:
        head += "JDTDB, Calendar Date (TDB), X, Y, Z, VX, VY, VZ,\n*****\n"
        body = f"{EPOCH:.9f}, A.D. 2021-Jul-05 00:00:00.0000, {', '.join(numbers)},\n"
    else:
        x, y, z, vx, vy, vz = numbers
        body = f"{EPOCH:.9f} = A.D. 2021-Jul-05 00:00:00.0000 TDB \n X ={x} Y ={y} Z ={z}\n VX={vx} VY={vy} VZ={vz}\n"
    return f"{head}$$SOE\n{body}$$EOE\n"


def _horizons_elements() -> str:
    a, e, i, node, peri, mean = VALUES
    return (
        "Target body name: x\nCenter body name: Sun (10)\nOutput units : AU-D\n"
        " H= 28.3  G= .15\n"
        f"Reference frame : Ecliptic of J2000.0\n$$SOE\n{EPOCH:.9f} = A.D. 2021-Jul-05 00:00:00.0000 TDB \n"
        f" EC= {e:.9E} QR= {a * (1 - e):.9E} IN= {i:.9E}\n OM= {node:.9E} W = {peri:.9E} Tp=  2459400.1\n"
        f" N = 9.4E-01 MA= {mean:.9E} TA= 1.6E+01\n A = {a:.9E} AD= 1.07E+00 PR= 3.8E+02\n$$EOE\n"
    )


def _equinoctial() -> str:
    a, e, i, node, peri, mean = VALUES
    long, tan = np.radians(node + peri), np.tan(np.radians(i) / 2.0)
    values = [
        a,
        e * np.sin(long),
        e * np.cos(long),
        tan * np.sin(np.radians(node)),
        tan * np.cos(np.radians(node)),
    ]
    return json.dumps(
        {
            "epoch_tdb_jd": EPOCH,
            "labels": ["a_au", "h", "k", "p", "q", "mean_longitude_deg"],
            "values": [*values, (node + peri + mean) % 360.0],
            "sigmas": [1e-7] * 6,
            "designation": "x",
            "H": 28.3,
        }
    )


FORMS = {
    "elements": _plain(),
    "equatorial vector about the Earth in km": _vector_about_the_earth(),
    "q and tp under other names": _cometary(),
    "Horizons vectors": _horizons_vectors(comma=False),
    "Horizons vectors, commas": _horizons_vectors(comma=True),
    "Horizons vectors in JSON": json.dumps({"signature": {}, "result": _horizons_vectors(comma=True)}),
    "Horizons elements": _horizons_elements(),
    "equinoctial with widths": _equinoctial(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_one_orbit_gives_the_same_row(tmp_path: Path, form: str) -> None:
    path = tmp_path / "orbit"
    path.write_text(FORMS[form])
    found = read_objects(path)
    (row,) = found.table.to_dicts()
    assert [row[name] for name in NAMES] == pytest.approx(VALUES, rel=2e-8, abs=2e-6)
    assert row["epoch_tdb_jd"] == EPOCH
    assert row["H"] == pytest.approx(28.3)
    assert not found.rejected


def test_centre_and_frame_beside_plain_elements_are_heeded(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(
        f"{HEADER},Center,reference_frame,sigma_a_au\n"
        f"sun,{EPOCH},{','.join(map(str, VALUES))},28.3,,,1e-5\n"
        f"earth,{EPOCH},0.002,0.6,20,96.6,284.4,15.0,28.3,Earth,equatorial,1e-6\n"
        f"mars,{EPOCH},1.5,0.6,20,96.6,284.4,15.0,28.3,Mars,,\n"
        f"axes,{EPOCH},1.5,0.6,20,96.6,284.4,15.0,28.3,Sun,galactic,\n"
    )
    found = read_objects(path)
    sun, earth = found.table.to_dicts()
    assert [sun[name] for name in NAMES] == list(VALUES)
    assert earth["a_au"] == pytest.approx(1.0, abs=0.1)
    assert [sun["sigma_a_au"], earth["sigma_a_au"]] == ["1e-5", None]
    assert [(row.line, row.designation) for row in found.rejected] == [(4, "mars"), (5, "axes")]
    assert "'mars', not Sun or Earth" in found.rejected[0].reason
    assert "Center" not in found.table.columns


def test_what_stands_beside_the_elements_goes_along(tmp_path: Path) -> None:
    path = tmp_path / "orbit.json"
    orbit = {"name": "x", "epoch": "2021-07-05", "a": 1.03, "e": 0.03, "i": 0.1, "node": 1, "peri": 2, "M": 3}
    beside = {"condition_code": 4, "data_arc": 31, "n_obs_used": 40, "last_obs": "2021-08-01"}
    path.write_text(json.dumps(orbit | beside | {"A1": 3e-9, "A1_sigma": 5e-12}))
    (row,) = read_objects(path).table.to_dicts()
    told = [row[name] for name in ("A1", "A1_sigma", "U", "arc_days", "n_obs")]
    assert told == [3e-9, 5e-12, "4", 31.0, 40]
    assert str(row["last_observation"]) == "2021-08-01"


def test_an_orbit_whose_size_is_not_known_is_refused(tmp_path: Path) -> None:
    content = json.loads(_equinoctial())
    content["sigmas"] = [2.0, 1e-3, 1e-3, 1e-3, 1e-3, 1.0]
    path = tmp_path / "open.json"
    path.write_text(json.dumps(content))
    found = read_objects(path)
    assert found.table.height == 0
    assert "the orbit is open" in found.rejected[0].reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (("Sun (10)", "Solar System Barycenter (0)"), "its centre is 'Solar System Barycenter (0)'"),
        (("KM-S", "FEET"), "its units are 'FEET'"),
        (("$$EOE", ""), "is cut short"),
        (("0000 TDB", "0000 UT"), "its times are UT, not TDB"),
        (("Ecliptic of J2000.0", "Body equator of date"), None),
    ],
)
def test_a_horizons_table_of_another_kind_is_refused(
    tmp_path: Path, changed: tuple[str, str], reason: str | None
) -> None:
    path = tmp_path / "horizons.txt"
    path.write_text(_horizons_vectors(comma=False).replace(*changed))
    if reason is None:
        assert read_objects(path).table.height == 1  # equatorial, as it says
        return
    with pytest.raises(InputError, match=r"horizons\.txt") as told:
        read_objects(path)
    assert reason in str(told.value)


def test_an_epoch_before_the_kernels_is_no_bar_to_elements_about_the_sun(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("name,epoch,q,e,incl,node,peri,tp\nold,2396758.5,0.9,0.1,1,24.6,241.7,2396700\n")
    assert read_objects(path).table["epoch_tdb_jd"].to_list() == [2_396_758.5]
    path.write_text(
        "name,epoch,q,e,incl,node,peri,tp,centre\nold,2396758.5,0.002,0.1,1,24.6,241.7,2396750,Earth\n"
    )
    with pytest.raises(InputError, match="outside the kernels"):
        read_objects(path)


@pytest.mark.parametrize(
    ("labels", "values", "matrix", "expected"),
    [
        (["a_au", *NAMES[1:]], VALUES, np.diag([1e-8, 0, 0, 0, 0, 0]), 1e-4),
        (
            ["e", "q_au", "tp_tdb_jd", "node_deg", "peri_deg", "i_deg"],
            [0.2, 0.8, EPOCH - 30.0, 1.0, 2.0, 3.0],
            np.diag([1e-8, 1e-8, 1, 1, 1, 1]),
            np.hypot(1e-4 / 0.8, 0.8 * 1e-4 / 0.8**2),
        ),
    ],
)
def test_the_width_of_the_semi_major_axis_goes_along(
    tmp_path: Path, labels: list[str], values: list[float], matrix: np.ndarray, expected: float
) -> None:
    path = tmp_path / "orbit.json"
    orbit = {"epoch_tdb_jd": EPOCH, "labels": labels, "values": list(values), "matrix": matrix.tolist()}
    path.write_text(json.dumps(orbit))
    assert read_objects(path).table["sigma_a_au"].to_list() == pytest.approx([expected], rel=1e-3)


def test_parquet_under_other_names_is_read_and_without_an_orbit_refused(tmp_path: Path) -> None:
    names = ["Name", "Epoch", "a", "e", "i", "Node", "Peri", "M", "H"]
    path = tmp_path / "orbits.parquet"
    pl.DataFrame([["x", EPOCH, *VALUES, 28.3]], schema=names, orient="row").write_parquet(path)
    (row,) = read_objects(path).table.to_dicts()
    assert [row[name] for name in NAMES] == list(VALUES)
    pl.DataFrame({"Name": ["x"], "colour": ["red"]}).write_parquet(path)
    with pytest.raises(InputError, match="missing columns designation"):
        read_objects(path)


def test_departures_heed_the_centre_under_its_american_name_too(tmp_path: Path) -> None:
    path = tmp_path / "orbit.csv"
    path.write_text(
        f"{HEADER},center\nx,{EPOCH},0.002,0.6,20,96.6,284.4,15.0,28.3,@399\ny,{EPOCH},1,0.1,2,9,2,1,28,Mars\n"
    )
    found = read_orbits(path)
    assert [row["centre"] for row in found.rows] == ["Earth"]
    assert [row.designation for row in found.rejected] == ["y"]
