"""The registry of models: content-addressed folders, and which of them answers.

A model is a folder named by the hash of what is in it: ``model.json`` (its papers), ``booster-k.txt`` (LightGBM's own
text), ``ensemble.skops`` (scikit-learn estimators, loaded by type names that are listed here, never by pickle) and
``reference.npz`` (arrays only). A folder whose bytes do not give its name is refused. The stage is no part of the
content: ``stages.json`` beside the folders holds it. Models of one's own lie in the user's data folder
(``ANEOS_MODELS`` says where), those that ship in the package; a stage set by the user overrides the shipped one.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import skops.io

from aneos.errors import InputError, MissingResourceError
from aneos.learning.calibration import BetaCalibration
from aneos.learning.detectors import BoostedDetector
from aneos.learning.ensemble import AnomalyEnsemble
from aneos.learning.model import STAGES, ModelInfo, TrainedModel, check_features

SHIPPED: Final = Path(__file__).with_name("data") / "models"
ID_LENGTH: Final = 16

TRUSTED: Final = (
    *(
        f"aneos.learning.detectors.{name}"
        for name in ("ForestDetector", "SvmDetector", "AutoencoderDetector", "DensityDetector")
    ),
    "numpy.dtype",
    "sklearn.linear_model._sgd_fast.Hinge",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)
"""Types beyond skops' own list that a stored ensemble may hold."""


def models_dir() -> Path:
    """Folder of the user's own models: ``ANEOS_MODELS``, else ``models`` in the user's data folder of aneos."""
    if given := os.environ.get("ANEOS_MODELS"):
        return Path(given)
    if given := os.environ.get("ANEOS_DATA"):
        return Path(given) / "aneos" / "models"
    base = os.environ.get("XDG_DATA_HOME", "")
    root = Path(base) if os.path.isabs(base) else Path.home() / ".local" / "share"
    return root / "aneos" / "models"


def list_models() -> tuple[ModelInfo, ...]:
    """Every model, the champion first, then the newest; papers only, nothing is loaded."""
    found = {path.name: _papers(path) for root in _roots() for path in _folders(root)}
    stages = _stages()
    infos = [replace(info, stage=stages.get(info.id, info.stage)) for info in found.values()]
    newest = sorted(infos, key=lambda info: (info.created, info.id), reverse=True)
    return tuple(
        sorted(newest, key=lambda info: STAGES.index(info.stage) if info.stage != "candidate" else 1.5)
    )


def champion() -> ModelInfo:
    """The model that answers where none is named. Raises MissingResourceError where there is none."""
    for info in list_models():
        if info.stage == "champion":
            return info
    raise MissingResourceError(
        f"no model is active in {models_dir()} or the package: run aneos train --activate"
    )


def load_model(model_id: str | None = None) -> TrainedModel:
    """A model by its id (or the unique beginning of one), the champion by default; kept in memory.

    Raises InputError for an unknown or ambiguous id, MissingResourceError where a folder was altered.
    """
    info = champion() if model_id is None else find(model_id)
    return replace(_load(_folder(info.id)), info=info)


def find(model_id: str) -> ModelInfo:
    """The papers of a model by its id or the unique beginning of one (4 characters at least)."""
    found = [info for info in list_models() if info.id.startswith(model_id)] if len(model_id) >= 4 else []
    if len(found) != 1:
        problem = "is ambiguous" if found else "is not in the registry"
        raise InputError(
            f"model {model_id!r} {problem}; aneos models list shows what there is", source="model"
        )
    return found[0]


def save_model(model: TrainedModel, root: Path | None = None, *, stage: str = "candidate") -> ModelInfo:
    """Store a model under the hash of its content and return its papers; the same content is stored once."""
    root = models_dir() if root is None else root
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as temporary:
        folder = Path(temporary) / "model"
        folder.mkdir()
        for number, booster in enumerate(model.boosters):
            (folder / f"booster-{number}.txt").write_text(booster.to_text(), encoding="utf-8")
        skops.io.dump(dict(model.ensemble.members), folder / "ensemble.skops", compression=8, compresslevel=9)
        names = np.array(sorted(model.training_names))
        arrays: dict[str, Any] = {
            "natural_score": model.natural_score,
            "combined": model.ensemble.combined,
            "quantiles": model.reference,
            "missing": model.reference_missing,
            "training_names": names,
        }
        arrays |= {f"held_out_{name}": scores for name, scores in model.ensemble.held_out.items()}
        np.savez_compressed(folder / "reference.npz", allow_pickle=False, **arrays)
        papers = model.info.to_dict()
        for volatile in ("id", "stage"):
            del papers[volatile]
        text = json.dumps(papers, sort_keys=True, indent=1, ensure_ascii=False)
        (folder / "model.json").write_text(text + "\n", encoding="utf-8")
        name = _hash(folder)
        if not (root / name).exists():
            folder.rename(root / name)
    set_stage(name, stage, root)
    return find_in(root, name)


