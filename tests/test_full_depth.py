"""Full depth asks the integrated registry for a name, and weighs what it answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aneos import screening
from aneos.artificial.nbody_identify import NBodyMatch, identify_state
from aneos.assessment import ARTIFICIAL_FROM, Assessment, Identity
from aneos.catalogue import load_bundled, select
from aneos.cli.inputs import named
from aneos.dynamics import States
from aneos.full_depth import with_identity
from aneos.orbits import KeplerianElements


@pytest.fixture(scope="module")
def roadster() -> tuple[Assessment, NBodyMatch]:
    """The Roadster as an orbit of which no line has said a name, and what the integrated registry says of it."""
    objects = named("2018-017A")
    (item,) = screening.assess(load_bundled(), objects, without=["identity"]).assessments
    match = identify_state(States.from_elements(KeplerianElements.from_table(objects.table)))
    assert match is not None
    assert match.identified
    assert item.identity is None
    return item, match


def test_what_the_integrated_registry_knows_is_named(roadster: tuple[Assessment, NBodyMatch]) -> None:
    item, match = roadster
    likely = replace(item, probability_artificial=ARTIFICIAL_FROM, object_class="probably_artificial")
    said = with_identity(likely, match)
    assert said.identity == Identity(match.name, "2018-017A", match.chance_probability)
    assert said.object_class == "known_artificial"
    assert match.name in said.verdict
    assert said.evidence[-1].inputs["n_body_match"] == match.to_dict()
    assert said.evidence[:-1] == item.evidence[:-1]
    assert said.log10_bayes_factor == item.log10_bayes_factor


def test_a_name_that_the_other_lines_refute_does_not_make_it_known(
    roadster: tuple[Assessment, NBodyMatch],
) -> None:
    item, match = roadster
    said = with_identity(replace(item, probability_artificial=0.1, object_class="unexplained"), match)
    assert said.identity is not None
    assert said.object_class == "unexplained"


def test_a_name_that_was_given_before_stays(roadster: tuple[Assessment, NBodyMatch]) -> None:
    item, match = roadster
    before = replace(item, identity=Identity("another", None, 1e-6))
    said = with_identity(before, match)
    assert replace(said, evidence=item.evidence) == before
    assert said.evidence[-1].inputs["n_body_match"] == match.to_dict()


def test_a_natural_body_is_given_no_name(roadster: tuple[Assessment, NBodyMatch]) -> None:
    item, _ = roadster
    table = select(load_bundled(), "2016 HO3").table
    match = identify_state(States.from_elements(KeplerianElements.from_table(table)))
    said = with_identity(item, match)
    assert replace(said, evidence=item.evidence) == item
    assert said.evidence[-1].inputs["n_body_match"] == (None if match is None else match.to_dict())
