"""The ``mpc_orb`` form in which the Minor Planet Center's orbit service answers.

Format: https://docs.minorplanetcenter.net/mpc-ops-docs/apis/get-orb and the schema of ``mpc_orb`` 0.6 and 0.7. The MPC
gives TT, taken as TDB (they differ by less than 2 ms).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from aneos.archives.catalogues import one_orbit
from aneos.archives.contents import (
    Object,
    as_integer,
    as_list,
    as_number,
    as_object,
    as_text,
    json_of,
    kind_of,
)
from aneos.archives.covariance import OrbitCovariance, checked, from_upper_triangle
from aneos.archives.errors import ArchiveChanged, ArchiveIncomplete, NotFound
from aneos.archives.reply import Reply
from aneos.catalogue import Catalogue
from aneos.catalogue.json_records import Json
from aneos.catalogue.mpc import MPC_ACKNOWLEDGEMENT
from aneos.evidence.base import FloatArray
from aneos.orbits import CometaryElements, cometary_to_keplerian

ORBITS: Final = "MPC orbits"
MPC_ORB_VERSIONS: Final = ("0.6", "0.7")

MJD_0: Final = 2_400_000.5
SIZE: Final = 10
"""Rows of the covariance as published: ``cov00`` to ``cov99``, null beyond the parameters that were fitted."""

COMETARY: Final = ("q", "e", "i", "node", "argperi", "peri_time")
PARAMETERS: Final[Mapping[str, tuple[str, float]]] = {
    "q": ("q_au", 1.0),
    "e": ("e", 1.0),
    "i": ("i_deg", 1.0),
    "node": ("node_deg", 1.0),
    "argperi": ("peri_deg", 1.0),
    "peri_time": ("tp_tdb_jd", 1.0),
    "yarkovsky": ("A2", 1e-10),
    "srp": ("amr_m2kg", 1e-3),
    "A1": ("A1", 1.0),
    "A2": ("A2", 1.0),
    "A3": ("A3", 1.0),
    "DT": ("DT", 1.0),
}
"""The MPC's name → ours, and the factor to our unit. The fitting program (OrbFit) has its Yarkovsky parameter in
1e-10 au/d² and its solar radiation pressure as area to mass in m²/t."""

SYSTEM: Final = {"refsys": "Ecliptic", "refframe": "ICRF", "EclipticObliquityArcseconds": "84381.448"}


@dataclass(frozen=True, slots=True)
class MpcOrbit:
    """The MPC's orbit of one object: a catalogue of one row, and the covariance of its cometary elements.

    ``n_observations`` is what the MPC holds, against which a list of observations can be checked.
    """

    designation: str
    catalogue: Catalogue
    covariance: OrbitCovariance
    n_observations: int
    normalised_rms: float | None


def read_orbit(reply: Reply, name: str) -> MpcOrbit:
    """A reply of the service: a list of the orbit and a status. Raises NotFound where it holds no orbit."""
    orbit = _orbit(reply, name)
    software = as_object(orbit.get("software_data"), ORBITS, "its software_data")
    version = str(software.get("mpcorb_version"))
    if version not in MPC_ORB_VERSIONS:
        expected = " or ".join(MPC_ORB_VERSIONS)
        raise ArchiveChanged(ORBITS, "its mpcorb_version", seen=version[:20], expected=expected)
    _check_system(orbit)
    epoch_data = as_object(orbit["epoch_data"], ORBITS, "its epoch_data")
    epoch = as_number(epoch_data.get("epoch"), ORBITS, "its epoch") + MJD_0
    covariance = read_cometary(as_object(orbit.get("COM"), ORBITS, "its cometary elements"), epoch)
    statistics = as_object(orbit.get("orbit_fit_statistics"), ORBITS, "its orbit_fit_statistics")
    names = as_object(orbit.get("designation_data"), ORBITS, "its designation_data")
    cells = _cells(orbit, covariance, statistics, names)
    rms = statistics.get("normalized_RMS")
    return MpcOrbit(
        designation=str(cells["designation"]),
        catalogue=one_orbit(reply, cells, "mpc-orbit", MPC_ACKNOWLEDGEMENT),
        covariance=covariance,
        n_observations=as_integer(statistics.get("nobs_total"), ORBITS, "nobs_total"),
        normalised_rms=None if rms is None else as_number(rms, ORBITS, "normalized_RMS"),
    )


def read_cometary(block: Object, epoch_tdb_jd: float) -> OrbitCovariance:
    """The ``COM`` block: nominal values and covariance of q, e, i, node, argument and time of perihelion, and of
    the non-gravitational parameters that were fitted."""
    names = [as_text(name, ORBITS, "a coefficient") for name in _list(block, "coefficient_names")]
    unknown = [name for name in names if name not in PARAMETERS]
    if unknown or tuple(names[: len(COMETARY)]) != COMETARY:
        seen = f"of {', '.join(names)}"
        raise ArchiveChanged(ORBITS, "its cometary block", seen=seen, expected=f"of {', '.join(PARAMETERS)}")
    published = _list(block, "coefficient_values")
    k = len(names)
    if len(published) != k:
        raise ArchiveIncomplete(ORBITS, f"names {k} coefficients and gives {len(published)} values")
    factors = np.array([PARAMETERS[name][1] for name in names])
    values = factors * [as_number(value, ORBITS, name) for name, value in zip(names, published, strict=True)]
    values[COMETARY.index("peri_time")] += MJD_0
    matrix = from_upper_triangle(_triangle(block, k), k) * np.outer(factors, factors)
    return checked(ORBITS, epoch_tdb_jd, [PARAMETERS[name][0] for name in names], values, matrix)


def _triangle(block: Object, k: int) -> FloatArray:
    entries = as_object(block.get("covariance"), ORBITS, "its covariance")
    upper = []
    for row in range(k):
        for column in range(row, k):
            key = f"cov{row}{column}"
            if entries.get(key) is None:
                raise ArchiveIncomplete(ORBITS, f"has {k} fitted parameters but no {key}")
            upper.append(as_number(entries[key], ORBITS, key))
    beyond = [f"cov{row}{row}" for row in range(k, SIZE) if entries.get(f"cov{row}{row}") is not None]
    if beyond:
        raise ArchiveChanged(
            ORBITS, "its covariance", seen=f"with {beyond[0]}", expected=f"of {k} parameters"
        )
    return np.array(upper)


def _orbit(reply: Reply, name: str) -> Object:
    content = json_of(reply)
    unknown = NotFound(ORBITS, f"knows no orbit of {name!r}")
    if reply.status == 404:
        raise unknown
    parts = as_list(content, ORBITS, "its content")
    if not parts or parts[0] is None:
        raise unknown
    first = as_object(parts[0], ORBITS, "its first item")
    if "mpc_orb" not in first:
        seen = f"with {', '.join(sorted(first)) or 'nothing'}"
        raise ArchiveChanged(ORBITS, "its first item", seen=seen, expected="with mpc_orb")
    found = first["mpc_orb"]
    if found is None or found == []:
        raise unknown
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    return as_object(found, ORBITS, "its mpc_orb")


def _check_system(orbit: Object) -> None:
    """Frame, origin of time and unit of time are part of the numbers' meaning: other ones are not read."""
    system = as_object(orbit.get("system_data"), ORBITS, "its system_data")
    for key, expected in SYSTEM.items():
        if str(system.get(key)) != expected:
            raise ArchiveChanged(ORBITS, key, seen=kind_of(system.get(key)), expected=repr(expected))
    epoch = as_object(orbit.get("epoch_data"), ORBITS, "its epoch_data")
    for key, wanted in {"timeform": "MJD", "timesystem": "TDT"}.items():
        if epoch.get(key) != wanted:
            raise ArchiveChanged(ORBITS, key, seen=kind_of(epoch.get(key)), expected=repr(wanted))


