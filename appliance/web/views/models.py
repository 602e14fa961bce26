"""The detection models: which there are, who uses them, what they cost, licence, labels, trial.

Reads: the answer of `unitctl models list`. Writes: nothing.
Never: chooses, adds or removes a model: `unitctl models` does.
"""

from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from appliance.log import redact_all
from appliance.settings import Settings
from appliance.web.calculations import Calculations
from appliance.wording.sentence import as_sentence

WORDS = ("models", "list")
SAID = ("origin", "energy_is", "trial")  # the command says them in English
HIDDEN = ("path",)  # of the unit's own disk


def add_models(app: Flask, settings: Settings) -> None:
    """`/api/models`."""
    calculations = Calculations(settings.path)

    @app.get("/api/models")
    def models() -> ResponseReturnValue:
        found = [strip(one) for one in calculations.ask(WORDS)]
        return jsonify(models=redact_all(found))


def strip(model: dict[str, Any]) -> dict[str, Any]:
    """What people read of it."""
    return {
        name: as_sentence(value) if name in SAID and isinstance(value, str) else value
        for name, value in model.items()
        if name not in HIDDEN
    }
