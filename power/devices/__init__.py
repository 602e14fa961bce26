"""The charge controllers that this unit knows, by the name used in the settings.

Reads and writes: nothing. A new controller is a new file of rows here and a line in PROFILES.
Never: guesses a model; an unknown name is a `SettingsError` that names the nearest known one.
"""

import difflib

from appliance.errors import SettingsError
from power.devices import epever
from power.profile import Profile

PROFILES: dict[str, Profile] = {**epever.MODELS}


def profile(model: str) -> Profile:
    """The profile of that model; raise `SettingsError` where there is none."""
    if model in PROFILES:
        return PROFILES[model]
    near = difflib.get_close_matches(model, PROFILES, n=1, cutoff=0.4)
    advice = f"did you mean {near[0]!r}? " if near else ""
    raise SettingsError(
        f"charger.model {model!r} is not a known charge controller; "
        f"{advice}known: {', '.join(sorted(PROFILES))}"
    )
