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

WORDS = ("models", "list")
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
    return {name: value for name, value in model.items() if name not in HIDDEN}
