"""Check: can the settings file be read and used as it now stands?

Reads: the settings file, afresh. Writes: nothing.
Never: says that the running services use it; they read it at their start.
"""

from appliance import settings_file
from appliance.checks import Finding
from appliance.clock import Clock
from appliance.errors import SettingsError
from appliance.log import redact
from appliance.process import settings_checks
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.wording.counts import format_count

NAME = "settings"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    try:
        file = settings.path
        fresh = settings_file.build_strictly(file, settings_file.read_file(file))
        findings = settings_checks.find_all(fresh)
        settings_checks.refuse(fresh, findings)
    except SettingsError as error:
        advice = "`unitctl settings --check FILE` checks a file before it is used"
        return Finding(NAME, redact(str(error)), advice, ok=False)
    warnings = "".join(f"; warning: {redact(one.format(fresh))}" for one in findings)
    text = f"{settings.path} is valid, {format_count(len(fresh.camera), 'camera')}{warnings}"
    return Finding(NAME, text, ok=True)
