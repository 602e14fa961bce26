"""Settings for what must go on whatever the file holds: the guard's copy, else the usual ones.

    chosen = choose_or_usual(path)

Reads: the settings file, the guard's copy. Writes: nothing.
Never: raises for a file that is wrong.
"""

from pathlib import Path

from appliance.errors import SettingsError
from appliance.process.kept_settings import ChosenSettings, choose_settings
from appliance.settings import Settings

GUARD = "power"


def choose_or_usual(path: Path | None) -> ChosenSettings:
    """Those of the file, else the guard's copy, else none but the usual."""
    try:
        return choose_settings(path, GUARD, lambda _: ())
    except SettingsError as error:
        return ChosenSettings(Settings(), refused=error)
