"""Orbits are read from elements files, from Find_Orb's text and from a covariance in JSON."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from aneos.artificial.departure_files import read_orbits
from aneos.artificial.departure_orbit import TracedOrbit, orbit_from_row
from aneos.constants import AU_KM, AU_PER_DAY_KMS
from aneos.dynamics import ForceModel, body_states
from aneos.dynamics.ephemeris import TO_ECLIPTIC
from aneos.dynamics.uncertainty import KEPLERIAN
from aneos.errors import InputError
from tests.artificial.test_departures import LUCY_CENTAUR

FIND_ORB = """# Orbital elements:  2020 SO = Surveyor 2 Centaur
#    Perigee 2021 Feb 2.90029786 +/- 7.84e-6 TT = 21:36:25.735 (JD 2459248.40029786)
# A1: 3.04e-9 +/- 4.63e-12   A2: 6.34e-11 +/- 8.78e-12
# A3: -1.51e-10 +/- 4.5e-12 AU/day^2 [1/r^2]
# Epoch 2021 Feb  3.0 TT = JDT 2459248.5                        Gray
# M   0.25272165855 +/- 0.000019
# n   2.53476675666 +/- 1e-5          Peri.  161.15539516 +/- 0.00021
# a   0.00768633706 +/- 2.03e-8       Node    27.36087473 +/- 0.00019
# e   0.8041655268 +/- 5.17e-7        Incl.   29.55197495 +/- 0.000040
# P 142.02d                  H 28.5   G  0.15   U  5.0
# q 225182.160480 +/- 0.685    Q 0.01386742436 +/- 3.82e-8  (J2000 equator)
# From 656 observations 2020 Aug. 19-2021 Feb. 2; mean residual 2".058
"""
"""The head of B. Gray's tles/66084b.tle."""

PLAIN = """Orbital elements:  WT1190F
   Perigee 2015 Nov 13.26 TT
Epoch 2015 Nov 10.0 TT = JDT 2457336.5                 Find_Orb
M 300.5 +/- 0.01                       (J2000 equator)
n   0.9                                 Peri.  310.1
a 331000.5 km +/- 20                    Node   3.2
e   0.97                                Incl.  3.1
P  21.9d  H 28.5   G  0.15   AMR 0.0136 +/- 0.001 m^2/kg
From 20 observations 2015 Nov. 9-12; mean residual 0".4
"""
"""The layout that Find_Orb prints without uncertainties of every element, and lengths in km."""


WITHOUT_UNITS = """# Orbital elements:  2010-050B = RV223A9 = Chang'e 2 booster
#    Perigee 2017 May 31.042807 +/- 1.98e-5 TT =  1:01:38 (JD 2457904.542807)
# Epoch 2017 Jun  1.0 TT; AMR 0.012132 +/- 8.29e-5 m^2/kg       Gray
# M  17.01433893 +/- 0.00035          (J2000 equator)
# n  17.77524856 +/- 8.52e-6          Peri.  236.44554 +/- 0.00006
# a313853.072 +/- 0.1                 Node   164.28819 +/- 0.00024
# e   0.6950118 +/- 1.58e-6           Incl.   30.57985 +/- 0.00016
# P  20.25d                  H 27.2   G  0.15   U  4.9
# q 95721.4590 +/- 0.501    Q 531984.685 +/- 0.503
# 234 of 450 observations 2016 Sept. 4-2018 Jan. 19; mean residual 6".646
"""
"""2013 QW1 in 2017 (B. Gray, tles/10050b17.tle): no Julian date, lengths in km without their unit."""


def test_elements_without_julian_date_and_units_are_read(tmp_path: Path) -> None:
    path = tmp_path / "qw1.tle"
    path.write_text(WITHOUT_UNITS)
    (row,) = read_orbits(path).rows
    assert row["epoch_tdb_jd"] == 2457905.5
    assert row["a_au"] == pytest.approx(313853.072 / 149597870.7)
    assert row["sigma_a_au"] == pytest.approx(0.1 / 149597870.7)
    assert (row["amr_m2kg"], row["n_obs"], row["arc_days"]) == (0.012132, 234, 502.0)
    assert (row["centre"], row["frame"]) == ("earth", "equatorial")


