"""The settings of a release below the technician's file: whatever they are, the unit has settings.

Reads: bytes; up to the first zero byte they are the technician's file, behind it the release's.
Writes: two small files in a directory of its own.
Never: lets anything but `SettingsError` pass, or a release take settings from a unit that had them.
"""

import tempfile
from pathlib import Path

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.settings import Settings

HOME = Path(tempfile.mkdtemp())
PATH = HOME / "unit.toml"
LAYER = HOME / "ota/pointers/settings/current/settings.toml"
LAYER.parent.mkdir(parents=True)


def run_input(data: bytes) -> None:
    """One execution."""
    own, _, layer = data.partition(b"\0")
    LAYER.write_bytes(layer)
    alone = load(b'[update]\ndir = "nowhere"\n' + own)
    both = load(b'[update]\ndir = "ota"\n' + own)
    assert alone is None or both is not None, "a release took the settings of the unit"
    if alone and both:
        assert both.unit.name == alone.unit.name
        assert both.unit.data_dir == alone.unit.data_dir
        assert both.update.dir == HOME / "ota"


def load(own: bytes) -> Settings | None:
    PATH.write_bytes(own)
    try:
        return settings_file.load_settings(PATH)
    except SettingsError:
        return None
