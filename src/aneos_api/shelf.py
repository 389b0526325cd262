"""The shelf of trained models: which there are, told to the database without loading any.

A model is a folder named by the hash of its content (see ``aneos.learning.registry``): those that ship with aNEOS, and
those in ``ANEOS_MODELS``. Only their papers are read here, since the learning libraries take seconds and 120 MB.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from aneos_api.database.database import Database
from aneos_api.database.models import ModelVersion
from aneos_api.database.unit import Work
from aneos_api.errors import Conflict
from aneos_api.settings import Settings

ALGORITHM: Final = "LightGBM boosting, calibrated; anomaly ensemble"
MODELS: Final = "ANEOS_MODELS"


@dataclass(frozen=True, slots=True)
class Papers:
    """What ``model.json`` says, the folder's name, and the stage that its shelf gives it."""

    id: str
    stage: str
    content: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.content["name"])


def use_models_of(settings: Settings) -> None:
    """Let this process keep models in the data folder, unless ``ANEOS_MODELS`` names another."""
    os.environ.setdefault(MODELS, str(settings.data_dir / "models"))


def papers() -> list[Papers]:
    """Every readable model of both shelves; a stage on the own shelf overrides the shipped one."""
    found: dict[str, Papers] = {}
    stages: dict[str, str] = {}
    for shelf in _shelves():
        stages |= _read(shelf / "stages.json") or {}
        for path in sorted(shelf.glob("[0-9a-f]*/model.json")):
            content = _read(path)
            if content is not None and "name" in content:
                found[path.parent.name] = Papers(path.parent.name, "candidate", content)
    return [Papers(one.id, stages.get(one.id, "candidate"), one.content) for one in found.values()]


async def adopt(database: Database) -> int:
    """Tell the database of models that it does not know yet; how many. Where none answers, or one that lies on no
    shelf any more, the champion does."""
    shelved = papers()
    if not shelved:
        return 0
    async with database.read(fresh=True) as work:
        known = await work.ml.versions()
    new = [one for one in shelved if (one.name, one.id) not in known]
    if not new:
        return 0
    try:
        async with database.write() as work:
            for one in new:
                row = await register(work, one)
                answering = await work.ml.champion(one.name)
                gone = answering is not None and answering.version not in {other.id for other in shelved}
                if one.stage == "champion" and gone:
                    await work.ml.activate(row.id)
    except Conflict:  # another process did it at the same moment
        return 0
    return len(new)


async def register(work: Work, one: Papers, **more: Any) -> ModelVersion:
    """One model into the database; it answers where its shelf says so and no other of its name does."""
    content = one.content
    row = await work.ml.register(
        name=one.name,
        version=one.id,
        algorithm=ALGORITHM,
        features=content["features"],
        parameters=content["parameters"],
        metrics=content["metrics"],
        training_data=content["data"] | {"seed": content["seed"], "created": content["created"]},
        reference={name: content[name] for name in ("calibration", "libraries", "curves") if name in content},
        artefact_path=one.id,
        **more,
    )
    if one.stage == "champion" and await work.ml.champion(one.name) is None:
        await work.ml.activate(row.id)
    return row


def _shelves() -> list[Path]:
    shipped = Path(str(files("aneos"))) / "learning" / "data" / "models"
    own = os.environ.get(MODELS)
    return [shipped] if own is None else [shipped, Path(own)]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
