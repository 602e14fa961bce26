"""Bytes as a settings file: valid, or refused in one sentence; then the checks of all packages.

Reads: bytes. Writes: one small file in a directory of its own.
Never: lets anything but `SettingsError` pass.
"""

import tempfile
from pathlib import Path

from appliance import settings_file
from appliance.actuators import switch
from appliance.errors import SettingsError
from appliance.settings_text import format_settings
from power import settings_check as power_check
from sensors.camera import settings_check as camera_check

PATH = Path(tempfile.mkdtemp()) / "unit.toml"
CHECKS = (power_check.check, camera_check.check, switch.check_settings)


def run_input(data: bytes) -> None:
    """One execution."""
    PATH.write_bytes(data)
    try:
        settings = settings_file.load_settings(PATH)
    except SettingsError:
        return
    for check in CHECKS:
        for finding in check(settings):
            assert finding.format(settings)
    PATH.write_text(format_settings(settings))
    assert settings_file.load_settings(PATH) == settings
