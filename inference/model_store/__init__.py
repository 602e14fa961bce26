"""The models of this unit: found by name, kept by digest, examined before anything runs them.

Reads: models and their cards. Writes: the directory `models` below the data directory, by
`unitctl models` alone.
Never: imports `onnx` in a process that stays: a child examines (trial.py), its verdict is kept.
"""

from inference.model_store.costs import ModelCost
from inference.model_store.store import ModelStore, StoredModel

__all__ = ["ModelCost", "ModelStore", "StoredModel"]