def test_the_head_of_a_file_of_two_line_elements_is_read(tmp_path: Path) -> None:
    path = tmp_path / "so.tle"
    path.write_text(FIND_ORB)
    (row,) = read_orbits(path).rows
    assert row["designation"] == "2020 SO = Surveyor 2 Centaur"
    assert row["a_au"] == 0.00768633706
    assert row["sigma_mean_anomaly_deg"] == 1.9e-5
    assert (row["A1"], row["A1_sigma"], row["A3"]) == (3.04e-9, 4.63e-12, -1.51e-10)
    assert (row["centre"], row["frame"]) == ("earth", "equatorial")
    assert (row["n_obs"], row["arc_days"], row["last_observation"]) == (656, 167.0, date(2021, 2, 2))
    assert row["rms_arcsec"] == 2.058


def test_lengths_in_km_and_an_area_to_mass_ratio_are_read(tmp_path: Path) -> None:
    path = tmp_path / "w.txt"
    path.write_text(PLAIN)
    (row,) = read_orbits(path).rows
    assert row["a_au"] == pytest.approx(331000.5 / 149597870.7)
    assert "sigma_a_au" not in row  # not all six are given
    assert (row["amr_m2kg"], row["amr_sigma_m2kg"]) == (0.0136, 0.001)
    assert row["arc_days"] == 3.0


