"""Check: are the detection models there, and are they those that their cards describe?

Reads: the model files, and the card (JSON) beside each, key "sha256". Writes: nothing.
Never: loads a model.
"""

import hashlib
from pathlib import Path

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.errors import ModelError
from appliance.parsing.small_file import read_small_file
from appliance.settings import Settings
from appliance.status import model_files
from appliance.status.model_files import MOST_JSON_BYTES, ModelFile
from appliance.store.store import Store
from appliance.strict_json import InputError, parse_object

NAME = "model"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if damage := model_files.find_damage(settings):
        return Finding(NAME, str(damage), ok=False)
    checked: dict[Path, Finding] = {}
    for where, ref in model_files.list_references(settings).items():
        try:
            found = model_files.find_model(settings, ref)
        except ModelError as error:
            return Finding(NAME, f"{where}: {error}", f"correct it in {settings.path}", ok=False)
        if found.path not in checked:
            checked[found.path] = check_model(found, settings)
    wrong = [one for one in checked.values() if not one.ok]
    return (
        wrong[0] if wrong else Finding(NAME, "; ".join(f.text for f in checked.values()), ok=True)
    )


def check_model(file: ModelFile, settings: Settings) -> Finding:
    """One model and its card."""
    model, card = file.path, file.card
    if not model.is_file():
        advice = f"copy it there, or correct `model` in {settings.path}"
        return Finding(NAME, f"there is no model {model}", advice, ok=False)
    try:
        expected = parse_object(read_small_file(card, MOST_JSON_BYTES), most_bytes=MOST_JSON_BYTES)[
            "sha256"
        ]
    except (OSError, InputError, KeyError) as error:
        advice = "install the model again, with its card"
        return Finding(NAME, f"the card {card} cannot be read: {error!r}", advice, ok=False)
    with model.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Finding(
        NAME,
        f"{model.name}, {file.origin}, sha256 {digest[:12]}, "
        f"{'as' if digest == expected else 'not as'} its card",
        "the file or its card was changed: install both again",
        ok=digest == expected,
    )