def _cells(
    orbit: Object, covariance: OrbitCovariance, statistics: Object, names: Object
) -> dict[str, str | None]:
    """One row of the catalogue, as text."""
    cometary = {
        name: covariance.value(name) for name in ("q_au", "e", "i_deg", "node_deg", "peri_deg", "tp_tdb_jd")
    }
    elements = cometary_to_keplerian(
        CometaryElements(
            **{n: np.array([v]) for n, v in cometary.items()},
            epoch_tdb_jd=np.array([covariance.epoch_tdb_jd]),
        )
    )
    magnitude = as_object(orbit.get("magnitude_data"), ORBITS, "its magnitude_data")
    number = _text(names.get("permid"))
    provisional = _text(names.get("unpacked_primary_provisional_designation"))
    cells: dict[str, str | None] = {
        name: repr(float(getattr(elements, name)[0]))
        for name in ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd")
    }
    cells |= {
        "designation": provisional or number,
        "number": number if number and number.isdecimal() else None,
        "name": _text(names.get("name")),
        "H": _text(magnitude.get("H")),
        "G": _text(magnitude.get("G")),
        "U": _text(statistics.get("U_param")),
        "n_obs": _text(statistics.get("nobs_total")),
        "n_oppositions": _text(statistics.get("nopp")),
    }
    for name in ("A1", "A2", "A3", "amr_m2kg"):
        if name in covariance.labels:
            sigma = "amr_sigma_m2kg" if name == "amr_m2kg" else f"{name}_sigma"
            cells |= {name: repr(covariance.value(name)), sigma: repr(covariance.sigma(name))}
    return cells


def _list(block: Object, name: str) -> list[Json]:
    return as_list(block.get(name), ORBITS, f"its {name}")


def _text(value: Json) -> str | None:
    return None if value is None or value == "" else str(value)
