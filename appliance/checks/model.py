"""Check: is the detection model there, and is it the one that its card describes?

Reads: the model file, and the card (JSON) beside it, key "sha256". Writes: nothing.
Never: loads the model.
"""

import hashlib
import json

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store import Store

NAME = "model"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    model = settings.inference.model
    card = model.with_suffix(".json")
    if not model.is_file():
        advice = f"copy it there, or mend `model` in {settings.path}"
        return Finding(NAME, False, f"there is no model {model}", advice)
    try:
        expected = json.loads(card.read_text())["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        advice = "install the model again, with its card"
        return Finding(NAME, False, f"the card {card} cannot be read: {error!r}", advice)
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Finding(
        NAME,
        digest == expected,
        f"{model.name}, sha256 {digest[:12]}, {'as' if digest == expected else 'not as'} its card",
        "the file or its card was changed: install both again",
    )
