"""What was computed once for the same inputs by the same code, kept in build/bench/energy-cache.

    optimum = load_or_compute("clairvoyant", (case_key, ...), lambda: find_optimum(...))

Reads and writes: build/bench/energy-cache. A file's name is the hash of the inputs and of the
source of the modules in `SOURCES`; it is never changed, only superseded. What the unit's own code
does is not kept: that is what is measured.
Never: returns a result of other inputs or of other code, or of a file that is damaged.
"""

import hashlib
import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

ROOT = Path(__file__).parent.parent.parent.parent
CACHE = ROOT / "build/bench/energy-cache"
HERE = "tests/bench/energy"
PLANT = (f"{HERE}/plant.py", f"{HERE}/cases.py", f"{HERE}/score.py", f"{HERE}/cache.py")
RULES = (*PLANT, f"{HERE}/rule.py", f"{HERE}/baselines.py", f"{HERE}/peers.py")
SOURCES = {
    "clairvoyant": (*PLANT, f"{HERE}/clairvoyant.py"),
    "rule": (*RULES, f"{HERE}/runs.py", "power/plan/clear_sky.py"),
    "tuning": (*RULES, f"{HERE}/tuning.py", "power/plan/clear_sky.py"),
}
Result = TypeVar("Result")


def load_or_compute(kind: str, inputs: tuple[Any, ...], compute: Callable[[], Result]) -> Result:
    """The kept result of `compute` for these inputs, or a new one. `kind` is one of `SOURCES`."""
    path = CACHE / f"{kind}-{make_key(kind, inputs)}.pickle"
    try:
        found: Result = pickle.loads(path.read_bytes())
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError):
        found = compute()
        CACHE.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}")  # several processes may make it at once
        half.write_bytes(pickle.dumps(found))
        half.replace(path)
    return found


def make_key(kind: str, inputs: tuple[Any, ...]) -> str:
    """The hash of inputs and code. Arrays count by their bytes, all else by its `repr`."""
    digest = hashlib.sha256(hash_sources(SOURCES[kind]))
    for one in inputs:
        is_array = isinstance(one, np.ndarray)
        digest.update(np.ascontiguousarray(one).tobytes() if is_array else repr(one).encode())
        digest.update(b"|")
    return digest.hexdigest()[:24]


@cache
def hash_sources(paths: tuple[str, ...]) -> bytes:
    """The hash of these files of the repository."""
    return hashlib.sha256(b"|".join((ROOT / path).read_bytes() for path in paths)).digest()
