"""Limits of a model: sizes of files, memory and time of its trial.

Reads and writes: nothing.
Never: is a setting: a model that needs more should not run on this unit.
"""

import os
import resource
from dataclasses import dataclass

MIB = 2**20
MOST_MODEL_BYTES = 256 * MIB
MOST_TENSOR_BYTES = 256 * MIB  # one tensor that the graph declares; a picture of 640 has 13 MiB
MOST_PACK_MEMBERS = 8
MOST_TEXT_BYTES = MIB  # a card, or a text beside it


@dataclass(frozen=True, slots=True)
class TrialLimits:
    """The bounds of the child that examines a model.

    `memory_bytes` is address space: Python, onnx and ONNX Runtime take 0.4 GiB of it before they
    see a model. `cpu_s` is processor time, 1 to 2 s of which are imports.
    """

    memory_bytes: int = 3 * 1024 * MIB
    cpu_s: int = 60
    wall_s: float = 180.0


LIMITS = TrialLimits()
GUESSING = TrialLimits(cpu_s=300, wall_s=540.0)  # a card is made: some ten runs


def set_limits(memory_bytes: int, cpu_s: int) -> None:
    """Limit address space and processor time from here on; no core dump, no file written."""
    # One thread each: NumPy's library else takes address space for every core of the machine.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
