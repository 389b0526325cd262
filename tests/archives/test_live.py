"""The real archives, asked with ANEOS_LIVE=1 only: whether they still answer in the forms that the adapters know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aneos.archives import Archives, NotFound

pytestmark = pytest.mark.live


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Archives]:
    async with Archives(tmp_path) as archives:
        yield archives


async def test_sbdb(real: Archives) -> None:
    apophis = await real.sbdb.object("99942")
    assert apophis.covariance is not None
    assert len(await real.sbdb.near_earth_asteroids()) > 40_000


async def test_close_approaches(real: Archives) -> None:
    table = (await real.close_approaches.of("99942")).table
    assert table["distance_au"].min() < 0.001  # type: ignore[operator]


async def test_horizons(real: Archives) -> None:
    assert (await real.horizons.vectors("99942", [2461000.5])).position_au.shape == (1, 3)
    assert (await real.horizons.elements("99942", [2461000.5])).elements.e[0] == pytest.approx(
        0.1912, abs=1e-3
    )


async def test_sentry_and_scout(real: Archives) -> None:
    assert len(await real.sentry.summary()) > 100
    with pytest.raises(NotFound):
        await real.sentry.object("99942")
    await real.scout.summary()


async def test_mpc(real: Archives) -> None:
    assert len(await real.mpc.near_earth_asteroids()) > 40_000
    orbit = await real.mpc.orbit("99942")
    await real.mpc.observations("99942", at_least=orbit.n_observations)
    assert (await real.mpc.identify(["Apophis"]))["Apophis"].number == "99942"
    await real.mpc.neocp()


async def test_neodys(real: Archives) -> None:
    assert (await real.neodys.orbit("99942")).covariance.labels[0] == "a_au"
    with pytest.raises(NotFound):
        await real.neodys.orbit("1999 XX999")
