"""Shared test set-up: reference data beside the checkout, and one hypothesis profile for all machines."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer

from tests import distribution

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("ANEOS_SHARED", CHECKOUT.parent / "shared"))
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")

# The same examples on every run, so that a red test is red for everybody.
# HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Mark and skip before a choice is made among the tests; long ones first where several processes share them."""
    _mark(items)
    yield
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: distribution.rank(item.nodeid))


def _mark(items: list[pytest.Item]) -> None:
    """Mark what needs a browser; skip tests marked ``shared``, saying why, where the reference data are absent."""
    for item in items:
        if isinstance(item, pytest.Function) and "browser" in item.fixturenames:
            item.add_marker(pytest.mark.browser)
    if (SHARED / "data").is_dir():
        return
    reason = f"reference data not found at {SHARED} (set ANEOS_SHARED)"
    for item in items:
        if item.get_closest_marker("shared") is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_configure(config: pytest.Config) -> None:
    """Several workers leave no core free: a library that shared out its sums among threads would only wait for them."""
    if config.getoption("numprocesses", None):
        for name in THREADS:
            os.environ.setdefault(name, "1")  # before the workers start


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> distribution.ByFile:
    return distribution.ByFile(config, log)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the reference data; only for tests marked ``shared``."""
    return SHARED / "data"
