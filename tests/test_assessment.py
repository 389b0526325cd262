"""Posterior, classes and multiple testing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos import assessment as rules
from aneos.errors import InputError


def test_posterior_of_no_evidence_is_the_prior() -> None:
    assert rules.posterior(0.0, 2.75e-4) == pytest.approx(2.75e-4)


@given(st.floats(-30, 30), st.floats(1e-6, 0.999))
def test_posterior_is_bayes_theorem(log10_bayes_factor: float, prior: float) -> None:
    odds = 10.0**log10_bayes_factor * prior / (1.0 - prior)
    assert float(rules.posterior(log10_bayes_factor, prior)) == pytest.approx(
        odds / (1.0 + odds), rel=1e-9, abs=1e-15
    )


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_priors_are_refused(prior: float) -> None:
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        rules.check_prior(prior)


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    """The example of Benjamini & Hochberg (1995), section 4.2: 15 tests, four rejected at 0.05."""
    p = np.array(
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0]
    )  # fmt: skip
    assert np.count_nonzero(rules.q_values(p) <= 0.05) == 4


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_q_values_keep_the_order_and_exceed_p(p: list[float]) -> None:
    values = np.array(p)
    q = rules.q_values(values)
    assert (q >= values - 1e-12).all()
    assert (np.diff(q[np.argsort(values, kind="stable")]) >= -1e-12).all()


def test_unmeasured_p_values_are_not_tests() -> None:
    q = rules.q_values(np.array([0.01, np.nan, 0.04]))
    assert np.isnan(q[1])
    assert q[0] == pytest.approx(0.02)


def test_fisher_with_one_line_is_that_line() -> None:
    p = np.array([[0.003, 0.5], [np.nan, np.nan]])
    assert rules.combine_independent(p) == pytest.approx([0.003, 0.5])


def test_fisher_of_independent_uniform_lines_is_uniform() -> None:
    rng = np.random.default_rng(1)
    p = rules.combine_independent(rng.uniform(size=(2, 200_000)))
    for threshold in (0.001, 0.01, 0.1, 0.5):
        assert np.mean(p <= threshold) == pytest.approx(threshold, abs=4 * np.sqrt(threshold / 200_000))


def classes(probability, *, identified=False, natural=False, artificial=False, measured=False, informed=True):
    def flags(value):
        return np.array([value])

    return rules.classify(
        np.array([probability]),
        identified=flags(identified),
        natural_rejected=flags(natural),
        artificial_rejected=flags(artificial),
        natural_measured=flags(measured),
        informed=flags(informed),
    )[0]


def test_each_class_has_its_rule() -> None:
    assert classes(0.99, identified=True) == "known_artificial"
    assert classes(0.99) == "probably_artificial"
    assert classes(0.1) == "insufficient_data"
    assert classes(1e-5) == "natural"
    assert classes(0.01, measured=True) == "natural"
    assert classes(1e-5, natural=True, artificial=True) == "unexplained"


def test_the_prior_alone_calls_nothing_natural() -> None:
    assert classes(2.75e-4, informed=False) == "insufficient_data"


def test_a_refuted_match_is_not_called_known() -> None:
    assert classes(0.01, identified=True) == "insufficient_data"


def test_hardware_that_is_too_large_is_not_called_artificial() -> None:
    assert classes(0.9, artificial=True) == "insufficient_data"
