"""Rebuild the natural populations from the bundled catalogue: ``python -m aneos.populations.build``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from aneos.catalogue import Catalogue, load_bundled
from aneos.orbits import KeplerianElements, encounter_geometry, v_z_kms
from aneos.populations.encounter_space import EncounterSpace
from aneos.populations.natural import NaturalOrbits
from aneos.populations.size import NaturalMagnitudes


def count(catalogue: Catalogue) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two shipped tables, natural orbits and natural magnitudes, counted from a catalogue of NEAs."""
    table = catalogue.table.filter(catalogue.table["e"] < 1.0)
    elements = KeplerianElements.from_table(table)
    met = encounter_geometry(elements)
    encounters = EncounterSpace(
        np.hypot(met.v_along_kms, met.v_radial_kms),
        np.abs(v_z_kms(elements.a_au, elements.e, elements.i_deg)),
        met.moid_au,
    )
    origin = catalogue.provenance[0]
    H = table["H"].fill_null(float("nan")).to_numpy()
    orbits = NaturalOrbits.fit(encounters, f"{origin.name} {origin.version}")
    return orbits.to_dict(), NaturalMagnitudes.fit(encounters, H).to_dict()


def main() -> None:
    folder = Path(__file__).parent / "data"
    for name, content in zip(("natural_orbits", "natural_magnitudes"), count(load_bundled()), strict=True):
        (folder / f"{name}.json").write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
