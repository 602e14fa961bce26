"""The trial of one model in a process of its own: `python -m inference.model_store.trial`.

Reads: a model and its card, named on the command line. Writes: one line of JSON to standard output.
Never: runs without its limits of memory and time, and never writes a file: a model that is a bomb
ends this process and nothing else.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.wording.sentence import say
from appliance.wording.sentence_data import encode_sentence
from inference.detection.model_card import ModelCard, compute_digest, read_card, require_digest
from inference.model_store.limits import set_limits


def run_trial(model: Path, card: ModelCard) -> dict[str, Any]:
    """The answer for the parent; raises `ModelError` where the model is refused."""
    from inference.model_store.safety import check_model  # noqa: PLC0415  (after the limits)

    require_digest(model, compute_digest(model), card)
    data = model.read_bytes()
    return {"licences": check_model(data, card), **run_once(data, card)}


def run_once(data: bytes, card: ModelCard) -> dict[str, Any]:
    """Load it as the unit would, on the CPU, and run it on one black picture."""
    import numpy as np  # noqa: PLC0415

    from inference.detection.tensors import make_feed, require_outputs  # noqa: PLC0415
    from inference.model_store import running  # noqa: PLC0415
    from inference.model_store.card_making import guessing  # noqa: PLC0415

    started = time.monotonic()
    # Two at once where any number may come: the claim is tried.
    entry = card.input
    black = np.zeros((card.batch or 2, 3, entry.height, entry.width), np.float32)
    session = running.load(data)
    loaded = time.monotonic()
    outputs = running.run(session, make_feed(black, card))
    require_outputs(outputs, replace(card, batch=len(black)), card.name)
    took = {"load_s": loaded - started, "frame_s": time.monotonic() - loaded}
    return took | {"remark": guessing.remark(session, card)}


TOO_LARGE = say("needs more memory than a model may have here; choose a smaller one")


def main() -> None:
    model, card, memory_bytes, cpu_s = sys.argv[1:]
    set_limits(int(memory_bytes), int(cpu_s))
    try:
        answer = run_trial(Path(model), read_card(Path(card)))
    except (ModelError, OSError) as error:
        answer = {"refused": encode_sentence(str(error))}
    except (MemoryError, RecursionError):
        answer = {"refused": encode_sentence(TOO_LARGE)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
