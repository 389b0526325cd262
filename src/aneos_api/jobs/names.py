"""Names of tasks that others queue, without what the tasks need."""

from __future__ import annotations

from typing import Final

SCREEN_CATALOGUE: Final = "screen_catalogue"
SYNC_CATALOGUE: Final = "sync_catalogue"
TRAIN: Final = "train_model"
MEASURE_DRIFT: Final = "measure_drift"
MEASURE_DRIFT_S: Final = 86_400.0
DRIFT_METRIC: Final = "model_drift_psi"
