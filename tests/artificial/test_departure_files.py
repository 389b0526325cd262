"""Orbits are read from elements files, from Find_Orb's text and from a covariance in JSON."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from aneos.artificial.departure_files import read_orbits
from aneos.errors import InputError

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
    assert row["sigma_a_au"] == pytest.approx(20 / 149597870.7)
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
