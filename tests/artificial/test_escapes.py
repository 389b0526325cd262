"""The simulated population: seeded, resumable, and physically what the launches allow."""

from pathlib import Path

import numpy as np
import pytest
from dask import distributed

from aneos.artificial import escapes
from aneos.artificial.escapes import LAGRANGE_KM, Recipe, draw, draw_leak, simulate
from aneos.artificial.launches import load_launches
from aneos.constants import AU_KM, DAY_S, GM_EARTH_KM3_S2
from aneos.dynamics import body_states
from aneos.errors import InputError

RECIPE = Recipe(n=6, seed=3)


def test_the_same_seed_draws_the_same_object() -> None:
    first, again = (draw(load_launches(), 7, 11) for _ in range(2))
    assert first.launch == again.launch
    assert np.array_equal(first.position_au, again.position_au)
    assert draw(load_launches(), 8, 11).H != first.H


def test_an_interplanetary_launch_leaves_with_its_published_energy() -> None:
    launches = [item for item in load_launches() if item.launch == "2018-080"]
    drawn = draw(launches, 1, 0)
    earth, velocity = body_states("Earth", drawn.epoch_tdb_jd)
    distance = np.linalg.norm(drawn.position_au - earth[0]) * AU_KM
    speed = np.linalg.norm(drawn.velocity_au_d - velocity[0]) * AU_KM / DAY_S
    assert speed**2 - 2.0 * GM_EARTH_KM3_S2 / distance == pytest.approx(launches[0].c3_km2s2, rel=0.15)


def test_a_venus_probe_leaves_against_the_motion_of_the_earth() -> None:
    launches = [item for item in load_launches() if item.launch == "2018-080"]
    drawn = [draw(launches, 1, k) for k in range(10)]
    for item in drawn:
        _, velocity = body_states("Earth", item.epoch_tdb_jd)
        assert np.dot(item.velocity_au_d - velocity[0], velocity[0]) < 0.0


def test_chunks_resume_and_give_the_same_population(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escapes, "CHUNK", 3)
    whole = simulate(RECIPE, tmp_path / "one")
    (tmp_path / "one" / "chunk-0000003.parquet").unlink()
    assert simulate(RECIPE, tmp_path / "one").equals(whole)
    assert set(whole["fate"]) <= {"escaped", "bound", "struck Earth", "struck Moon", "struck other", "failed"}
    assert whole.filter(whole["fate"] == "escaped")["a_au"].is_finite().all()


def test_a_folder_of_another_recipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text("{}")
    with pytest.raises(InputError, match="another recipe"):
        simulate(RECIPE, tmp_path)


def test_an_empty_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one object"):
        simulate(Recipe(n=0, seed=1), tmp_path)


def test_a_leak_starts_at_a_lagrange_region_after_its_launch() -> None:
    before = 2_460_800.5
    drawn = [draw_leak(load_launches(), 5, k, before) for k in range(50)]
    for item in drawn:
        earth, _ = body_states("Earth", item.epoch_tdb_jd)
        distance = np.linalg.norm(item.position_au - earth[0]) * AU_KM
        assert distance == pytest.approx(LAGRANGE_KM, rel=0.6)
        assert item.launch_jd + 30.0 <= item.epoch_tdb_jd <= before
        assert item.regime == "leak"


def test_most_of_what_leaks_is_slow(tmp_path: Path) -> None:
    out = simulate(Recipe(n=24, seed=2, kind="leaks"), tmp_path)
    gone = out.filter(out["fate"] == "escaped")
    assert gone.height >= 6
    assert gone["e"].max() < 0.15
    assert gone["i_deg"].max() < 1.5
    assert set(out["regime"]) == {"leak"}


def test_no_leak_without_an_old_enough_launch() -> None:
    with pytest.raises(InputError, match="old enough"):
        draw_leak(load_launches(), 1, 0, 2_436_000.0)


def test_dask_computes_the_same_population(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escapes, "CHUNK", 3)
    local = simulate(RECIPE, tmp_path / "local")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, protocol="inproc"
    ) as cluster:
        far = simulate(RECIPE, tmp_path / "far", executor="dask", scheduler=cluster.scheduler_address)
    assert far.equals(local)


def test_an_unknown_executor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no executor"):
        simulate(RECIPE, tmp_path, executor="cloud")  # type: ignore[arg-type]