def test_a_block_without_an_element_names_it(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(PLAIN.replace("Incl.", "Inkl."))
    with pytest.raises(InputError, match="no i_deg"):
        read_orbits(path)


def test_a_covariance_in_json_is_an_orbit(tmp_path: Path) -> None:
    labels = ["a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "A1"]
    content = {
        "designation": "x",
        "epoch_tdb_jd": 2459511.5,
        "labels": labels,
        "values": [1.0, 0.16, 0.13, 202.5, 82.2, 87.3, 3e-9],
        "sigmas": [1e-6, 1e-6, 1e-4, 1e-3, 1e-3, 1e-3, 1e-10],
    }
    path = tmp_path / "orbit.json"
    path.write_text(json.dumps(content))
    found = read_orbits(path)
    (uncertainty,) = found.uncertainties
    assert uncertainty is not None
    assert uncertainty.sigma("A1") == 1e-10
    content["sigmas"][1] = float("nan")  # type: ignore[index]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="variance of e"):
        read_orbits(path)


def test_extra_columns_of_an_elements_file_arrive(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(
        "designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H,sigma_a_au,centre\n"
        "one,2459511.5,0.005,0.3,10,20,30,40,28,1e-6,Earth\n"
    )
    (row,) = read_orbits(path).rows
    assert (row["centre"], float(row["sigma_a_au"])) == ("Earth", 1e-6)


HYPERBOLA = """<pre>
<a href="https://www.projectpluto.com/mpec_xpl.htm#elems"><b>Orbital elements:  C4668V1</b></a>
   Perigee 2026 Apr 11.42133 +/- 0.634 TT = 10:06:43 (JD 2461141.92133)
Epoch 2026 Apr 10.0 TT = JDT 2461140.5                           Find_Orb
q217374.233 +/- 120138              (J2000 equator)
H   27.06 G 0.15                    Peri.  168.00400 +/- 4.9
                                    Node   358.08270 +/- 10
e   2.5823481 +/- 10.2              Incl.   42.71995 +/- 2.6
From 8 observations 2026 Apr. 10 (82.3 min); mean residual 1".55
</pre> <!-- # Orbital elements:  C4668V1 -->
"""
"""A page of projectpluto.com on an object of the confirmation page: a hyperbola about the Earth."""
HYPERBOLA_STATE_AU = (-0.943283347469, -0.309287088169, -0.133291156943)
"""Its heliocentric equatorial place, printed below the elements on the same page."""


def traced(path: Path) -> TracedOrbit:
    found = read_orbits(path)
    assert len(found.rows) == 1
    return orbit_from_row(found.rows[0], uncertainty=found.uncertainties[0], forces=ForceModel())


def test_a_hyperbola_about_the_earth_on_a_page_of_html_stands_where_find_orb_puts_it(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(HYPERBOLA)
    orbit = traced(path)
    place = orbit.states.position_au[0] @ TO_ECLIPTIC
    assert np.linalg.norm(place - HYPERBOLA_STATE_AU) * AU_KM < 1.0
    assert orbit.basis == "published sigmas, correlated as the arc implies"
    assert orbit.designation == "C4668V1"


def test_widths_that_find_orb_could_not_tell_are_left_to_the_arc(tmp_path: Path) -> None:
    path = tmp_path / "e.txt"
    path.write_text(
        WITHOUT_UNITS.replace("a313853.072 +/- 0.1 ", "a313853.072 +/-").replace("U  4.9", "U 14.9")
    )
    (row,) = read_orbits(path).rows
    assert not [name for name in row if name.startswith("sigma_")]
    assert (row["U"], row["amr_sigma_m2kg"]) == ("9", 8.29e-5)


def test_a_name_that_contains_a_force_is_no_force(tmp_path: Path) -> None:
    path = tmp_path / "e.txt"
    path.write_text(PLAIN.replace("WT1190F", "A11BINK"))
    assert "A1" not in read_orbits(path).rows[0]


def test_elements_of_a_circular_have_their_name_below(tmp_path: Path) -> None:
    path = tmp_path / "mpec.txt"
    path.write_text(
        "Orbital elements:\n"
        "2022 UQ1                                         Earth MOID = 0.0000 AU\n"
        "Epoch 2021 Oct. 24.0 TT = JDT 2459511.5                         MPCW\n"
        "M  87.31056              (2000.0)            P               Q\n"
        "n   0.98526819     Peri.   82.17124     -0.71            -0.68\n"
        "a   1.00022968     Node   202.51249     +0.6             -0.6\n"
        "e   0.1622930      Incl.    0.13452     +0.2             -0.2\n"
        "P   1.00           H   26.9           G   0.15           U   8\n"
        "From 17 observations 2022 Oct. 18-19.\n"
    )
    (row,) = read_orbits(path).rows
    assert (row["designation"], row["a_au"], row["n_obs"]) == ("2022 UQ1", 1.00022968, 17)


LUCY = {label: LUCY_CENTAUR[label] for label in ("designation", "epoch_tdb_jd", *KEPLERIAN)}
FIND_ORB_JSON = {
    "elements": {
        "central body": "Sun", "frame": "J2000 ecliptic", "epoch_iso": "2021-10-24T00:00:00Z", "epoch": 2459511.5,
        "P": 365.38, "P sigma": 0.2, "M": 87.31055834, "M sigma": 0.06, "n": 0.98526819, "n sigma": 0.000792,
        "a": 1.00022968, "a sigma": 0.000536, "e": 0.162293, "e sigma": 0.00036, "q": 0.8378994, "q sigma": 0.0008,
        "Q": 1.16255997, "Q sigma": 0.0003, "i": 0.13452, "i sigma": 0.0051, "arg_per": 82.17124,
        "arg_per sigma": 0.21, "asc_node": 202.51249, "asc_node sigma": 0.011, "Tp": 2459422.88397, "H": 26.92,
        "rms_residual": 0.296, "U": 8.0, "MOIDs": {"Earth": 0.0},
    },
    "observations": {"used": 17, "earliest_used": 2459870.8, "latest_used": 2459871.9},
}  # fmt: skip
FORMS: dict[str, str] = {
    "one object of JSON": json.dumps(LUCY),
    "a list of JSON": json.dumps([LUCY]),
    "total.json": json.dumps({"num": 1, "objects": {"Lucy Centaur": FIND_ORB_JSON}}),
    "other column names": "name,epoch_mjd,a,e,incl,om,w,ma\n"
    "Lucy Centaur,59511.0,1.00022968,0.162293,0.13452,202.51249,82.17124,87.31055834\n",
    "Horizons' names, time of perihelion": "# elements\nObject;Epoch;EC;QR;IN;OM;W;TP\n"
    "Lucy Centaur;2021-10-24;0.162293;0.83789943;0.13452;202.51249;82.17124;2459422.883973\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_one_orbit_is_the_same_in_all_forms(form: str, tmp_path: Path) -> None:
    path = tmp_path / "orbit"
    path.write_text(FORMS[form])
    orbit = traced(path)
    exact = orbit_from_row(LUCY, forces=ForceModel())
    assert orbit.designation == "Lucy Centaur"
    assert (
        np.linalg.norm(orbit.states.position_au - exact.states.position_au) * AU_KM < 50.0
    )  # the time has six digits
    assert float(orbit.states.epoch_tdb_jd[0]) == 2459511.5


def test_find_orbs_sigmas_and_arc_are_taken_from_json(tmp_path: Path) -> None:
    path = tmp_path / "total.json"
    path.write_text(FORMS["total.json"])
    orbit = traced(path)
    assert orbit.basis == "published sigmas, correlated as the arc implies"
    assert orbit.uncertainty is not None
    assert orbit.uncertainty.sigma("a_au") == pytest.approx(0.000536)
    assert orbit.first_seen_tdb_jd == pytest.approx(2459870.8, abs=1.5)


def test_a_state_vector_in_km_about_the_earth_is_an_orbit(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = {"x_km": -3.5e6, "y_km": 1.2e6, "z_km": 3e5, "vx_km_s": -3.0, "vy_km_s": 1.0, "vz_km_s": 0.2}
    path.write_text(json.dumps({"epoch": "2021-10-24", "center": "Earth", "frame": "ICRF", **state}))
    found = traced(path).states
    earth, speed = (part.ravel() for part in body_states("Earth", 2459511.5))
    assert (found.position_au[0] - earth) @ TO_ECLIPTIC * AU_KM == pytest.approx([-3.5e6, 1.2e6, 3e5])
    assert (found.velocity_au_d[0] - speed) @ TO_ECLIPTIC * AU_PER_DAY_KMS == pytest.approx([-3.0, 1.0, 0.2])


def test_find_orbs_covariance_is_an_orbit_with_its_widths(tmp_path: Path) -> None:
    path = tmp_path / "covar.json"
    covariance = np.diag([4e-12] * 3 + [1e-15] * 3).tolist()
    path.write_text(
        json.dumps(
            {"covar": covariance, "state_vect": [0.8, 0.5, 0.01, -0.009, 0.014, 1e-4], "epoch": 2459511.5}
        )
    )
    orbit = traced(path)
    assert orbit.basis == "covariance given"
    assert orbit.uncertainty is not None
    assert orbit.uncertainty.sigma("x_au") == pytest.approx(2e-6)
    assert orbit.states.position_au[0] == pytest.approx([0.8, 0.5, 0.01])


@pytest.mark.shared
def test_a_reply_of_jpl_keeps_its_covariance(shared_data: Path) -> None:
    orbit = traced(shared_data / "services" / "astroquery_sbdb_apophis.json")
    assert orbit.basis == "covariance given"
    assert orbit.uncertainty is not None
    assert orbit.uncertainty.sigma("e") == pytest.approx(5.3461e-9, rel=1e-4)  # as the element's own sigma
    assert orbit.uncertainty.sigma("A2") == pytest.approx(2.201e-14, rel=1e-3)
    assert float(orbit.states.elements().a_au[0]) == pytest.approx(0.9224383019077086, abs=1e-9)
    assert orbit.H == 19.7


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"a_au": float("nan")}, "a_au is nan"),
        ({"e": "x"}, "e is 'x', not a number"),
        ({"e": 1.2}, "no orbit: a = 1.00023 au, e = 1.2"),
        ({"epoch_tdb_jd": "last week"}, "neither a Julian date nor"),
        ({"epoch_tdb_jd": 20211024.0}, "no Julian date"),
        ({"centre": "Mars"}, "centre of Lucy Centaur is 'mars'"),
        ({"frame": "galactic"}, "frame of Lucy Centaur is 'galactic'"),
        ({"mean_anomaly_deg": None}, "has no mean_anomaly_deg"),
    ],
)
def test_what_is_no_orbit_is_told(change: dict[str, object], reason: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(LUCY | change))
    with pytest.raises(InputError, match=reason):
        read_orbits(path)


def test_a_row_that_cannot_be_cut_is_named_and_stops_no_other(tmp_path: Path) -> None:
    path = tmp_path / "orbits.csv"
    path.write_text(FORMS["other column names"] + "short,59511.0,1.0\n")
    found = read_orbits(path)
    assert [row["designation"] for row in found.rows] == ["Lucy Centaur"]
    (rejected,) = found.rejected
    assert (rejected.line, rejected.reason) == (3, "has 3 fields where the header has 8")


@pytest.mark.parametrize(
    "content", ["{}", "[]", "[1, 2]", '{"epoch": 2459511.5}', '{"orbit": {"elements": []}}']
)
def test_json_without_an_orbit_is_told_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(InputError):
        read_orbits(path)
