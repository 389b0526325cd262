"""Covariances: recorded replies of SBDB, and blocks that must be refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aneos.archives import ArchiveChanged, ArchiveIncomplete, OrbitCovariance, read_covariance
from aneos.archives.covariance import UNITS, checked, from_upper_triangle
from aneos.catalogue import read_sbdb
from tests.archives import written_replies as written

RECORDED = {
    "adam_core_sbdb_2001VB": (2452220.5, 6),
    "adam_core_sbdb_2015AB_phys": (2457359.5, 6),
    "adam_core_sbdb_2022AP7_phys": (2459197.5, 6),
    "adam_core_sbdb_2022OB5_phys": (2460115.5, 7),
    "adam_core_sbdb_2023DZ2_phys": (2460027.5, 6),
    "adam_core_sbdb_2024YR4_phys": (2460705.5, 6),
    "adam_core_sbdb_25143_phys": (2453005.5, 7),
    "adam_core_sbdb_433_phys": (2453311.5, 6),
    "adam_core_sbdb_54509": (2452655.5, 7),
    "adam_core_sbdb_Apophis_phys": (2459215.5, 8),
    "adam_core_sbdb_Bennu_phys": (2455562.5, 8),
    "astroquery_sbdb_67P": (2455493.5, 10),
    "astroquery_sbdb_apophis": (2454733.5, 7),
    "astroquery_sbdb_ceres": (2449731.5, 6),
    "astroquery_sbdb_phaethon": (2455873.5, 7),
}
"""Recorded reply → epoch of its covariance, number of parameters."""

PUBLISHED_SIGMA = {"q_au": "q", "tp_tdb_jd": "tp", "node_deg": "om", "peri_deg": "w", "i_deg": "i", "e": "e"}


@pytest.mark.shared
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_covariance_agrees_with_the_published_sigmas(name: str, shared_data: Path) -> None:
    content = json.loads((shared_data / "services" / f"{name}.json").read_text())
    covariance = read_covariance(content)
    assert covariance is not None
    epoch, k = RECORDED[name]
    assert (covariance.epoch_tdb_jd, len(covariance.labels)) == (epoch, k)
    orbit = content["orbit"]
    own = orbit["covariance"].get("elements", orbit["elements"])
    sigmas = {item["name"]: float(item["sigma"]) for item in own}
    forces = {"AMRAT": "amr_m2kg", "RHO": "rho_kgm3"}
    for item in orbit["model_pars"]:
        if item["kind"] == "EST":
            label = forces.get(item["name"], item["name"])
            assert covariance.sigma(label) == pytest.approx(float(item["sigma"]), rel=1e-2)
            assert covariance.value(label) == float(item["value"])
    for label, published in PUBLISHED_SIGMA.items():
        assert covariance.sigma(label) == pytest.approx(sigmas[published], rel=1e-4)
    np.linalg.cholesky(
        covariance.matrix / np.sqrt(np.outer(*[np.diag(covariance.matrix)] * 2)) + 1e-9 * np.eye(k)
    )


@pytest.mark.shared
@pytest.mark.parametrize("name", RECORDED)
async def test_a_recorded_object_is_read_through_the_client(
    name: str, shared_data: Path, archives: Any, server: Any
) -> None:
    from tests.archives.server import Answer

    path = shared_data / "services" / f"{name}.json"
    server.answer("/jpl/sbdb.api", Answer(path.read_bytes()))
    found = await archives.sbdb.object(name)
    assert found.catalogue.table.row(0, named=True)["e"] == read_sbdb(path).table["e"][0]
    assert found.covariance is not None


def test_an_object_without_covariance_has_none() -> None:
    content = written.sbdb_object()
    content["orbit"]["covariance"] = None
    assert read_covariance(content) is None


def test_nominal_values_at_another_epoch_are_not_taken_for_those_of_the_covariance() -> None:
    content = written.sbdb_object()
    del content["orbit"]["covariance"]["elements"]
    with pytest.raises(ArchiveIncomplete, match="another epoch"):
        read_covariance(content)
    content["orbit"]["epoch"] = content["orbit"]["covariance"]["epoch"]
    covariance = read_covariance(content)
    assert covariance is not None
    assert covariance.value("e") == 0.19116634


def broken(change: str) -> dict[str, Any]:
    content = copy.deepcopy(written.sbdb_object())
    block = content["orbit"]["covariance"]
    if change == "label":
        block["labels"][2] = "L"
    elif change == "twice":
        block["labels"][4] = "node"
    elif change == "unit":
        block["elements"][5]["units"] = "rad"
    elif change == "equinox":
        content["orbit"]["equinox"] = "B1950"
    elif change == "row":
        block["data"].pop()
    elif change == "short row":
        block["data"][3].pop()
    elif change == "asymmetric":
        block["data"][0][1] = "2e-18"
    elif change == "negative":
        block["data"][0][0] = "-1e-18"
    elif change == "no number":
        block["data"][0][0] = "n.a."
    elif change == "impossible correlation":
        block["data"][0][1] = block["data"][1][0] = "1e-17"
    elif change == "no value":
        content["orbit"]["model_pars"].pop()
    return content


@pytest.mark.parametrize(
    "change",
    ["label", "twice", "unit", "equinox", "asymmetric", "negative", "no number", "impossible correlation"],
)
def test_a_block_in_another_form_is_a_change(change: str) -> None:
    with pytest.raises(ArchiveChanged):
        read_covariance(broken(change))


@pytest.mark.parametrize("change", ["row", "short row", "no value"])
def test_a_block_with_gaps_is_incomplete(change: str) -> None:
    with pytest.raises(ArchiveIncomplete):
        read_covariance(broken(change))


def test_every_label_has_a_unit() -> None:
    covariance = read_covariance(written.sbdb_object())
    assert isinstance(covariance, OrbitCovariance)
    assert covariance.units() == ("", "au", "d", "deg", "deg", "deg", "au/d^2", "au/d^2")
    assert set(covariance.labels) <= UNITS.keys()
    with pytest.raises(ValueError, match="not in tuple"):
        covariance.sigma("DT")


def test_rounding_is_no_asymmetry() -> None:
    matrix = np.array([[1.0, 0.5 + 1e-9], [0.5, 1.0]])
    covariance = checked("X", 2451545.0, ("e", "q_au"), np.zeros(2), matrix)
    assert np.array_equal(covariance.matrix, covariance.matrix.T)


def test_an_upper_triangle_becomes_a_symmetric_matrix() -> None:
    matrix = from_upper_triangle(np.arange(6.0), 3)
    assert matrix.tolist() == [[0, 1, 2], [1, 3, 4], [2, 4, 5]]
