"""Learning: features, models, training, calibration, the registry of models, explanation, drift.

In: a catalogue table and the simulated population. Out: a trained model; for an object a probability, p-values
and the reasons. The learned classifier judges the orbit; size, area-to-mass ratio and identity stay with their own
lines of evidence, so that nothing is counted twice.
"""

from aneos.learning.drift import drift
from aneos.learning.model import ModelInfo, TrainedModel
from aneos.learning.prediction import Explanation, explain, feature_table, predict
from aneos.learning.registry import activate, champion, find, list_models, load_model, save_model
from aneos.learning.training import train

__all__ = [
    "Explanation",
    "ModelInfo",
    "TrainedModel",
    "activate",
    "champion",
    "drift",
    "explain",
    "feature_table",
    "find",
    "list_models",
    "load_model",
    "predict",
    "save_model",
    "train",
]
