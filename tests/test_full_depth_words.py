"""At full depth class, identity and words agree, and a line that was left out stays out."""

from __future__ import annotations

import pytest

from aneos import full_depth
from aneos.artificial.by_name import known_catalogue
from aneos.assessment import Assessment
from aneos.catalogue import load_bundled
from aneos.deep import Settings

QUICKLY = Settings(clones=20, look_alikes=20, until_tdb_jd=2_458_119.5)


def _roadster(without: list[str]) -> Assessment:
    objects = known_catalogue("2018-017A")
    assert objects is not None
    report = full_depth.assess(load_bundled(), objects, without=without, prior=0.1, settings=QUICKLY)
    (item,) = report.assessments
    assert report.signature["model"]["depth"] == "full"
    return item


@pytest.fixture(scope="module")
def nameless() -> Assessment:
    return _roadster(["identity"])


def test_identity_left_out_is_not_asked_at_full_depth(nameless: Assessment) -> None:
    assert nameless.identity is None
    assert nameless.object_class == "probably_artificial"
    assert {line.line for line in nameless.evidence} == {"orbit", "area_to_mass", "physical", "departure"}
    assert nameless.evidence[-1].inputs["n_body_match"] is None


def test_a_name_and_the_words_agree(nameless: Assessment) -> None:
    from aneos.artificial.nbody_identify import identify_state
    from aneos.dynamics import States
    from aneos.orbits import KeplerianElements

    objects = known_catalogue("2018-017A")
    assert objects is not None
    match = identify_state(States.from_elements(KeplerianElements.from_table(objects.table)))
    said = full_depth.with_identity(nameless, match)
    assert said.object_class == "known_artificial"
    assert said.verdict.startswith("Known artificial object")
    assert "not identified" not in said.verdict
    assert "2018-017A" in said.verdict