def set_stage(model_id: str, stage: str, root: Path | None = None) -> None:
    """Set the stage of a model; a new champion retires the one before."""
    if stage not in STAGES:
        raise InputError(f"there is no stage {stage!r}; there are {', '.join(STAGES)}", source="stage")
    root = models_dir() if root is None else root
    root.mkdir(parents=True, exist_ok=True)
    stages = _stages(root)
    if stage == "champion":
        for other, was in (_stages() | stages).items():
            if was == "champion" and other != model_id:
                stages[other] = "retired"
    stages[model_id] = stage
    path = root / "stages.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(stages, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def activate(model_id: str) -> ModelInfo:
    """Make a model the champion; the one before is retired. Raises InputError for an unknown id."""
    info = find(model_id)
    set_stage(info.id, "champion")
    return replace(info, stage="champion")


def find_in(root: Path, name: str) -> ModelInfo:
    """The papers of one folder, with the stage that this root gives it."""
    return replace(_papers(root / name), stage=_stages(root).get(name, "candidate"))


def _roots() -> tuple[Path, ...]:
    return SHIPPED, models_dir()


def _folders(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from sorted(
            path.parent for path in root.glob("*/model.json") if not path.parent.name.startswith(".")
        )


def _folder(name: str) -> Path:
    for root in _roots():
        if (root / name / "model.json").exists():
            return root / name
    raise MissingResourceError(f"model {name} is gone from {models_dir()}")


def _stages(root: Path | None = None) -> dict[str, str]:
    stages: dict[str, str] = {}
    for place in _roots() if root is None else (root,):
        path = place / "stages.json"
        if path.exists():
            stages |= json.loads(path.read_text(encoding="utf-8"))
    return stages


def _papers(folder: Path) -> ModelInfo:
    try:
        held: Mapping[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return ModelInfo(id=folder.name, stage="candidate", **{**held, "features": tuple(held["features"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise MissingResourceError(f"{folder}: the papers of this model cannot be read ({error})") from error


@lru_cache(maxsize=4)
def _load(folder: Path) -> TrainedModel:
    if _hash(folder) != folder.name:
        raise MissingResourceError(
            f"{folder}: the content does not give this name; it was altered, train again"
        )
    info = _papers(folder)
    check_features(info.features)
    boosters = [
        BoostedDetector.from_text((folder / f"booster-{number}.txt").read_text(encoding="utf-8"))
        for number in range(int(info.parameters["folds"]))
    ]
    members = skops.io.load(folder / "ensemble.skops", trusted=_allowed(folder / "ensemble.skops"))
    with np.load(folder / "reference.npz", allow_pickle=False) as arrays:
        held = {name: arrays[f"held_out_{name}"] for name in members}
        return TrainedModel(
            info,
            boosters,
            BetaCalibration(**info.calibration),
            AnomalyEnsemble(members, held, arrays["combined"]),
            arrays["natural_score"],
            arrays["quantiles"],
            arrays["missing"],
            frozenset(arrays["training_names"].tolist()),
        )


def _allowed(path: Path) -> list[str]:
    """The types that a stored ensemble needs. Raises MissingResourceError for any that is not listed."""
    needed = skops.io.get_untrusted_types(file=path)
    foreign = [name for name in needed if name not in TRUSTED]
    if foreign:
        raise MissingResourceError(f"{path}: holds types that no model of aneos has: {', '.join(foreign)}")
    return list(needed)


def _hash(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        content = hashlib.sha256(_content(path)).hexdigest()
        whole.update(f"{path.name} {content}\n".encode())
    return whole.hexdigest()[:ID_LENGTH]


def _content(path: Path) -> bytes:
    return path.read_bytes()
