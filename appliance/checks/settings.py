"""Check: can the settings file be read and used as it now stands?

Reads: the settings file, afresh. Writes: nothing.
Never: says that the running services use it; they read it at their start.
"""

from appliance import settings_file
from appliance.checks import Finding
from appliance.clock import Clock
from appliance.errors import SettingsError
from appliance.settings import Settings
from appliance.store.store import Store

NAME = "settings"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    try:
        fresh = settings_file.load_settings(settings.path)
    except SettingsError as error:
        advice = "`unitctl settings --check FILE` checks a file before it is used"
        return Finding(NAME, str(error), advice, ok=False)
    return Finding(NAME, f"{settings.path} is valid, {len(fresh.camera)} cameras", ok=True)
