"""The picture's columns against the numbers that they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from aneos_api.dashboard.picture import INCLINATION_DECADES, SPEED_DECADES, STEPS, UNKNOWN, encode
from tests.dashboard.conftest import Site


@pytest.mark.parametrize("decades", [SPEED_DECADES, INCLINATION_DECADES])
def test_a_value_comes_back_within_a_step_of_the_scale(decades: tuple[float, float]) -> None:
    values = np.geomspace(10.0 ** decades[0], 10.0 ** decades[1], 1001)
    low, high = decades
    back = 10.0 ** (low + encode(values, decades) / STEPS * (high - low))
    np.testing.assert_allclose(back, values, rtol=2e-4)


def test_unknown_and_zero_are_marked() -> None:
    assert encode(np.array([np.nan, 0.0, -1.0, np.inf]), SPEED_DECADES).tolist() == [UNKNOWN] * 4


def test_the_columns_stand_in_rank_order_and_agree_with_the_api(site: Site) -> None:
    reply = site.get("/dashboard/points", "viewer")
    total = site.get("/api/v1/analysis/statistics", "viewer").json()["objects"]
    columns = np.frombuffer(reply.content, dtype=np.uint8)
    assert columns.size == 5 * total
    low, high = SPEED_DECADES
    codes = columns[:total].astype(np.uint16) + 256 * columns[total : 2 * total].astype(np.uint16)
    speed = 10.0 ** (low + codes / STEPS * (high - low))
    for item in site.get("/api/v1/analysis/watchlist?limit=200", "viewer").json()["items"]:
        assert speed[item["rank"] - 1] == pytest.approx(item["v_encounter_kms"], rel=2e-4)


def test_the_same_screen_is_not_sent_twice(site: Site) -> None:
    etag = site.get("/dashboard/points", "viewer").headers["etag"]
    assert site.get("/dashboard/points", "viewer", **{"if-none-match": etag}).status_code == 304
