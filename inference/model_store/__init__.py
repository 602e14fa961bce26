"""The models of this unit: found by name, stored by digest, examined before anything runs them.

Reads: models and their cards. Writes: the directory `models` below the data directory, by
`unitctl models` alone.
Never: imports `onnx` in a process that stays: a child examines (trial.py), its result is stored.

    store = ModelStore(settings)
    model = store.find(store.find_active())     # StoredModel: path, card; raises ModelError
    cost = store.find_cost(model.digest, "CPUExecutionProvider")

    store.py       the store as services see it; costs.py: measured costs (bench.json)
    changes.py     add, remove, use, verify: what `unitctl models` (actions.py) changes
    intake.py      copies a model or a pack in; directories.py: its directories
    card_making/   the card of a model that has none
    examine.py     runs the child trial.py, which uses safety.py and running.py, within limits.py
    licences.py    which licences the owner allows
    bench.py       measures a model, with meters.py on the machine of machine.py
"""

from inference.model_store.costs import ModelCost
from inference.model_store.store import ModelStore, StoredModel

__all__ = ["ModelCost", "ModelStore", "StoredModel"]
